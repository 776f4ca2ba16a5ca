// Brings the customer's messages to the server and their answers back, through lost connections and killed servers.
//
// Invariants: a message is repeated, with its key, until the server has answered it or has refused it for good, so it is
// neither lost nor taken twice; messages reach the server in the order in which they were written, because the next one
// goes only when the one before has been accepted; what is shown of an answer is what one stream has brought, because
// every stream brings it from its beginning.

import { UNANSWERED, suggestionsOf } from './conversation.ts';
import { backoffMs, wait, watchdog } from './patience.ts';
import { Problem } from './problem.ts';
import type { Entry, Failure, StoredEntry } from './shapes.ts';
import { readEvents, type SseEvent } from '../../shared/sse.ts';

/**
 * A browser has six connections to a server over HTTP/1.1, all tabs together; the rest must get through as well. When a
 * further message needs one, an accepted message that nothing has come for yet gives its own back: it is on record, its
 * answer is made with or without a listener, and is asked for again when a connection is free.
 */
const MAX_STREAMS = 3;
/** The server sends a comment every 15 s: after three of them in vain the connection is dead. */
const SILENCE_MS = 50_000;
/** A connection that held this long was a good one: waiting begins anew with the shortest time. */
const STEADY_MS = 5_000;
/** How long the end of a stream is waited for after its last frame. */
const LINGER_MS = 2_000;

type End =
  | { kind: 'settled' }
  | { kind: 'lost'; retryAfterMs: number | null }
  | { kind: 'failed' | 'redirected'; failure: Failure };

const SETTLED: End = { kind: 'settled' };
/** So often a message goes to the other recipient, the assistant or a person, when the one is not there any more. */
const MAX_REDIRECTS = 3;

/** A frame of the answer's stream. */
interface Frame {
  type: string;
  position?: number;
  content?: string;
  status?: string;
  suggestions?: unknown;
  agent_info?: { agent_name?: string | null };
}

export interface SenderHooks {
  accepted(entry: Entry & { position: number }): void;
  answered(entry: Entry, position: number | undefined): void;
  statusChanged(frame: Frame): void;
  changed(): void;
}

export interface SenderParts {
  /** Starts the stream of a message's answer. */
  open(entry: Entry, signal: AbortSignal): Promise<Response>;
  /** Answers the position. */
  sendToPerson(entry: Entry): Promise<number>;
  /** Whether a person answers now, or will. */
  isWithPerson(): boolean;
  store: { keep(entry: StoredEntry): void; drop(key: string): void };
  hooks: SenderHooks;
}

/** `phase` of an entry: queued → sending → answering, `lost` or `waiting` in between, `failed` at the end. */
export class Sender {
  #entries: Entry[] = [];
  #parts: SenderParts;
  #started = false;
  #stopped = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** Messages that are not yet answered, in order. */
  get entries(): Entry[] {
    return this.#entries;
  }

  /** Takes up what was pending when the page was closed. */
  restore(stored: StoredEntry[]): void {
    this.#entries = stored.map((kept) => ({ ...kept, phase: kept.failure ? 'failed' : 'queued', answer: '' }));
  }

  /** Begins to send; until then messages wait. */
  start(): void {
    this.#started = true;
    this.#pump();
  }

