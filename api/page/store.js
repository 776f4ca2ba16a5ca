// What this browser remembers: the session's name, messages that are not yet answered, an unsent draft, the language,
// where dividers are drawn. In localStorage, one entry per fact, so that two tabs do not overwrite each other's.
//
// Invariant: it never throws. Without localStorage (forbidden, full) the page works, until it is closed.

const PREFIX = 'desk.';
const MAX_DIVIDERS = 50;

const memory = new Map();

function read(key) {
  try {
    return localStorage.getItem(PREFIX + key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
    memory.delete(key);
  } catch {
    memory.set(key, value);
  }
}

function remove(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Then it is in no storage.
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A random UUID, also where `crypto.randomUUID` is missing: on plain http it is, on any host but localhost. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** This browser's session, made once: the shape of the name is the original's. */
export function sessionName() {
  const known = read('session');
  if (known) return known;
  write('session', `session_${Date.now()}_${uuid().slice(-12)}`);
  return read('session');
}

export const language = () => read('language');
export const setLanguage = (code) => write('language', code);

export const draft = () => read('draft') ?? '';
export const setDraft = (text) => (text === '' ? remove('draft') : write('draft', text));

const outboxKey = (session, key) => `outbox.${session}.${key}`;

/** Messages that are not yet answered, in the order in which they were written. */
export function pendingMessages(session) {
  const prefix = `${PREFIX}${outboxKey(session, '')}`;
  const keys = [...memory.keys()].map((key) => PREFIX + key);
  try {
    for (let i = 0; i < localStorage.length; i += 1) keys.push(localStorage.key(i));
  } catch {
    // Then memory has them.
  }
  const entries = keys.filter((key) => key.startsWith(prefix)).map((key) => parsed(read(key.slice(PREFIX.length))));
  return entries.filter((entry) => entry?.key && typeof entry.text === 'string').sort((a, b) => a.order - b.order);
}

export const keepPending = (session, entry) => write(outboxKey(session, entry.key), JSON.stringify(entry));
export const dropPending = (session, key) => remove(outboxKey(session, key));

/** Calls back with the key of a message that another tab has finished. */
export function onPendingDropped(session, callback) {
  const prefix = `${PREFIX}${outboxKey(session, '')}`;
  addEventListener('storage', ({ key, newValue }) => {
    if (key?.startsWith(prefix) && newValue === null) callback(key.slice(prefix.length));
  });
}

/** Positions after which the assistant began anew. */
export function dividers(session) {
  const positions = parsed(read(`dividers.${session}`));
  return Array.isArray(positions) ? positions.filter(Number.isFinite) : [];
}

export function addDivider(session, position) {
  const positions = new Set([...dividers(session), position]);
  write(`dividers.${session}`, JSON.stringify([...positions].sort((a, b) => a - b).slice(-MAX_DIVIDERS)));
}
