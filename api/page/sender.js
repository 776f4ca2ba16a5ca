// Brings the customer's messages to the server and their answers back, through lost connections and killed servers.
//
// Invariants: a message is repeated, with its key, until the server has answered it or has refused it for good, so it is
// neither lost nor taken twice; messages reach the server in the order in which they were written, because the next one
// goes only when the one before has been accepted; what is shown of an answer is what one stream has brought, because
// every stream brings it from its beginning.

import { Problem } from './api.js';
import { UNANSWERED, suggestionsOf } from './conversation.js';
import { backoffMs, wait, watchdog } from './patience.js';
import { readEvents } from './sse.js';

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

const SETTLED = { kind: 'settled' };
/** So often a message goes to the other recipient, the assistant or a person, when the one is not there any more. */
const MAX_REDIRECTS = 3;

/**
 * `phase` of an entry: queued → sending → answering, `lost` or `waiting` in between, `failed` at the end.
 * `hooks`: `accepted(entry)`, `answered(entry, position)`, `statusChanged(frame)`, `changed()`.
 * `store`: `keep(entry)`, `drop(key)`. `open({ key, text, signal })` starts a stream.
 * `isWithPerson()`: whether a person answers now, or will; `sendToPerson({ key, text })` answers the position.
 */
export class Sender {
  #entries = [];
  #open;
  #sendToPerson;
  #isWithPerson;
  #store;
  #hooks;
  #started = false;

  constructor({ open, sendToPerson, isWithPerson, store, hooks }) {
    this.#open = open;
    this.#sendToPerson = sendToPerson;
    this.#isWithPerson = isWithPerson;
    this.#store = store;
    this.#hooks = hooks;
  }

  /** Messages that are not yet answered, in order. */
  get entries() {
    return this.#entries;
  }

  /** Takes up what was pending when the page was closed. */
  restore(stored) {
    this.#entries = stored.map((kept) => ({ ...kept, phase: kept.failure ? 'failed' : 'queued', answer: '' }));
  }

  /** Begins to send; until then messages wait. */
  start() {
    this.#started = true;
    this.#pump();
  }

  /** `after`: the newest position that was known when the message was written. */
  send({ key, text, after }) {
    const now = Date.now();
    this.#enqueue({ key, text, after, createdAt: now, order: this.#orderAfter(now), phase: 'queued', answer: '' });
  }

  /** Once more, with the same key: should the server have taken it after all, it will not take it again. */
  retry(key) {
    const entry = this.#remove(key);
    if (!entry) return;
    const order = this.#orderAfter(Date.now());
    this.#enqueue({ ...entry, order, phase: 'queued', answer: '', failure: undefined });
  }

  /** Gives up a message that has failed; answers its text. */
  withdraw(key) {
    const entry = this.#entries.find((known) => known.key === key);
    if (entry?.phase !== 'failed') return null;
    this.#remove(key);
    this.#store.drop(key);
    this.#hooks.changed();
    return entry.text;
  }

  /** Another tab has finished or given up this message. */
  droppedElsewhere(key) {
    const entry = this.#entries.find((known) => known.key === key);
    if (entry?.phase === 'failed' || entry?.phase === 'queued') this.#remove(key);
    this.#hooks.changed();
  }

  #orderAfter(now) {
    return Math.max(now, (this.#entries.at(-1)?.order ?? 0) + 1);
  }

  #enqueue(entry) {
    this.#entries.push(entry);
    this.#keep(entry);
    this.#pump();
    this.#hooks.changed();
  }