  /** Sends and keeps nothing any more: the customer has left. */
  stop(): void {
    this.#stopped = true;
    for (const entry of this.#entries) entry.abort?.abort();
    this.#entries = [];
  }

  /** `after`: the newest position that was known when the message was written. */
  send(message: Pick<StoredEntry, 'key' | 'text' | 'after' | 'parameters'>): void {
    const now = Date.now();
    this.#enqueue({ ...message, createdAt: now, order: this.#orderAfter(now), phase: 'queued', answer: '' });
  }

  /** Once more, with the same key: should the server have taken it after all, it will not take it again. */
  retry(key: string): void {
    const entry = this.#remove(key);
    if (!entry) return;
    const order = this.#orderAfter(Date.now());
    this.#enqueue({ ...entry, order, phase: 'queued', answer: '', failure: undefined });
  }

  /** Gives up a message that has failed; answers its text. */
  withdraw(key: string): string | null {
    const entry = this.#entries.find((known) => known.key === key);
    if (entry?.phase !== 'failed') return null;
    this.#remove(key);
    this.#parts.store.drop(key);
    this.#parts.hooks.changed();
    return entry.text;
  }

  /** Another tab has finished or given up this message. */
  droppedElsewhere(key: string): void {
    const entry = this.#entries.find((known) => known.key === key);
    if (entry?.phase === 'failed' || entry?.phase === 'queued') this.#remove(key);
    this.#parts.hooks.changed();
  }

  #orderAfter(now: number): number {
    return Math.max(now, (this.#entries.at(-1)?.order ?? 0) + 1);
  }

  #enqueue(entry: Entry): void {
    this.#entries.push(entry);
    this.#keep(entry);
    this.#pump();
    this.#parts.hooks.changed();
  }

  #remove(key: string): Entry | null {
    const index = this.#entries.findIndex((entry) => entry.key === key);
    return index < 0 ? null : this.#entries.splice(index, 1)[0]!;
  }

  #keep({ key, text, after, createdAt, order, position, failure, parameters }: Entry): void {
    this.#parts.store.keep({ key, text, after, createdAt, order, position, failure, parameters });
  }

  #pump(): void {
    if (!this.#started || this.#stopped) return;
    const running = this.#entries.filter(isRunning);
    const unsent = this.#entries.find((entry) => entry.phase === 'queued' && entry.position === undefined);
    if (unsent) {
      const isInOrder = running.every((entry) => entry.position !== undefined);
      if (isInOrder && (running.length < MAX_STREAMS || park(running))) this.#start(unsent);
      return;
    }
    const free = Math.max(0, MAX_STREAMS - running.length);
    const parked = this.#entries.filter((entry) => entry.phase === 'queued');
    for (const entry of parked.slice(0, free)) this.#start(entry);
  }

  #start(entry: Entry): void {
    entry.phase = 'sending';
    void this.#run(entry);
  }

  async #run(entry: Entry): Promise<void> {
    entry.isToPerson = entry.position === undefined && this.#parts.isWithPerson();
    for (let [attempt, redirects] = [0, 0]; ; attempt += 1) {
      const began = Date.now();
      const end = await this.#attempt(entry);
      if (this.#stopped) return;
      if (end.kind === 'redirected' && redirects < MAX_REDIRECTS) {
        entry.isToPerson = !entry.isToPerson;
        redirects += 1;
        continue;
      }
      if (end.kind === 'redirected') return this.#fail(entry, end.failure);
      if (end.kind === 'settled') return this.#settle(entry);
      if (end.kind === 'failed') return this.#fail(entry, end.failure);
      if (entry.isParked) return this.#parked(entry);
      if (Date.now() - began >= STEADY_MS) attempt = 0;
      await this.#pause(entry, end.kind === 'lost' ? end.retryAfterMs : null, attempt);
      if (this.#stopped) return;
    }
  }

  #settle(entry: Entry): void {
    this.#remove(entry.key);
    this.#parts.store.drop(entry.key);
    this.#pump();
    this.#parts.hooks.changed();
  }

  #parked(entry: Entry): void {
    Object.assign(entry, { phase: 'queued', isParked: false });
    this.#pump();
  }

  #fail(entry: Entry, failure: Failure): void {
    Object.assign(entry, { phase: 'failed', failure, answer: '' });
    this.#keep(entry);
    this.#pump();
    this.#parts.hooks.changed();
  }

  async #pause(entry: Entry, retryAfterMs: number | null, attempt: number): Promise<void> {
    const ms = Math.max(backoffMs(attempt), retryAfterMs ?? 0);
    const patiently = retryAfterMs != null;
    Object.assign(entry, { phase: patiently ? 'waiting' : 'lost', retryAt: Date.now() + ms });
    this.#parts.hooks.changed();
    await wait(ms, { patiently });
  }

  async #attempt(entry: Entry): Promise<End> {
    const abort = new AbortController();
    entry.abort = abort;
    const dog = watchdog(SILENCE_MS, () => abort.abort());
    try {
      if (entry.isToPerson) return this.#accept(entry, await this.#parts.sendToPerson(entry));
      const response = await this.#parts.open(entry, abort.signal);
      return await this.#receive(entry, readEvents(response.body!, dog.alive), abort);
    } catch (error) {
      if (!(error instanceof Problem)) return lost();
      if (error.isTemporary) return lost(error.retryAfterMs);
      return refused(entry, { status: error.status, code: error.code, detail: error.detail });
    } finally {
      dog.stop();
      abort.abort();
    }
  }

  /** A person reads it: nothing more is to come by this request. */
  #accept(entry: Entry, position: number): End {
    this.#parts.hooks.accepted(Object.assign(entry, { position }));
    return SETTLED;
  }

  async #receive(entry: Entry, events: AsyncIterable<SseEvent>, abort: AbortController): Promise<End> {
    let isFirst = true;
    let end: End | null = null;
    try {
      for await (const event of events) {
        const frame = end === null ? frameOf(event) : null;
        if (!frame) continue;
        if (isFirst) Object.assign(entry, { answer: '', phase: 'answering', isHandedOver: false, hasStatusChanged: false });
        isFirst = false;
        end = this.#take(entry, frame);
        this.#parts.hooks.changed();
        // The server ends the stream now. One that is cut off instead is a failure in the browser's list of requests.
        if (end) setTimeout(() => abort.abort(), LINGER_MS);
      }
    } catch (error) {
      if (!end) throw error;
    }
    // A person answers, or nobody does: nothing more was to come.
    return end ?? (entry.isHandedOver ? SETTLED : lost());
  }

  /** Takes one frame in; answers how the message ended, if it did. */
  #take(entry: Entry, frame: Frame): End | null {
    switch (frame.type) {
      case 'accepted':
        this.#keep(Object.assign(entry, { position: frame.position }));
        this.#parts.hooks.accepted(entry as Entry & { position: number });
        this.#pump();
        return null;
      case 'message':
        entry.answer += frame.content ?? '';
        return null;
      case 'restart':
        entry.answer = '';
        return null;
      case 'withdrawn':
        Object.assign(entry, { answer: '', isHandedOver: true });
        return null;
      case 'status_change':
        entry.hasStatusChanged = true;
        // A stream that ends after one of these was complete.
        entry.isHandedOver ||= UNANSWERED.has(frame.status ?? '');
        this.#parts.hooks.statusChanged(frame);
        return null;
      case 'done':
        entry.suggestions = suggestionsOf(frame);
        this.#parts.hooks.answered(entry, frame.position);
        return SETTLED;
      case 'error':
        return endOfError(entry, frame.content ?? '');
      default:
        return null;
    }
  }
}

