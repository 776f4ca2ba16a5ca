// English: the master of all languages. One word per thing, as in docs/glossary.md.
export default {
  nav: {
    main: 'Pages', inbox: 'Inbox', queue: 'Queue', replay: 'Time travel', audit: 'Audit trail', settings: 'Settings',
    signOut: 'Sign out', language: 'Language', theme: 'Theme', account: 'Account: {name}, {status}', skip: 'Skip to the content',
  },
  theme: { system: 'As the system', light: 'Light', dark: 'Dark' },
  role: { agent: 'Agent', supervisor: 'Supervisor', admin: 'Administrator', auditor: 'Auditor', analyst: 'Analyst' },
  presence: { online: 'Online', busy: 'Busy', break: 'Break', training: 'Training', offline: 'Offline' },
  action: {
    retry: 'Try again', close: 'Close', cancel: 'Cancel', save: 'Save', open: 'Open', back: 'Back', edit: 'Edit', remove: 'Remove',
    add: 'Add', copy: 'Copy', copied: 'Copied', more: 'Show more', download: 'Download', refresh: 'Refresh',
  },
  state: {
    loading: 'Loading', failed: 'This could not be shown', noPermission: 'Not open to your role',
    noPermissionText: 'Ask an administrator if you need it.', missing: 'This server does not offer it yet', saved: 'Saved',
  },
  connection: {
    connecting: 'Connecting', live: 'Connected: changes are shown as they happen', lost: 'Connection lost, trying again',
    denied: 'Live changes are not open to your role', caughtUp: 'Caught up one event | Caught up {count} events',
  },
  signIn: {
    title: 'Sign in to the workbench', username: 'Username', password: 'Password', code: 'One-time code',
    codeHint: 'From your authenticator app, or a recovery code.', submit: 'Sign in', expired: 'Please sign in again',
    expiredText: 'Your sign-in has ended. What you wrote is still here and what was being sent waits.',
    other: 'Sign in as somebody else',
  },
  password: {
    title: 'Choose a password', first: 'Somebody else set the present one. Choose your own before you begin.', old: 'Present password',
    new: 'New password', hint: 'At least 10 characters. Four words are good.', submit: 'Change the password', done: 'The password is changed',
  },
  keys: {
    title: 'Keys', general: 'Everywhere', list: 'List', session: 'Session', composer: 'Writing', palette: 'Search and commands',
    sheet: 'Show all keys', next: 'Next session', previous: 'Previous session', mine: 'Show mine', queue: 'Show the queue',
    all: 'Show all', side: 'Show or hide the side pane', reply: 'Write a reply', note: 'Write a note',
    play: 'Play or pause', stepBack: 'One event back', stepOn: 'One event on', escalation: 'To the next escalation',
  },
  palette: {
    title: 'Commands', hint: 'Type a command, a page or a session', nothing: 'Nothing of that name', searching: 'Looking through all sessions', session: 'This session',
    page: 'Pages', open: 'Sessions', preference: 'Appearance',
  },
  list: {
    title: 'Sessions', views: 'Which sessions', mine: 'Mine', queue: 'Queue', all: 'All', me: 'Me', assistant: 'Assistant',
    nobody: 'Nobody', typing: '{name} is typing…', draft: 'Draft:', unread: 'one unread message | {count} unread messages',
    notes: 'one note | {count} notes', moved: 'One row waits to move | {count} rows wait to move', resize: 'Width of the list',
    waitingSince: 'Waiting since',
  },
  empty: {
    mine: 'Nothing is yours', mineText: 'Take a session over from the queue, or wait to be offered one.', queue: 'Nobody is waiting',
    queueText: 'Who asks for a person appears here.', all: 'No sessions yet', allText: 'They appear when customers write.',
    filtered: 'Nothing fits', filteredText: 'No session passes the filter.',
  },
  filter: {
    title: 'Filter and sort', keyword: 'Words in messages or names', sort: 'Order', status: 'Status', anyStatus: 'Any status',
    customer: 'Customer', anyCustomer: 'Any customer', priority: 'Priority', anyPriority: 'Any priority', rule: 'Rule',
    anyRule: 'Any rule', tag: 'Tag', from: 'From', to: 'To', reset: 'Reset',
  },
  sort: { newest: 'Newest first', oldest: 'Oldest first', vip: 'Priority first', waitTime: 'Waiting longest' },
  customer: { vip: 'VIP', old: 'Came before', new: 'New' },
  views: { title: 'Saved views', none: 'Keep this list and its filter under a name.', name: 'Name', save: 'Save the view', remove: 'Remove the view {name}' },
  status: {
    bot_active: 'Assistant', pending_manual: 'Waiting', manual_live: 'With an agent', after_hours_email: 'After hours', closed: 'Closed',
  },
  class: { danger: 'Danger', vip: 'VIP', urgent: 'Urgent', normal: 'Normal' },
  severity: { high: 'High severity', low: 'Low severity' },
  reason: {
    keyword: 'Words of the customer', fail_loop: 'The assistant could not help', sentiment: 'The customer is upset', vip: 'A VIP customer',
    manual: 'Asked for by hand',
  },
  rule: {
    R0: 'Danger', R1: 'Asks for a person', R2: 'Complaint or legal', R3: 'Assistant failed repeatedly', R4: 'It did not help',
    R5: 'Many answers, no end', R6: 'Assistant unsure', R7: 'Assistant hands over', R8: 'Assistant unreachable',
    R9: 'Content refused', R10: 'VIP', R11: 'Upset', R12: 'Listed customer', R13: 'Same question again', opening_time: 'Opening time',
  },
  language: { zh: 'Chinese', en: 'English', de: 'German', fr: 'French', es: 'Spanish', it: 'Italian' },
  thread: {
    title: 'Session', none: 'No session is open', noneText: 'Choose one from the list, or press J.', actions: 'What can be done',
    yours: 'Yours', owner: 'With {name}', assistantHas: 'The assistant answers', viewing: 'Also here: {names}', messages: 'Messages',
    erased: 'Erased', suggestions: 'Offered to the customer', withheld: 'Withheld: the customer did not get it',
    hidden: 'The customer no longer sees it', confidence: 'How sure the assistant was', answering: 'The assistant is writing',
    toEnd: 'To the newest', fresh: 'One new message | {count} new messages', loadingOlder: 'Loading older messages',
  },
  kind: { user: 'Customer', assistant: 'Assistant', agent: 'Agent', system: 'Told to the customer' },
  do: {
    takeover: 'Take over', steal: 'Take from them', transfer: 'Transfer', release: 'Release', return: 'Back to the queue',
    'cancel-escalation': 'Back to the assistant', close: 'Close', reopen: 'Reopen',
  },
  conflict: {
    watch: 'Watch', ask: 'Ask for it', asked: 'A note asks them for it.', note: '{\'@\'}{name} may I have this session?',
  },
  offer: {
    made: 'A session is offered to you.', transfer: 'A colleague asks you to take a session over.', accept: 'Accept', decline: 'Decline',
    from: '{name} asks you to take this over.', waiting: 'Waiting for {name} to accept.', withdraw: 'Withdraw',
  },
  transfer: {
    title: 'Transfer', text: 'Who should have it? They see everything that was said.', to: 'To', nobody: 'Nobody else is there.',
    group: 'Anybody with the skill “{name}”', reason: 'Reason, for staff alone', atOnce: 'At once, without asking', ask: 'Ask',
  },
  activity: {
    escalated: 'A person is needed: {rule}', escalation_cancelled: 'No person is needed any more', agent_took_over: '{name} took over',
    after_hours_notice_given: 'Outside working hours: the customer was told', transfer_requested: '{from} asks {to} to take over',
    transfer_declined: 'The transfer was declined', transfer_expired: 'Nobody answered the transfer', transfer_withdrawn: 'The transfer was withdrawn',
    transferred: '{from} handed over to {to}', released: '{name} gave it back to the assistant', returned_agent_lost: 'The connection of {name} was lost: back to the queue',
    returned_handed_back: '{name} put it back into the queue', returned_transferred: '{name} handed it to another group',
    closed_resolved: 'Closed: resolved', closed_customer_left: 'Closed by the customer', closed_idle: 'Closed: nobody wrote for long',
    reopened: 'Reopened', context_started: 'The assistant began anew', assistant_failed: 'The assistant failed',
    assistant_reply_withheld: 'An answer of the assistant was withheld', mail_requested: 'A mail to the team was requested',
    mail_sent: 'The mail to the team was sent', mail_failed: 'The mail to the team failed', priority_changed: 'Priority: {name}',
    tags_added: 'Tags added: {tags}', tags_removed: 'Tags removed: {tags}', rating_given: 'The customer gave {score} of 5',
  },
  note: {
    mentioned: '{name} names you in a note.',
    by: 'Note by {name}', edited: 'edited', edit: 'Edit the note', remove: 'Remove the note', removed: 'Removed',
    conflict: 'It was changed meanwhile.', theirs: 'Now', mine: 'What you wrote', takeTheirs: 'Keep theirs', keepMine: 'Save mine',
  },
  pending: { sending: 'Sending…', failed: 'Not sent:', back: 'Take back' },
  composer: {
    mode: 'What to write', reply: 'Reply', note: 'Note', replyLabel: 'Reply to {name}', noteLabel: 'Note, for staff alone',
    replyPlaceholder: 'Write to {name}. / for quick replies', plainPlaceholder: 'Write to {name}', notePlaceholder: 'For staff alone. {\'@\'} names a colleague',
    send: 'Send', sendHint: 'Enter sends, Shift+Enter is a new line', left: '{count} characters left', suggestions: 'Suggestions',
    missing: 'Not known here, please fill in: {names}', readOnly: 'You may read this session, not write in it.',
    locked_bot_active: 'The assistant has this session. Take it over to reply.', locked_pending_manual: 'The customer waits for a person.',
    locked_manual_live: '{name} has this session.', locked_after_hours_email: 'Outside working hours. Take it over to reply.',
    locked_closed: 'The session is closed.',
  },
  side: {
    title: 'About the session', resize: 'Width of the side pane', customer: 'Customer', escalation: 'Why a person is needed', priority: 'Priority',
    tags: 'Tags', notes: 'Notes', rating: 'Rating', sources: 'Sources of the answers', episodes: 'Earlier episodes', session: 'Session',
    customerId: 'Customer number', language: 'Language', firstSeen: 'First seen', sessions: 'Sessions', noEmail: 'No e-mail address',
    removeTag: 'Remove the tag {tag}', addTag: 'Add a tag', noNotes: 'No notes yet.', score: '{score} of 5 stars', notRated: 'Not yet rated; open until {until}.',
    noSources: 'The assistant named none.', noEpisodes: 'This is the first.', messages: 'one message | {count} messages',
  },
  problem: {
    UNREACHABLE: 'The server cannot be reached.', SERVER: 'The server could not do it. Try again in a moment.', OTHER: 'It was refused ({code}).',
    ALREADY_TAKEN: '{name} was faster and has this session.', NOT_THE_OWNER: '{name} has this session.',
    INVALID_STATUS: 'The session has moved on: this is no longer possible.', NOT_IN_MANUAL_MODE: 'No person has this session any more.',
    MANUAL_IN_PROGRESS: 'A person has this session.', TRANSFER_PENDING: 'Another transfer waits for its answer.',
    NO_TRANSFER: 'This transfer is over.', NOT_ASKED: 'Somebody else was asked.', PERMISSION_DENIED: 'Your role does not allow it.',
    CHANGED_MEANWHILE: 'It was changed meanwhile.', STALE_VERSION: 'Somebody published another version meanwhile.',
    VIEWS_UNAVAILABLE: 'The lists are not ready yet.', STORE_UNAVAILABLE: 'The log cannot be reached.', RATE_LIMITED: 'Too many requests. Wait a moment.',
    INVALID_CREDENTIALS: 'Username and password do not belong together.', UNAUTHORIZED: 'Please sign in again.',
    SECOND_FACTOR_REQUIRED: 'A one-time code is needed.', SECOND_FACTOR_WRONG: 'The code is wrong or was used.', NOT_FOUND: 'It is not there.',
    AGENT_EXISTS: 'Somebody has this username already; closed accounts keep theirs.', PASSWORD_INCORRECT: 'This is not the password.',
    OLD_PASSWORD_INCORRECT: 'This is not the password.', PASSWORD_SAME: 'Choose another one than before.',
  },
  queue: {
    title: 'Queue board', waiting: 'Waiting', live: 'With an agent', agents: 'Agents', longest: 'Longest wait', average: 'Average wait', nobody: 'Nobody',
    noLive: 'No agent has a session.', noAgents: 'No agent is online.', listen: 'Listen in', steal: 'Take', reassign: 'Reassign', offered: 'Offered to {name}',
    transferTo: 'Asked of {name}', load: '{current} of {max} sessions', since: 'since {time}', group: 'Group', readOnly: 'Supervisors can listen in, take and reassign.',
  },
  replay: {
    title: 'Time travel', choose: 'Choose a session', chooseText: 'Open a session and press the clock, or enter its name or id.', name: 'Name or id of a session',
    position: 'Event {index} of {total}', slider: 'Event', play: 'Play', pause: 'Pause', back: 'One event back', on: 'One event on', start: 'To the beginning',
    end: 'To the end', speed: 'Speed', escalation: 'To the next escalation', customer: 'What the customer saw', agent: 'What the agent saw', event: 'The event',
    state: 'State', owner: 'Owner', decision: 'Decision', noDecision: 'No person was wanted by then.', policyVersion: 'Policy version {version}', nothing: 'Nothing yet.',
    actor: 'By', recorded: 'Recorded', partly: 'seen in part', proof: 'Proof', proofText: 'A file that proves to outsiders what was recorded.', proofGet: 'Bring the proof file',
    proofNotYet: 'No signed note covers it yet.', proofSays: '{events} events, proved against the signed note of {size} events.', evidence: 'Evidence',
    loading: 'Reading the events', noEvents: 'The session has no events that you may see.',
  },
  settings: {
    team: 'Team', hours: 'Hours and holidays', policy: 'Policy', quickReplies: 'Quick replies', faq: 'FAQ', assistants: 'Assistants', apiKeys: 'API keys', profile: 'My profile', nav: 'Settings',
  },
  team: {
    text: 'Accounts, roles and skills.', add: 'Add a person', username: 'Username', name: 'Name', email: 'E-mail', role: 'Role', skills: 'Skills', skillsHint: 'Separated by commas',
    languages: 'Languages', max: 'Sessions at a time', password: 'First password', passwordHint: 'At least 10 characters; it has to be changed at the first sign-in.', status: 'Presence', closed: 'Closed',
    edit: 'Edit {name}', deactivate: 'Close the account', reactivate: 'Open it again', resetPassword: 'New password', resetFactor: 'Remove the second factor',
    newPassword: 'The new password, shown this once: {password}', confirmClose: 'Close the account of {name}? Their sessions go back to the queue.', lastSeen: 'Last seen', factor: 'Second factor',
  },
  versions: {
    title: 'Versions', version: 'Version {version}', inForce: 'in force', edit: 'Edit', document: 'Document', publish: 'Publish', reason: 'Why, for whoever reads the versions later', rollBack: 'Go back to this', builtIn: 'Built in',
    published: 'Version {version} is in force', stale: 'Version {version} was published meanwhile. Your text is kept; look at theirs first.', theirs: 'Load theirs', line: 'Line {line}', rolledBackTo: 'as version {version}',
    compare: 'Changed lines', readOnly: 'Administrators publish.', reload: 'Discard my changes',
  },
  policy: {
    text: 'When a person is called.', test: 'Try it on a text', testText: 'What a customer might write', run: 'Try', fires: '{rule} calls a person ({severity}, {class})', quiet: 'Nobody is called.', urgent: 'It raises the place in the queue.', draft: 'Tried with the document below, published or not.',
    signals: 'Signals', offers: 'A person is offered.',
  },
  hours: { text: 'When somebody of a group can be expected to answer.', now: 'Now', open: 'Open', closed: 'Closed', next: 'Opens {time}' },
  quick: {
    category_greeting: 'Greeting', category_product: 'Product', category_after_sales: 'After sales', category_closing: 'Closing',
    text: 'Short answers behind the slash.', add: 'Add a quick reply', title: 'Title', content: 'Text', category: 'Category', language: 'Language', scope: 'For', shared: 'Everybody', personal: 'Me', used: 'Used', all: 'All categories', search: 'Search', none: 'No quick replies yet', noneText: 'Write what you say every day once.',
    variables: 'Variables', edit: 'Edit {title}', remove: 'Remove {title}', conflict: 'Somebody changed it meanwhile:', confirmRemove: 'Remove “{title}”?',
  },
  faq: {
    text: 'What the shop answers by itself.', test: 'Try a question', question: 'Question', run: 'Ask', sure: 'It is sure and answers with:', choices: 'It offers a choice:', nothing: 'It knows nothing that fits.', faults: 'Faults in the files', noFaults: 'No faults.', entries: 'Entries', search: 'Search', file: 'File', score: 'Score', languages: 'Languages',
  },
  assistants: {
    text: 'Who answers, and how they do.', takes: 'Takes questions', paused: 'Passed over', answers: 'Answers', failures: 'Failures', latency: 'Time to answer', today: 'Today', cost: 'Cost', tokens: 'Tokens', budget: 'Budget', breaker_closed: 'Working', breaker_open: 'Broken off', breaker_half_open: 'On trial', lastError: 'Last failure', places: 'At work', chart: 'Questions in the last 14 days', none: 'No assistant is set up', answered: 'Answered', failed: 'Failed', noChart: 'Nobody asked yet.',
  },
  apiKeys: {
    text: 'For programs that read.', add: 'Issue a key', name: 'Name', permissions: 'Permissions', expires: 'Ends', never: 'Never', revoke: 'Revoke', revoked: 'Revoked', none: 'No keys', noneText: 'A report or an export reads with a key of its own.', shown: 'The key, shown this once:', by: 'Issued', confirmRevoke: 'Revoke “{name}”? It ends within a second.',
  },
  profile: {
    text: 'Your account.', name: 'Name that customers see', email: 'E-mail', sound: 'A sound for offers', factor: 'Second factor', factorOn: 'On: a one-time code is asked for at each sign-in.', factorOff: 'Off. A one-time code beside the password keeps others out.', begin: 'Set it up', password: 'Password', secret: 'Enter this secret into your authenticator app:', code: 'The code that it shows', enable: 'Turn it on', disable: 'Turn it off', recovery: 'Recovery codes, shown this once. Keep them on paper.', newCodes: 'New recovery codes', signIns: 'Sign-ins', thisOne: 'This one', end: 'End', since: 'Since {time}', renewed: 'Last used {time}', changePassword: 'Change the password', appearance: 'Appearance', uri: 'Or open this address on the device:',
  },
  audit: {
    text: 'Who did and looked at what.', actor: 'Who', action: 'What', target: 'Of what', from: 'From', to: 'To', time: 'Time', details: 'Details', none: 'Nothing fits', noneText: 'Nobody did so in that time.', show: 'Show', position: 'Position',
  },
};
