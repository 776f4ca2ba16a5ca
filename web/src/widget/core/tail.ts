// Follows what happens in the session, from wherever it comes: another tab, an agent, a policy. It tells which events
// there were; what they mean for the widget is asked of the server's list of messages.
//
// Invariant: after a lost connection it goes on behind the last event that it has seen.

import { Problem } from './problem.ts';
import { backoffMs, wait, watchdog } from './patience.ts';
import { readEvents, type SseEvent } from '../../shared/sse.ts';

/** The server sends a comment every 15 s. */
const SILENCE_MS = 50_000;
const STEADY_MS = 5_000;

export interface Place {
  after: number;
  lastEventId: string;
}

export interface LogEvent {
  position: number;
  type: string;
  data?: Record<string, unknown>;
}

export interface TypingFrame {
  by: string;
  is_typing: boolean;
  agent_name?: string;
}

export interface TailHooks {
  event(event: LogEvent): void;
  /** Somebody writes at this moment, or has stopped. */
  typing(frame: TypingFrame): void;
  /** The log is another one, and everything is to be asked anew. */
  reset(): void;
  /** There is no such session, or it is no longer ours. */
  gone(): void;
  state(isOpen: boolean): void;
}

export type OpenEvents = (place: Place & { signal: AbortSignal }) => Promise<Response>;

type End = { kind: 'lost'; retryAfterMs?: number | null } | { kind: 'reset' } | { kind: 'gone' };

export class Tail {
  #open: OpenEvents;
  #hooks: TailHooks;
  #stop: AbortController | null = null;

  constructor({ open, hooks }: { open: OpenEvents; hooks: TailHooks }) {
    this.#open = open;
    this.#hooks = hooks;
  }

  get isStarted(): boolean {
    return this.#stop !== null;
  }

  /** Follows what happens after this position. */
  start(after: number): void {
    this.stop();
    this.#stop = new AbortController();
    void this.#run(after, this.#stop.signal);
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = null;
  }

  async #run(after: number, stopped: AbortSignal): Promise<void> {
    const place: Place = { after, lastEventId: '' };
    for (let attempt = 0; ; attempt += 1) {
      const began = Date.now();
      const end = await this.#attempt(place, stopped);
      if (stopped.aborted) return;
      if (end.kind !== 'lost') {
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

  async #attempt(place: Place, stopped: AbortSignal): Promise<End> {
    const abort = new AbortController();
    const forward = () => abort.abort();
    stopped.addEventListener('abort', forward);
    const dog = watchdog(SILENCE_MS, forward);
    try {
      const response = await this.#open({ ...place, signal: abort.signal });
      this.#hooks.state(true);
      for await (const event of readEvents(response.body!, dog.alive)) {
        if (stopped.aborted) break;
        if (event.type === 'reset') return { kind: 'reset' };
        if (event.type === 'reauthenticate') return { kind: 'gone' };
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

  #tell(event: SseEvent): void {
    let envelope: Partial<LogEvent> | null;
    try {
      envelope = JSON.parse(event.data);
    } catch {
      return;
    }
    // Without a position it is not of the log: who is typing, or that the stream is about to end.
    if (event.type === 'typing') this.#hooks.typing(envelope as unknown as TypingFrame);
    else if (Number.isFinite(envelope?.position)) this.#hooks.event({ type: event.type, ...envelope } as LogEvent);
  }
}

function endOf(error: unknown): End {
  if (!(error instanceof Problem)) return { kind: 'lost' };
  if (error.status === 404) return { kind: 'gone' };
  if ([400, 409, 410, 422].includes(error.status)) return { kind: 'reset' };
  return { kind: 'lost', retryAfterMs: error.retryAfterMs };
}