/** Has one accepted message give back its connection; false if there is none to give. */
function park(running: Entry[]): boolean {
  const spare = running.find((entry) => entry.phase === 'answering' && entry.answer === '' && !entry.isParked);
  if (!spare) return false;
  spare.isParked = true;
  spare.abort?.abort();
  return true;
}

const isRunning = (entry: Entry) => entry.phase !== 'queued' && entry.phase !== 'failed';
const lost = (retryAfterMs: number | null = null): End => ({ kind: 'lost', retryAfterMs });

/** A no that only means that the other recipient has the session now is no end, as long as the message is not on record. */
function refused(entry: Entry, failure: Failure): End {
  const isElsewhere = failure.code === (entry.isToPerson ? 'NOT_IN_MANUAL_MODE' : 'SESSION_IN_MANUAL_MODE');
  return { kind: isElsewhere && entry.position === undefined ? 'redirected' : 'failed', failure };
}

function frameOf(event: SseEvent): Frame | null {
  try {
    const frame = JSON.parse(event.data);
    return typeof frame?.type === 'string' ? frame : null;
  } catch {
    return null;
  }
}

/** `CODE: what it is about`, or a sentence. */
function endOfError(entry: Entry, content: string): End {
  const code = /^([A-Z][A-Z_]+)(?::|$)/.exec(content)?.[1] ?? '';
  // It is on record, and a person will answer it.
  if (code === 'SESSION_IN_MANUAL_MODE' && entry.position !== undefined) return SETTLED;
  return refused(entry, { status: 0, code, detail: content });
}
