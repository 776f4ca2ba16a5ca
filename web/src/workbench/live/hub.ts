// One event stream for all tabs of a browser: the tab that holds the lock reads it and tells the others.
//
// Invariant: each tab hands every frame on once. Who takes the lock over goes on from the position that it had been told.
import { reactive } from 'vue';

import { uuid } from '@shared/uuid';

import { may } from '../api/sign_in';
import { Connection, type ConnectionState } from './connection';
import type { Frame } from './frames';
import { GapCounter } from './gap';

type Told =
  | { is: 'frame'; frame: Frame }
  | { is: 'state'; state: ConnectionState }
  | { is: 'back'; serverTime: number | null }
  | { is: 'watch'; tab: string; ids: string[] }
  | { is: 'hello'; tab: string }
  | { is: 'who' }
  | { is: 'bye'; tab: string };

/** What the server takes. */
const WATCHED = 20;
const LOCK = 'desk-live';

export const live = reactive({
  state: 'connecting' as ConnectionState,
  /** Whether this tab reads the stream for all. */
  isLeader: false,
});

const tab = uuid();
const channel: BroadcastChannel | null = 'BroadcastChannel' in globalThis ? new BroadcastChannel(LOCK) : null;
const listeners = new Set<(frame: Frame) => void>();
const watchedBy = new Map<string, string[]>();
/** Tabs that have been heard of: to none, frames need not be told. */
const others = new Set<string>();
const gap = new GapCounter((count) => {
  for (const listener of caughtUpListeners) listener(count);
});
const caughtUpListeners = new Set<(count: number) => void>();

/** What other tabs told before this one had read its lists. */
let early: Told[] | null = [];
let position = 0;
let connection: Connection | null = null;
let release: (() => void) | null = null;

export const onFrame = (listener: (frame: Frame) => void): void => void listeners.add(listener);
export const onCaughtUp = (listener: (count: number) => void): void => void caughtUpListeners.add(listener);

channel?.addEventListener('message', ({ data }) => {
  if (early) early.push(data as Told);
  else hear(data as Told);
});
// Before the lists are read: what is told from now on is kept, so that nothing is missed between them and the stream.
channel?.postMessage({ is: 'hello', tab } satisfies Told);

/** Follows the log from a position on: that of the lists that were read. */
export function start(from: number): void {
  if (early === null) return;
  position = from;
  const before = early;
  early = null;
  for (const told of before) hear(told);
  addEventListener('pagehide', () => channel?.postMessage({ is: 'bye', tab } satisfies Told));
  channel?.postMessage({ is: 'hello', tab } satisfies Told);
  const locks: LockManager | undefined = navigator.locks;
  if (channel && locks) void locks.request(LOCK, lead);
  // Plain http on another host has neither lock nor channel: each tab then reads for itself.
  else void lead();
}

export function stop(): void {
  connection?.end();
  release?.();
}

/** The sessions that this tab shows. */
export function watch(ids: string[]): void {
  channel?.postMessage({ is: 'watch', tab, ids } satisfies Told);
  note(tab, ids);
}

async function lead(): Promise<void> {
  live.isLeader = true;
  channel?.postMessage({ is: 'who' } satisfies Told);
  const source = {
    query,
    onFrame: (frame: Frame) => tell({ is: 'frame', frame }),
    onState: (state: ConnectionState) => tell({ is: 'state', state }),
    onBack: (serverTime: number | null) => tell({ is: 'back', serverTime }),
    // One of the sessions is not there: better none is watched than nothing is heard.
    onUnknown: () => watchedBy.clear(),
  };
  connection = new Connection(source, position);
  const over = new Promise<void>((resolve) => (release = resolve));
  await Promise.race([connection.run(), over]);
  live.isLeader = false;
}

function query(): URLSearchParams {
  const parameters = new URLSearchParams();
  if (may('session:supervise')) parameters.set('scope', 'all');
  // Also where all events come: answers in the making come for what is watched alone.
  if (watched().length > 0) parameters.set('watch', watched().join(','));
  return parameters;
}

const watched = (): string[] => [...new Set([...watchedBy.values()].flat())].slice(-WATCHED);

function note(by: string, ids: string[]): void {
  const before = watched().join();
  if (ids.length === 0) watchedBy.delete(by);
  else watchedBy.set(by, ids);
  if (connection && before !== watched().join()) connection.restart();
}

const sayWhatIsShown = (): void =>
  channel?.postMessage({ is: 'watch', tab, ids: watchedBy.get(tab) ?? [] } satisfies Told);

function tell(told: Told): void {
  if (others.size > 0) channel?.postMessage(told);
  hear(told);
}

function hear(told: Told): void {
  switch (told.is) {
    case 'frame':
      return hearFrame(told.frame);
    case 'state':
      live.state = told.state;
      return undefined;
    case 'back':
      return gap.back(told.serverTime);
    case 'watch':
      others.add(told.tab);
      return note(told.tab, told.ids);
    case 'hello':
      others.add(told.tab);
      if (live.isLeader) channel?.postMessage({ is: 'state', state: live.state } satisfies Told);
      return sayWhatIsShown();
    case 'who':
      return sayWhatIsShown();
    case 'bye':
      others.delete(told.tab);
      return note(told.tab, []);
  }
}

function hearFrame(frame: Frame): void {
  if (frame.kind === 'event') {
    if (frame.event.position <= position) return;
    position = frame.event.position;
    gap.event(frame.event.recorded_at);
  }
  if (frame.kind === 'reset') position = 0;
  for (const listener of listeners) listener(frame);
}
