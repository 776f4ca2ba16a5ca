// Follows what happens in the session, from wherever it comes: another tab, an agent, a policy. It tells which events
// there were; what they mean for the page is asked of the server's list of messages.
//
// Invariant: after a lost connection it goes on behind the last event that it has seen.

import { Problem } from './api.js';
import { backoffMs, wait, watchdog } from './patience.js';
import { readEvents } from './sse.js';

/** The server sends a comment every 15 s. */
const SILENCE_MS = 50_000;
const STEADY_MS = 5_000;

/**
 * `open({ after, lastEventId, signal })` starts a stream. `hooks`: `event({ position, type, data })`; `reset()` when the
 * log is another one and everything is to be asked anew; `gone()` when there is no such session; `state(isOpen)`.
 */
export class Tail {
  #open;
  #hooks;
  #stop = null;

  constructor({ open, hooks }) {
    this.#open = open;
    this.#hooks = hooks;
  }

  get isStarted() {
    return this.#stop !== null;
  }

  /** Follows what happens after this position. */
  start(after) {
    this.stop();
    this.#stop = new AbortController();
    this.#run(after, this.#stop.signal);
  }

  stop() {
    this.#stop?.abort();
    this.#stop = null;
  }

  async #run(after, stopped) {
    const place = { after, lastEventId: '' };
    for (let attempt = 0; ; attempt += 1) {
      const began = Date.now();
      const end = await this.#attempt(place, stopped);
      if (stopped.aborted) return;
      if (end.kind === 'reset' || end.kind === 'gone') {
        this.stop();
        this.#hooks[end.kind]();
        return;
      }
      this.#hooks.state(false);
      if (Date.now() - began >= STEADY_MS) attempt = 0;
      const { retryAfterMs } = end;
      const ms = Math.max(backoffMs(attempt), retryAfterMs ?? 0);
      await wait(ms, { signal: stopped, patiently: retryAfterMs != null });
      if (stopped.aborted) return;
    }
  }

  async #attempt(place, stopped) {
    const abort = new AbortController();
    const forward = () => abort.abort();
    stopped.addEventListener('abort', forward);
    const dog = watchdog(SILENCE_MS, forward);
    try {
      const response = await this.#open({ ...place, signal: abort.signal });
      this.#hooks.state(true);
      for await (const event of readEvents(response.body, dog.alive)) {
        if (stopped.aborted) break;
        if (event.type === 'reset') return { kind: 'reset' };
        if (event.id) place.lastEventId = event.id;
        this.#tell(event);
      }
      return { kind: 'lost' };
    } catch (error) {
      return endOf(error);
    } finally {
      dog.stop();
      stopped.removeEventListener('abort', forward);
      abort.abort();
    }
  }

  #tell(event) {
    let envelope;
    try {
      envelope = JSON.parse(event.data);
    } catch {
      return;
    }
    // Without a position it is not of the log: who is typing, or that the stream is about to end.
    if (Number.isFinite(envelope?.position)) this.#hooks.event({ ...envelope, type: envelope.type ?? event.type });
  }
}

function endOf(error) {
  if (!(error instanceof Problem)) return { kind: 'lost' };
  if (error.status === 404) return { kind: 'gone' };
  if ([400, 409, 410, 422].includes(error.status)) return { kind: 'reset' };
  return { kind: 'lost', retryAfterMs: error.retryAfterMs };
}
