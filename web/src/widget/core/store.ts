// What this browser remembers on the shop's own origin, where no cookie of another site is needed: the visitor's token, the
// session's name, messages that are not yet answered, an unsent draft, how far has been read, where dividers are drawn. In
// localStorage, one entry per fact, so that two tabs do not overwrite each other's.
//
// Invariants: it never throws. Without localStorage (forbidden, full) the widget works, until the page is closed. What somebody else
// has put there and cannot be ours counts as not there.

import { uuid } from '../../shared/uuid.ts';

import type { StoredEntry } from './shapes.ts';

const PREFIX = 'desk.';
const MAX_DIVIDERS = 50;

const memory = new Map<string, string>();

function read(key: string): string | null {
  try {
    // What could not be stored is newer than what is.
    return memory.get(key) ?? localStorage.getItem(PREFIX + key);
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
    memory.delete(key);
  } catch {
    memory.set(key, value);
  }
}

function remove(key: string): void {
  memory.delete(key);
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Then it is in no storage.
  }
}

/** Keys that begin so, without the prefix of all. */
function keysFrom(start: string): string[] {
  const keys = [...memory.keys()];
  try {
    for (let i = 0; i < localStorage.length; i += 1) {
      const key = localStorage.key(i) ?? '';
      if (key.startsWith(PREFIX)) keys.push(key.slice(PREFIX.length));
    }
  } catch {
    // Then memory has them.
  }
  return keys.filter((key) => key.startsWith(start));
}

function parsed<T>(text: string | null): T | null {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

const set = (key: string, value: string) => (value === '' ? remove(key) : write(key, value));

/** The visitor's token: whoever holds it is this customer. */
export function token(): string | null {
  const known = read('token');
  return known !== null && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(known) ? known : null;
}
export const setToken = (value: string) => set('token', value);

/** Whether this browser has a session to go on with. */
export const hasSession = () => isName(read('session')) && token() !== null;

/** As the server takes it. */
const isName = (name: string | null) => name !== null && /^[^\p{C}\p{Zl}\p{Zp}/\\]{1,128}$/u.test(name) && !/^\s*$|^\.\.?$/.test(name);

/** What `storage` events call the session's name. */
export const SESSION_KEY = `${PREFIX}session`;

/** This browser's session, made once: the shape of the name is the original's. */
export function sessionName(): string {
  const known = read('session');
  if (known !== null && isName(known)) return known;
  const name = `session_${Date.now()}_${uuid().slice(-12)}`;
  write('session', name);
  return name;
}

/** Everything about the customer who has left. */
export function forgetCustomer(): void {
  for (const key of keysFrom('')) remove(key);
}

export const draft = () => read('draft') ?? '';
export const setDraft = (text: string) => set('draft', text);

/** Up to here the customer has seen what was said. */
export const seenTo = () => Number(read('seen') ?? 0) || 0;
export const setSeenTo = (position: number) => write('seen', String(position));

/** Questions that are asked once, and were put aside. */
export const isDismissed = (what: string) => read(`dismissed.${what}`) !== null;
export const dismiss = (what: string) => write(`dismissed.${what}`, '1');

/** Whether the panel was open on the page before, in this tab; null where the customer has neither opened nor closed it. */
export function wasOpen(): boolean | null {
  try {
    const known = sessionStorage.getItem(`${PREFIX}open`);
    return known === null ? null : known === '1';
  } catch {
    return null;
  }
}

export function setWasOpen(isOpen: boolean): void {
  try {
    sessionStorage.setItem(`${PREFIX}open`, isOpen ? '1' : '0');
  } catch {
    // Then the next page begins with it closed.
  }
}

const outboxKey = (session: string, key: string) => `outbox.${session}.${key}`;

/** Messages that are not yet answered, in the order in which they were written. */
export function pendingMessages(session: string): StoredEntry[] {
  const entries = keysFrom(outboxKey(session, '')).map((key) => parsed<StoredEntry>(read(key)));
  return entries
    .filter((entry): entry is StoredEntry => isEntry(entry))
    .sort((a, b) => a.order - b.order);
}

/** What an earlier version of ours wrote, or somebody else, may lack anything. */
function isEntry(entry: StoredEntry | null): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { key, text, order, after, position } = entry;
  const isKey = typeof key === 'string' && /^[!-~]{1,200}$/.test(key);
  const arePlaces = [order, after, position ?? 0].every(Number.isFinite);
  return isKey && typeof text === 'string' && arePlaces;
}

export const keepPending = (session: string, entry: StoredEntry) => write(outboxKey(session, entry.key), JSON.stringify(entry));
export const dropPending = (session: string, key: string) => remove(outboxKey(session, key));

/** Calls back with the key of a message that another tab has finished; answers how to stop. */
export function onPendingDropped(session: string, callback: (key: string) => void): () => void {
  const prefix = `${PREFIX}${outboxKey(session, '')}`;
  const hear = ({ key, newValue }: StorageEvent) => {
    if (key?.startsWith(prefix) && newValue === null) callback(key.slice(prefix.length));
  };
  addEventListener('storage', hear);
  return () => removeEventListener('storage', hear);
}

/** Positions after which the assistant began anew. */
export function dividers(session: string): number[] {
  const positions = parsed<number[]>(read(`dividers.${session}`));
  return Array.isArray(positions) ? positions.filter(Number.isFinite) : [];
}

export function addDivider(session: string, position: number): void {
  const positions = new Set([...dividers(session), position]);
  write(`dividers.${session}`, JSON.stringify([...positions].sort((a, b) => a - b).slice(-MAX_DIVIDERS)));
}
