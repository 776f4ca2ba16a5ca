// The customer's page: joins what the server says (api, sender, tail), what is known of the conversation (conversation)
// and what is shown (view). The texts are in texts.js.
//
// Invariant: state changes here and in the objects made here; the view only draws it, once per animation frame.

import * as api from './api.js';
import { Conversation } from './conversation.js';
import { backoffMs, wait, wakeAll } from './patience.js';
import { Sender } from './sender.js';
import * as store from './store.js';
import { Tail } from './tail.js';
import { initialLanguage } from './texts.js';
import { View } from './view.js';

/** Events come in bursts: a message, a run, a reply. They are asked about together. */
const DEBOUNCE_MS = 150;
/** A tab that nobody has looked at for so long gives its connection back: a browser has six for all tabs. */
const PAUSE_HIDDEN_AFTER_MS = 60_000;
/** These change nothing that a customer sees. */
const SILENT_EVENTS = new Set([
  'session.assistant_run_started',
  'session.assistant_failed',
  'session.assistant_reply_withheld',
  'session.command_confirmed',
]);

const session = store.sessionName();
const conversation = new Conversation();
const page = {
  language: initialLanguage(store.language(), navigator.languages ?? [navigator.language]),
  bot: {},
  isLoaded: false,
  isTailOpen: true,
  isSyncFailing: false,
  isLoadingEarlier: false,
  isActing: false,
  notice: null,
};

const sender = new Sender({
  open: async ({ key, text, signal }) => {
    if (!conversation.exists) await api.createSession(session);
    conversation.exists = true;
    return api.openChat({ session, key, text, signal });
  },
  sendToPerson: ({ key, text }) => api.sendToPerson({ session, key, text }),
  isWithPerson: () => conversation.isWithPerson,
  store: {
    keep: (entry) => store.keepPending(session, entry),
    drop: (key) => store.dropPending(session, key),
  },
  hooks: {
    accepted: (entry) => {
      conversation.accepted(entry, entry.position);
      if (!tail.isStarted && !isPaused) tail.start(conversation.syncedTo || entry.position);
    },
    answered: (entry, position) => {
      conversation.answered(entry, position, Date.now());
      refresh(position ?? entry.position);
    },
    statusChanged: ({ status, agent_info: agent }) => {
      conversation.status = status ?? conversation.status;
      conversation.agentName = agent?.agent_name ?? '';
      refresh();
    },
    changed: draw,
  },
});

const tail = new Tail({
  open: (place) => api.openEvents({ session, ...place }),
  hooks: {
    event: hear,
    reset: async () => {
      conversation.forgetPosition();
      wantedPosition = 0;
      heard.clear();
      await refresh();
      if (conversation.exists) tail.start(conversation.syncedTo);
    },
    gone: () => refresh(),
    state: (isOpen) => {
      page.isTailOpen = isOpen;
      draw();
    },
  },
});

const view = new View(document, {
  send(text) {
    sender.send({ key: store.uuid(), text, after: conversation.newestPosition });
    store.setDraft('');
  },
  draft: store.setDraft,
  retry: (key) => sender.retry(key),
  edit: (key) => sender.withdraw(key),
  switchLanguage() {
    page.language = page.language === 'zh' ? 'en' : 'zh';
    store.setLanguage(page.language);
    loadBot().then(draw);
    draw();
  },
  startNew: () => act(api.startNew),
  clear: () => act(api.clear),
  earlier: loadEarlier,
  dismiss() {
    page.notice = null;
    draw();
  },
});

let wantedPosition = 0;
let isWantedAgain = false;
let refreshing = null;

/** Asks for the newest messages, as of this position at least. Calls meanwhile are answered by one more request. */
function refresh(position = 0) {
  wantedPosition = Math.max(wantedPosition, position);
  isWantedAgain = true;
  refreshing ??= refreshUntilDone();
  return refreshing;
}

async function refreshUntilDone() {
  for (let attempt = 0; isWantedAgain; ) {
    isWantedAgain = false;
    const minPosition = wantedPosition;
    try {
      conversation.sync(await api.fetchSession(session, { minPosition: minPosition || undefined }));
      if (wantedPosition === minPosition) wantedPosition = 0;
      page.isSyncFailing = false;
      attempt = 0;
    } catch (error) {
      if (error instanceof api.Problem && !error.isTemporary) {
        wantedPosition = 0;
        page.notice = { kind: 'loadFailed', error };
      } else {
        page.isSyncFailing = true;
        isWantedAgain = true;
        draw();
        await wait(Math.max(backoffMs(attempt), error.retryAfterMs ?? 0), { patiently: error.retryAfterMs != null });
        attempt += 1;
      }
    }
    draw();
  }
  // In the same step as the last look at isWantedAgain, so that no call falls between the two.
  refreshing = null;
}

