// What this browser remembers on the shop's own origin, where no cookie of another site is needed: the visitor's token, the
// session's name, messages that are not yet answered, an unsent draft, how far has been read, where dividers are drawn.
//
// Invariant: what somebody else has put there and cannot be ours counts as not there.

import { isObject, Storage } from '../../shared/storage.ts';
import { uuid } from '../../shared/uuid.ts';

import type { StoredEntry } from './shapes.ts';

const MAX_DIVIDERS = 50;

const storage = new Storage('desk.');

/** The visitor's token: whoever holds it is this customer. */
export function token(): string | null {
  const known = storage.read('token');
  return known !== null && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(known) ? known : null;
}
export const setToken = (value: string) => storage.write('token', value);

/** Whether this browser has a session to go on with. */
export const hasSession = () => isName(storage.read('session')) && token() !== null;

/** As the server takes it. */
const isName = (name: string | null) => name !== null && /^[^\p{C}\p{Zl}\p{Zp}/\\]{1,128}$/u.test(name) && !/^\s*$|^\.\.?$/.test(name);

/** What `storage` events call the session's name. */
export const SESSION_KEY = storage.fullKey('session');

/** This browser's session, made once: the shape of the name is the original's. */
export function sessionName(): string {
  const known = storage.read('session');
  if (known !== null && isName(known)) return known;
  const name = `session_${Date.now()}_${uuid().slice(-12)}`;
  storage.write('session', name);
  return name;
}

/** Everything about the customer who has left. */
export function forgetCustomer(): void {
  for (const key of storage.keysFrom('')) storage.remove(key);
}

export const draft = () => storage.read('draft') ?? '';
export const setDraft = (text: string) => storage.write('draft', text);

/** Up to here the customer has seen what was said. */
export const seenTo = () => Number(storage.read('seen') ?? 0) || 0;
export const setSeenTo = (position: number) => storage.write('seen', String(position));

/** Questions that are asked once, and were put aside. */
export const isDismissed = (what: string) => storage.read(`dismissed.${what}`) !== null;
export const dismiss = (what: string) => storage.write(`dismissed.${what}`, '1');

/** Whether the panel was open on the page before, in this tab; null where the customer has neither opened nor closed it. */
export function wasOpen(): boolean | null {
  try {
    const known = sessionStorage.getItem(storage.fullKey('open'));
    return known === null ? null : known === '1';
  } catch {
    return null;
  }
}

export function setWasOpen(isOpen: boolean): void {
  try {
    sessionStorage.setItem(storage.fullKey('open'), isOpen ? '1' : '0');
  } catch {
    // Then the next page begins with it closed.
  }
}

const outboxKey = (session: string, key: string) => `outbox.${session}.${key}`;

/** Messages that are not yet answered, in the order in which they were written. */
export function pendingMessages(session: string): StoredEntry[] {
  const entries = storage.keysFrom(outboxKey(session, '')).map((key) => storage.readJson(key));
  return entries.filter(isEntry).sort((a, b) => a.order - b.order);
}

/** What an earlier version of ours wrote, or somebody else, may lack anything. */
function isEntry(entry: unknown): entry is StoredEntry {
  if (!isObject(entry)) return false;
  const { key, text, order, after, position } = entry;
  const isKey = typeof key === 'string' && /^[!-~]{1,200}$/.test(key);
  const arePlaces = [order, after, position ?? 0].every(Number.isFinite);
  return isKey && typeof text === 'string' && arePlaces;
}

export const keepPending = (session: string, entry: StoredEntry) => storage.write(outboxKey(session, entry.key), JSON.stringify(entry));
export const dropPending = (session: string, key: string) => storage.remove(outboxKey(session, key));

/** Calls back with the key of a message that another tab has finished; answers how to stop. */
export function onPendingDropped(session: string, callback: (key: string) => void): () => void {
  const prefix = storage.fullKey(outboxKey(session, ''));
  const hear = ({ key, newValue }: StorageEvent) => {
    if (key?.startsWith(prefix) && newValue === null) callback(key.slice(prefix.length));
  };
  addEventListener('storage', hear);
  return () => removeEventListener('storage', hear);
}

/** Positions after which the assistant began anew. */
export function dividers(session: string): number[] {
  const positions = storage.readJson(`dividers.${session}`);
  return Array.isArray(positions) ? positions.filter(Number.isFinite) : [];
}

export function addDivider(session: string, position: number): void {
  const positions = new Set([...dividers(session), position]);
  storage.write(`dividers.${session}`, JSON.stringify([...positions].sort((a, b) => a - b).slice(-MAX_DIVIDERS)));
}