  #remove(key) {
    const index = this.#entries.findIndex((entry) => entry.key === key);
    return index < 0 ? null : this.#entries.splice(index, 1)[0];
  }

  #keep({ key, text, after, createdAt, order, position, failure }) {
    this.#store.keep({ key, text, after, createdAt, order, position, failure });
  }

  #pump() {
    if (!this.#started) return;
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

  #start(entry) {
    entry.phase = 'sending';
    this.#run(entry);
  }

  async #run(entry) {
    entry.isToPerson = entry.position === undefined && this.#isWithPerson();
    for (let [attempt, redirects] = [0, 0]; ; attempt += 1) {
      const began = Date.now();
      const end = await this.#attempt(entry);
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
      await this.#pause(entry, end.retryAfterMs, attempt);
    }
  }

  #settle(entry) {
    this.#remove(entry.key);
    this.#store.drop(entry.key);
    this.#pump();
    this.#hooks.changed();
  }

  #parked(entry) {
    Object.assign(entry, { phase: 'queued', isParked: false });
    this.#pump();
  }

  #fail(entry, failure) {
    Object.assign(entry, { phase: 'failed', failure, answer: '' });
    this.#keep(entry);
    this.#pump();
    this.#hooks.changed();
  }

  async #pause(entry, retryAfterMs, attempt) {
    const ms = Math.max(backoffMs(attempt), retryAfterMs ?? 0);
    const patiently = retryAfterMs != null;
    Object.assign(entry, { phase: patiently ? 'waiting' : 'lost', retryAt: Date.now() + ms });
    this.#hooks.changed();
    await wait(ms, { patiently });
  }

  async #attempt(entry) {
    const abort = new AbortController();
    entry.abort = abort;
    const dog = watchdog(SILENCE_MS, () => abort.abort());
    try {
      if (entry.isToPerson) return this.#accept(entry, await this.#sendToPerson({ key: entry.key, text: entry.text }));
      const response = await this.#open({ key: entry.key, text: entry.text, signal: abort.signal });
      return await this.#receive(entry, readEvents(response.body, dog.alive));
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
  #accept(entry, position) {
    entry.position = position;
    this.#hooks.accepted(entry);
    return SETTLED;
  }

  async #receive(entry, events) {
    let isFirst = true;
    for await (const event of events) {
      const frame = frameOf(event);
      if (!frame) continue;
      if (isFirst) Object.assign(entry, { answer: '', phase: 'answering', isHandedOver: false });
      isFirst = false;
      const end = this.#take(entry, frame);
      this.#hooks.changed();
      if (end) return end;
    }
    // A person answers, or nobody does: nothing more was to come.
    return entry.isHandedOver ? SETTLED : lost();
  }

  /** Takes one frame in; answers how the message ended, if it did. */
  #take(entry, frame) {
    switch (frame.type) {
      case 'accepted':
        entry.position = frame.position;
        this.#keep(entry);
        this.#hooks.accepted(entry);
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
        // A stream that ends after one of these was complete.
        entry.isHandedOver ||= UNANSWERED.has(frame.status);
        this.#hooks.statusChanged(frame);
        return null;
      case 'done':
        entry.suggestions = suggestionsOf(frame);
        this.#hooks.answered(entry, frame.position);
        return SETTLED;
      case 'error':
        return endOfError(entry, frame.content ?? '');
      default:
        return null;
    }
  }
}

/** Has one accepted message give back its connection; false if there is none to give. */
function park(running) {
  const spare = running.find((entry) => entry.phase === 'answering' && entry.answer === '' && !entry.isParked);
  if (!spare) return false;
  spare.isParked = true;
  spare.abort.abort();
  return true;
}

const isRunning = (entry) => entry.phase !== 'queued' && entry.phase !== 'failed';
const lost = (retryAfterMs = null) => ({ kind: 'lost', retryAfterMs });
const failed = (failure) => ({ kind: 'failed', failure });

/** A no that only means that the other recipient has the session now is no end, as long as the message is not on record. */
function refused(entry, failure) {
  const isElsewhere = failure.code === (entry.isToPerson ? 'NOT_IN_MANUAL_MODE' : 'SESSION_IN_MANUAL_MODE');
  return isElsewhere && entry.position === undefined ? { kind: 'redirected', failure } : failed(failure);
}

function frameOf(event) {
  try {
    const frame = JSON.parse(event.data);
    return typeof frame?.type === 'string' ? frame : null;
  } catch {
    return null;
  }
}

/** `CODE: what it is about`, or a sentence. */
function endOfError(entry, content) {
  const code = /^([A-Z][A-Z_]+)(?::|$)/.exec(content)?.[1] ?? '';
  // It is on record, and a person will answer it.
  if (code === 'SESSION_IN_MANUAL_MODE' && entry.position !== undefined) return SETTLED;
  return refused(entry, { status: 0, code, detail: content });
}