const heard = new Set();
let hearTimer;

/** Something happened. Our own messages and their answers are known already, or will be in a moment. */
function hear(event) {
  if (event.type === 'session.context_started' && event.data?.cleared === false) divide(event.position);
  if (SILENT_EVENTS.has(event.type)) return;
  heard.add(event.position);
  clearTimeout(hearTimer);
  hearTimer = setTimeout(() => {
    const news = [...heard].filter((position) => position > conversation.syncedTo && !conversation.has(position));
    heard.clear();
    if (news.length > 0) refresh(Math.max(...news));
  }, DEBOUNCE_MS);
}

function divide(position) {
  store.addDivider(session, position);
  conversation.addDivider(position);
  draw();
}

async function loadEarlier() {
  if (page.isLoadingEarlier) return;
  page.isLoadingEarlier = true;
  draw();
  try {
    conversation.addEarlier(await api.fetchSession(session, { before: conversation.oldestPosition }));
  } catch (error) {
    page.notice = { kind: 'loadFailed', error };
  }
  page.isLoadingEarlier = false;
  draw();
}

/** A button was pressed. It is not repeated behind the customer's back: the customer sees why not, and presses again. */
async function act(command) {
  page.isActing = true;
  page.notice = null;
  draw();
  try {
    const { position } = await command(session, store.uuid());
    if (command === api.startNew && Number.isFinite(position)) divide(position);
    await refresh(position);
  } catch (error) {
    page.notice = { kind: 'actionFailed', error };
  }
  page.isActing = false;
  draw();
}

let frame = 0;

function draw() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    const entries = sender.entries;
    view.render({
      ...page,
      connection: connection(entries),
      status: conversation.status,
      agentName: conversation.agentName,
      exists: conversation.exists && !conversation.isEmpty,
      hasEarlier: conversation.hasEarlier,
      items: conversation.items(entries),
      growing: conversation.growing(entries),
      choices: conversation.suggestions(entries),
      isTyping: entries.some((entry) => entry.phase === 'answering' && entry.position !== undefined && entry.answer === ''),
    });
  });
}

function connection(entries) {
  if (!navigator.onLine) return 'offline';
  const isLost = page.isSyncFailing || (tail.isStarted && !page.isTailOpen);
  if (isLost || entries.some((entry) => entry.phase === 'lost')) return 'reconnecting';
  return page.isLoaded ? 'connected' : 'connecting';
}

// A wait is shown with the seconds that are left.
setInterval(() => sender.entries.some((entry) => entry.phase === 'waiting') && draw(), 1000);

let isPaused = false;
let hiddenTimer;

addEventListener('online', () => {
  wakeAll();
  draw();
});
addEventListener('offline', draw);
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiddenTimer);
  if (document.visibilityState === 'hidden') hiddenTimer = setTimeout(pause, PAUSE_HIDDEN_AFTER_MS);
  else resume();
});

function pause() {
  isPaused = true;
  tail.stop();
}

async function resume() {
  wakeAll();
  if (!isPaused || !page.isLoaded) return;
  isPaused = false;
  await refresh();
  if (conversation.exists && !isPaused) tail.start(conversation.syncedTo);
}

store.onPendingDropped(session, (key) => sender.droppedElsewhere(key));

async function loadBot() {
  for (let attempt = 0; ; attempt += 1) {
    try {
      page.bot = await api.fetchBot(page.language);
      page.isSyncFailing = false;
      return;
    } catch (error) {
      // The page has texts of its own; only without a server is there nothing to go on with.
      if (error instanceof api.Problem && !error.isTemporary) return;
      page.isSyncFailing = true;
      draw();
      await wait(Math.max(backoffMs(attempt), error.retryAfterMs ?? 0));
    }
  }
}

async function begin() {
  sender.restore(store.pendingMessages(session));
  for (const entry of sender.entries) if (entry.position !== undefined) conversation.accepted(entry, entry.position);
  for (const position of store.dividers(session)) conversation.addDivider(position);
  view.setDraft(store.draft());
  draw();
  // One after the other: should each bring a visitor's cookie, the last one has to count.
  await loadBot();
  await refresh();
  page.isLoaded = true;
  if (conversation.exists) tail.start(conversation.syncedTo);
  sender.start();
  draw();
}

begin();
