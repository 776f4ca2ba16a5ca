// Deutsch. Die Form ist die des Englischen: fehlt ein Wort, lässt es sich nicht übersetzen.
import type { Messages } from './index';

const de: Messages = {
  nav: {
    main: 'Seiten', inbox: 'Eingang', queue: 'Warteschlange', replay: 'Zeitreise', audit: 'Prüfprotokoll', settings: 'Einstellungen', signOut: 'Abmelden', language: 'Sprache', theme: 'Aussehen',
    account: 'Konto: {name}, {status}', skip: 'Zum Inhalt',
  },
  theme: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
  role: { agent: 'Agent', supervisor: 'Teamleitung', admin: 'Administration', auditor: 'Revision', analyst: 'Analyse' },
  presence: { online: 'Da', busy: 'Beschäftigt', break: 'Pause', training: 'Schulung', offline: 'Nicht da' },
  action: {
    retry: 'Erneut versuchen', close: 'Schließen', cancel: 'Abbrechen', save: 'Speichern', open: 'Öffnen', back: 'Zurück', edit: 'Bearbeiten', remove: 'Entfernen', add: 'Hinzufügen', copy: 'Kopieren', copied: 'Kopiert',
    more: 'Mehr anzeigen', download: 'Herunterladen', refresh: 'Aktualisieren',
  },
  state: {
    loading: 'Wird geladen', failed: 'Das ließ sich nicht anzeigen', noPermission: 'Für Ihre Rolle nicht offen', noPermissionText: 'Fragen Sie die Administration, wenn Sie es brauchen.',
    saved: 'Gespeichert',
  },
  connection: {
    connecting: 'Verbindung wird aufgebaut', live: 'Verbunden: Änderungen erscheinen sofort', lost: 'Verbindung verloren, neuer Versuch läuft', denied: 'Änderungen in Echtzeit sind für Ihre Rolle nicht offen',
    caughtUp: 'Ein Ereignis nachgeholt | {count} Ereignisse nachgeholt',
  },
  signIn: {
    title: 'Am Arbeitsplatz anmelden', username: 'Benutzername', password: 'Passwort', code: 'Einmalcode', codeHint: 'Aus Ihrer Authenticator-App, oder ein Wiederherstellungscode.', submit: 'Anmelden',
    expired: 'Bitte neu anmelden', expiredText: 'Ihre Anmeldung ist abgelaufen. Was Sie geschrieben haben, ist noch da; was gesendet wird, wartet.', other: 'Als jemand anderes anmelden',
  },
  password: {
    title: 'Passwort wählen', first: 'Das jetzige hat jemand anderes gesetzt. Wählen Sie zuerst Ihr eigenes.', old: 'Jetziges Passwort', new: 'Neues Passwort', hint: 'Mindestens 10 Zeichen. Vier Wörter sind gut.',
    submit: 'Passwort ändern', done: 'Das Passwort ist geändert',
  },
  keys: {
    title: 'Tasten', general: 'Überall', list: 'Liste', session: 'Sitzung', composer: 'Schreiben', palette: 'Suche und Befehle', sheet: 'Alle Tasten zeigen', next: 'Nächste Sitzung', previous: 'Vorige Sitzung',
    mine: 'Meine zeigen', queue: 'Warteschlange zeigen', all: 'Alle zeigen', side: 'Seitenleiste ein oder aus', reply: 'Antwort schreiben', note: 'Notiz schreiben', play: 'Abspielen oder anhalten',
    stepBack: 'Ein Ereignis zurück', stepOn: 'Ein Ereignis weiter', escalation: 'Zur nächsten Eskalation',
  },
  palette: { title: 'Befehle', hint: 'Befehl, Seite oder Sitzung eingeben', nothing: 'Nichts mit diesem Namen', searching: 'Alle Sitzungen werden durchsucht', session: 'Diese Sitzung', page: 'Seiten', open: 'Sitzungen', preference: 'Aussehen' },
  list: {
    title: 'Sitzungen', views: 'Welche Sitzungen', mine: 'Meine', queue: 'Wartend', all: 'Alle', me: 'Ich', assistant: 'Assistent', nobody: 'Niemand', typing: '{name} schreibt…', draft: 'Entwurf:',
    unread: 'eine ungelesene Nachricht | {count} ungelesene Nachrichten', notes: 'eine Notiz | {count} Notizen', moved: 'Eine Zeile wartet | {count} Zeilen warten', resize: 'Breite der Liste', waitingSince: 'Wartet seit',
  },
  empty: {
    mine: 'Sie haben keine Sitzung', mineText: 'Übernehmen Sie eine aus der Warteschlange, oder warten Sie auf ein Angebot.', queue: 'Niemand wartet', queueText: 'Wer nach einem Menschen fragt, erscheint hier.',
    all: 'Noch keine Sitzungen', allText: 'Sie erscheinen, wenn Kunden schreiben.', filtered: 'Nichts passt', filteredText: 'Keine Sitzung passt zum Filter.',
  },
  filter: {
    title: 'Filtern und sortieren', keyword: 'Wörter in Nachrichten oder Namen', sort: 'Reihenfolge', status: 'Zustand', anyStatus: 'Jeder Zustand', customer: 'Kunde', anyCustomer: 'Jeder Kunde', priority: 'Dringlichkeit',
    anyPriority: 'Jede Dringlichkeit', rule: 'Regel', anyRule: 'Jede Regel', tag: 'Schlagwort', from: 'Von', to: 'Bis', reset: 'Zurücksetzen',
  },
  sort: { newest: 'Neueste zuerst', oldest: 'Älteste zuerst', vip: 'Dringendste zuerst', waitTime: 'Am längsten wartend' },
  customer: { vip: 'VIP', old: 'War schon da', new: 'Neu' },
  views: { title: 'Gespeicherte Ansichten', none: 'Liste und Filter unter einem Namen behalten.', name: 'Name', save: 'Ansicht speichern', remove: 'Ansicht {name} entfernen' },
  status: { bot_active: 'Assistent', pending_manual: 'Wartet', manual_live: 'Bei einem Agenten', after_hours_email: 'Außerhalb der Zeiten', closed: 'Geschlossen' },
  class: { danger: 'Gefahr', vip: 'VIP', urgent: 'Dringend', normal: 'Normal' },
  severity: { high: 'Schwerwiegend', low: 'Weniger schwerwiegend' },
  reason: { keyword: 'Worte des Kunden', fail_loop: 'Der Assistent konnte nicht helfen', sentiment: 'Der Kunde ist verärgert', vip: 'Ein VIP-Kunde', manual: 'Von Hand verlangt' },
  rule: {
    R0: 'Gefahr', R1: 'Will einen Menschen', R2: 'Beschwerde oder Recht', R3: 'Assistent mehrfach gescheitert', R4: 'Half nicht', R5: 'Viele Antworten, kein Ende', R6: 'Assistent unsicher', R7: 'Assistent gibt ab',
    R8: 'Assistent nicht erreichbar', R9: 'Inhalt abgelehnt', R10: 'VIP', R11: 'Verärgert', R12: 'Kunde auf der Liste', R13: 'Dieselbe Frage erneut', opening_time: 'Öffnungszeit',
  },
  language: { zh: 'Chinesisch', en: 'Englisch', de: 'Deutsch', fr: 'Französisch', es: 'Spanisch', it: 'Italienisch' },
  thread: {
    title: 'Sitzung', none: 'Keine Sitzung ist offen', noneText: 'Wählen Sie eine aus der Liste, oder drücken Sie J.', actions: 'Was getan werden kann', yours: 'Ihre', owner: 'Bei {name}', assistantHas: 'Der Assistent antwortet',
    viewing: 'Auch hier: {names}', messages: 'Nachrichten', erased: 'Gelöscht', suggestions: 'Dem Kunden angeboten', withheld: 'Zurückgehalten: der Kunde bekam es nicht', hidden: 'Der Kunde sieht es nicht mehr',
    confidence: 'Wie sicher der Assistent war', answering: 'Der Assistent schreibt', toEnd: 'Zum Neuesten', fresh: 'Eine neue Nachricht | {count} neue Nachrichten', loadingOlder: 'Ältere Nachrichten werden geladen',
  },
  kind: { user: 'Kunde', assistant: 'Assistent', agent: 'Agent', system: 'Dem Kunden mitgeteilt' },
  do: {
    takeover: 'Übernehmen', steal: 'An sich nehmen', transfer: 'Übergeben', release: 'Freigeben', return: 'Zurück in die Schlange', 'cancel-escalation': 'Zurück zum Assistenten', close: 'Schließen', reopen: 'Wieder öffnen',
  },
  conflict: { watch: 'Zusehen', ask: 'Darum bitten', asked: 'Eine Notiz bittet darum.', note: '{\'@\'}{name} kann ich diese Sitzung haben?' },
  offer: {
    made: 'Ihnen wird eine Sitzung angeboten.', transfer: 'Sie werden gebeten, eine Sitzung zu übernehmen.', accept: 'Annehmen', decline: 'Ablehnen', from: '{name} bittet Sie zu übernehmen.',
    waiting: 'Wartet auf {name}.', withdraw: 'Zurückziehen',
  },
  transfer: {
    title: 'Übergeben', text: 'Wer soll sie haben? Alles Gesagte ist für sie sichtbar.', to: 'An', nobody: 'Sonst ist niemand da.', group: 'Wer „{name}“ kann', reason: 'Grund, nur für das Team', atOnce: 'Sofort, ohne zu fragen', ask: 'Fragen',
  },
  activity: {
    escalated: 'Ein Mensch wird gebraucht: {rule}', escalation_cancelled: 'Ein Mensch wird nicht mehr gebraucht', agent_took_over: '{name} hat übernommen', after_hours_notice_given: 'Außerhalb der Zeiten: dem Kunden mitgeteilt',
    transfer_requested: '{from} bittet {to} zu übernehmen', transfer_declined: 'Die Übergabe wurde abgelehnt', transfer_expired: 'Niemand antwortete auf die Übergabe', transfer_withdrawn: 'Die Übergabe wurde zurückgezogen',
    transferred: '{from} hat an {to} übergeben', released: '{name} gab an den Assistenten zurück', returned_agent_lost: 'Die Verbindung von {name} ging verloren: zurück in die Schlange', returned_handed_back: '{name} gab in die Schlange zurück',
    returned_transferred: '{name} übergab an eine andere Gruppe', closed_resolved: 'Geschlossen: erledigt', closed_customer_left: 'Vom Kunden beendet', closed_idle: 'Geschlossen: lange keine Nachricht', reopened: 'Wieder geöffnet',
    context_started: 'Der Assistent begann neu', assistant_failed: 'Der Assistent scheiterte', assistant_reply_withheld: 'Eine Antwort des Assistenten wurde zurückgehalten', mail_requested: 'Eine E-Mail an das Team wurde verlangt',
    mail_sent: 'Die E-Mail an das Team ging ab', mail_failed: 'Die E-Mail an das Team scheiterte', priority_changed: 'Dringlichkeit: {name}', tags_added: 'Schlagwörter hinzugefügt: {tags}', tags_removed: 'Schlagwörter entfernt: {tags}', rating_given: 'Der Kunde gab {score} von 5',
  },
  note: {
    mentioned: '{name} nennt Sie in einer Notiz.',
    by: 'Notiz von {name}', edited: 'bearbeitet', edit: 'Notiz bearbeiten', remove: 'Notiz entfernen', removed: 'Entfernt', conflict: 'Sie wurde inzwischen geändert.', theirs: 'Jetzt', mine: 'Was Sie schrieben',
    takeTheirs: 'Ihre behalten', keepMine: 'Meine speichern',
  },
  pending: { sending: 'Wird gesendet…', failed: 'Nicht gesendet:', back: 'Zurücknehmen' },
  composer: {
    mode: 'Was zu schreiben ist', reply: 'Antwort', note: 'Notiz', replyLabel: 'Antwort an {name}', noteLabel: 'Notiz, nur für das Team', replyPlaceholder: 'An {name}. / für Schnellantworten',
    notePlaceholder: 'Nur für das Team. {\'@\'} nennt jemanden', send: 'Senden', sendHint: 'Enter sendet, Umschalt+Enter ist eine neue Zeile', left: 'noch {count} Zeichen', suggestions: 'Vorschläge',
    missing: 'Hier unbekannt, bitte ergänzen: {names}', readOnly: 'Sie dürfen diese Sitzung lesen, nicht darin schreiben.', locked_bot_active: 'Der Assistent hat diese Sitzung. Übernehmen Sie, um zu antworten.',
    locked_pending_manual: 'Der Kunde wartet auf einen Menschen.', locked_manual_live: '{name} hat diese Sitzung.', locked_after_hours_email: 'Außerhalb der Zeiten. Übernehmen Sie, um zu antworten.', locked_closed: 'Die Sitzung ist geschlossen.',
  },
  side: {
    title: 'Zur Sitzung', resize: 'Breite der Seitenleiste', customer: 'Kunde', escalation: 'Warum ein Mensch gebraucht wird', priority: 'Dringlichkeit', tags: 'Schlagwörter', notes: 'Notizen', rating: 'Bewertung', sources: 'Quellen der Antworten',
    episodes: 'Frühere Episoden', session: 'Sitzung', customerId: 'Kundennummer', language: 'Sprache', firstSeen: 'Zuerst da', sessions: 'Sitzungen', noEmail: 'Keine E-Mail-Adresse', removeTag: 'Schlagwort {tag} entfernen',
    addTag: 'Schlagwort hinzufügen', noNotes: 'Noch keine Notizen.', score: '{score} von 5 Sternen', notRated: 'Noch nicht bewertet; offen bis {until}.', noSources: 'Der Assistent nannte keine.', noEpisodes: 'Dies ist die erste.',
    messages: 'eine Nachricht | {count} Nachrichten',
  },
  problem: {
    UNREACHABLE: 'Der Server ist nicht erreichbar.', SERVER: 'Der Server konnte es nicht. Versuchen Sie es gleich noch einmal.', OTHER: 'Abgelehnt ({code}).', ALREADY_TAKEN: '{name} war schneller und hat diese Sitzung.',
    NOT_THE_OWNER: '{name} hat diese Sitzung.', INVALID_STATUS: 'Die Sitzung ist weiter: das geht nicht mehr.', NOT_IN_MANUAL_MODE: 'Kein Mensch hat diese Sitzung mehr.', MANUAL_IN_PROGRESS: 'Ein Mensch hat diese Sitzung.',
    TRANSFER_PENDING: 'Eine andere Übergabe wartet auf Antwort.', NO_TRANSFER: 'Diese Übergabe ist vorbei.', NOT_ASKED: 'Gefragt war jemand anderes.', PERMISSION_DENIED: 'Ihre Rolle erlaubt es nicht.',
    FOREIGN_ORIGIN: 'Der Server kennt die Adresse nicht, unter der Sie ihn aufrufen: Sein Proxy muss Host und Port weitergeben. In seinem Log steht, was er bekam.',
    CHANGED_MEANWHILE: 'Es wurde inzwischen geändert.', STALE_VERSION: 'Inzwischen wurde eine andere Version veröffentlicht.', VIEWS_UNAVAILABLE: 'Die Listen sind noch nicht so weit.', STORE_UNAVAILABLE: 'Das Protokoll ist nicht erreichbar.',
    RATE_LIMITED: 'Zu viele Anfragen. Warten Sie einen Moment.', INVALID_CREDENTIALS: 'Benutzername und Passwort gehören nicht zusammen.', UNAUTHORIZED: 'Bitte neu anmelden.', SECOND_FACTOR_REQUIRED: 'Ein Einmalcode wird gebraucht.',
    SECOND_FACTOR_WRONG: 'Der Code ist falsch oder verbraucht.', NOT_FOUND: 'Es ist nicht da.',
    AGENT_EXISTS: 'Diesen Benutzernamen hat schon jemand; geschlossene Konten behalten ihren.', PASSWORD_INCORRECT: 'Das ist nicht das Passwort.',
    OLD_PASSWORD_INCORRECT: 'Das ist nicht das Passwort.', PASSWORD_SAME: 'Wählen Sie ein anderes als zuvor.',
  },
  queue: {
    title: 'Warteschlange', waiting: 'Wartend', live: 'Bei Agenten', agents: 'Agenten', longest: 'Längste Wartezeit', average: 'Mittlere Wartezeit', nobody: 'Niemand', noLive: 'Kein Agent hat eine Sitzung.', noAgents: 'Kein Agent ist da.',
    listen: 'Mithören', steal: 'Nehmen', reassign: 'Umverteilen', offered: '{name} angeboten', transferTo: '{name} gefragt', load: '{current} von {max} Sitzungen', since: 'seit {time}', group: 'Gruppe',
    readOnly: 'Die Teamleitung kann mithören, nehmen und umverteilen.',
  },
  replay: {
    title: 'Zeitreise', choose: 'Eine Sitzung wählen', chooseText: 'Öffnen Sie eine Sitzung und drücken Sie die Uhr, oder geben Sie Name oder Kennung ein.', name: 'Name oder Kennung', position: 'Ereignis {index} von {total}', slider: 'Ereignis',
    play: 'Abspielen', pause: 'Anhalten', back: 'Ein Ereignis zurück', on: 'Ein Ereignis weiter', start: 'Zum Anfang', end: 'Zum Ende', speed: 'Tempo', escalation: 'Zur nächsten Eskalation', customer: 'Was der Kunde sah',
    agent: 'Was der Agent sah', event: 'Das Ereignis', state: 'Zustand', owner: 'Bei', decision: 'Entscheidung', noDecision: 'Bis dahin wurde kein Mensch gebraucht.', policyVersion: 'Regelwerk, Version {version}', nothing: 'Noch nichts.',
    actor: 'Von', recorded: 'Aufgezeichnet', partly: 'teilweise gesehen', proof: 'Beweis', proofText: 'Eine Datei, die Außenstehenden beweist, was aufgezeichnet wurde.', proofGet: 'Beweisdatei holen',
    proofNotYet: 'Noch deckt kein unterschriebener Stand es ab.', proofSays: '{events} Ereignisse, bewiesen am unterschriebenen Stand von {size} Ereignissen.', evidence: 'Anhaltspunkt', loading: 'Ereignisse werden gelesen',
    noEvents: 'Die Sitzung hat keine Ereignisse, die Sie sehen dürfen.',
  },
  settings: { team: 'Team', hours: 'Zeiten und Feiertage', policy: 'Regelwerk', quickReplies: 'Schnellantworten', faq: 'FAQ', assistants: 'Assistenten', apiKeys: 'API-Schlüssel', profile: 'Mein Konto', nav: 'Einstellungen' },
  team: {
    text: 'Konten, Rollen und Fähigkeiten.', add: 'Jemanden hinzufügen', username: 'Benutzername', name: 'Name', email: 'E-Mail', role: 'Rolle', skills: 'Fähigkeiten', skillsHint: 'Durch Kommas getrennt', languages: 'Sprachen',
    max: 'Sitzungen zugleich', password: 'Erstes Passwort', passwordHint: 'Mindestens 10 Zeichen; es muss bei der ersten Anmeldung geändert werden.', status: 'Anwesenheit', closed: 'Geschlossen', edit: '{name} bearbeiten',
    deactivate: 'Konto schließen', reactivate: 'Wieder öffnen', resetPassword: 'Neues Passwort', resetFactor: 'Zweiten Faktor entfernen', newPassword: 'Das neue Passwort, nur dieses Mal: {password}',
    confirmClose: 'Das Konto von {name} schließen? Die Sitzungen gehen zurück in die Schlange.', lastSeen: 'Zuletzt da', factor: 'Zweiter Faktor',
  },
  versions: {
    title: 'Versionen', version: 'Version {version}', inForce: 'in Kraft', edit: 'Bearbeiten', document: 'Dokument', publish: 'Veröffentlichen', reason: 'Warum, für spätere Leser', rollBack: 'Dahin zurück', builtIn: 'Eingebaut',
    published: 'Version {version} ist in Kraft', stale: 'Inzwischen wurde Version {version} veröffentlicht. Ihr Text bleibt; sehen Sie sich zuerst die andere an.', theirs: 'Die andere laden', line: 'Zeile {line}',
    rolledBackTo: 'wie Version {version}', compare: 'Geänderte Zeilen', readOnly: 'Die Administration veröffentlicht.', reload: 'Meine Änderungen verwerfen',
  },
  policy: {
    text: 'Wann ein Mensch gerufen wird.', test: 'An einem Text versuchen', testText: 'Was ein Kunde schreiben könnte', run: 'Versuchen', fires: '{rule} ruft einen Menschen ({severity}, {class})', quiet: 'Niemand wird gerufen.',
    urgent: 'Es hebt den Platz in der Schlange.', draft: 'Versucht mit dem Dokument unten, veröffentlicht oder nicht.', signals: 'Zeichen', offers: 'Ein Mensch wird angeboten.',
  },
  hours: { text: 'Wann jemand einer Gruppe zu erwarten ist.', now: 'Jetzt', open: 'Offen', closed: 'Geschlossen', next: 'Öffnet {time}' },
  quick: {
    category_greeting: 'Begrüßung', category_product: 'Produkt', category_after_sales: 'Nach dem Kauf', category_closing: 'Abschluss',
    text: 'Kurze Antworten hinter dem Schrägstrich.', add: 'Schnellantwort hinzufügen', title: 'Titel', content: 'Text', category: 'Kategorie', language: 'Sprache', scope: 'Für', shared: 'Alle', personal: 'Mich', used: 'Benutzt', all: 'Alle Kategorien',
    search: 'Suchen', none: 'Noch keine Schnellantworten', noneText: 'Schreiben Sie einmal, was Sie jeden Tag sagen.', variables: 'Variablen', edit: '{title} bearbeiten', remove: '{title} entfernen', conflict: 'Inzwischen wurde daraus:',
    confirmRemove: '„{title}“ entfernen?',
  },
  faq: {
    text: 'Was der Laden von selbst beantwortet.', test: 'Eine Frage versuchen', question: 'Frage', run: 'Fragen', sure: 'Sicher, Antwort:', choices: 'Zur Auswahl:', nothing: 'Nichts passt.', faults: 'Fehler in den Dateien', noFaults: 'Keine Fehler.',
    entries: 'Einträge', search: 'Suchen', file: 'Datei', score: 'Punkte', languages: 'Sprachen',
  },
  assistants: {
    text: 'Wer antwortet, und wie gut.', takes: 'Nimmt Fragen', paused: 'Übergangen', answers: 'Antworten', failures: 'Fehlschläge', latency: 'Zeit bis zur Antwort', today: 'Heute', cost: 'Kosten', tokens: 'Token', budget: 'Budget',
    breaker_closed: 'In Ordnung', breaker_open: 'Getrennt', breaker_half_open: 'Auf Probe', lastError: 'Letzter Fehlschlag', places: 'In Arbeit', chart: 'Fragen der letzten 14 Tage', none: 'Kein Assistent ist eingerichtet',
    answered: 'Beantwortet', failed: 'Gescheitert', noChart: 'Noch hat niemand gefragt.',
  },
  apiKeys: {
    text: 'Für Programme, die lesen.', add: 'Schlüssel ausgeben', name: 'Name', permissions: 'Rechte', expires: 'Endet', never: 'Nie', revoke: 'Widerrufen', revoked: 'Widerrufen', none: 'Keine Schlüssel',
    noneText: 'Ein Bericht oder Export liest mit eigenem Schlüssel.', shown: 'Der Schlüssel, nur dieses Mal:', by: 'Ausgegeben', confirmRevoke: '„{name}“ widerrufen? Er endet in einer Sekunde.',
  },
  profile: {
    text: 'Ihr Konto.', name: 'Name, den Kunden sehen', email: 'E-Mail', sound: 'Ein Ton bei Angeboten', factor: 'Zweiter Faktor', factorOn: 'An: bei jeder Anmeldung wird ein Einmalcode verlangt.',
    factorOff: 'Aus. Ein Einmalcode neben dem Passwort hält andere fern.', begin: 'Einrichten', password: 'Passwort', secret: 'Geben Sie dieses Geheimnis in Ihre Authenticator-App ein:', code: 'Der Code, den sie zeigt', enable: 'Einschalten',
    disable: 'Ausschalten', recovery: 'Wiederherstellungscodes, nur dieses Mal. Auf Papier aufheben.', newCodes: 'Neue Wiederherstellungscodes', signIns: 'Anmeldungen', thisOne: 'Diese', end: 'Beenden', since: 'Seit {time}',
    renewed: 'Zuletzt {time}', changePassword: 'Passwort ändern', appearance: 'Aussehen', uri: 'Oder diese Adresse auf dem Gerät öffnen:',
  },
  audit: {
    text: 'Wer was tat und ansah.', actor: 'Wer', action: 'Was', target: 'Woran', from: 'Von', to: 'Bis', time: 'Zeit', details: 'Einzelheiten', none: 'Nichts passt', noneText: 'In dieser Zeit tat das niemand.', show: 'Zeigen',
    position: 'Position',
  },
};

export default de;
