// One connection to the server's event stream: opened again for as long as it is wanted, from the position it had reached.
//
// Invariant: every event is given on once and in order. The position moves only with frames that have an id.
import { readEvents } from '@shared/sse';

import { authFetch } from '../api/client';
import { Problem } from '../api/problem';
import { SERVER } from '../api/server';
import { frameOf, type Frame } from './frames';

export type ConnectionState = 'connecting' | 'live' | 'lost' | 'denied';

export interface Source {
  /** `scope=all` for who may supervise; the ids to watch otherwise. */
  query(): URLSearchParams;
  onFrame(frame: Frame): void;
  onState(state: ConnectionState): void;
  /** A session that is watched is not there. */
  onUnknown(): void;
  /** The server's clock when a connection that was lost is back, in milliseconds; null if it does not say. */
  onBack(serverTime: number | null): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** The server sends a comment every 15 seconds; three missed are a dead connection. */
const SILENCE_MS = 45_000;

export class Connection {
  position: number;
  #source: Source;
  #abort = new AbortController();
  #isOver = false;
  #wasLost = false;
  #pause = FIRST_PAUSE_MS;
  #wake: () => void = () => {};

  constructor(source: Source, position: number) {
    this.#source = source;
    this.position = position;
  }

  /** Runs until `end`. */
  async run(): Promise<void> {
    addEventListener('online', this.#hurry);
    document.addEventListener('resume', this.#thawed);
    while (!this.#isOver) {
      this.#source.onState(this.#wasLost ? 'lost' : 'connecting');
      const again = await this.#connectOnce().catch((error: unknown) => this.#failed(error));
      if (!again || this.#isOver) break;
      await this.#rest();
    }
    removeEventListener('online', this.#hurry);
    document.removeEventListener('resume', this.#thawed);
  }

  /** Opens it anew at once, for other sessions to watch. */
  restart(): void {
    this.#pause = 0;
    this.#abort.abort();
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#abort.abort();
    this.#wake();
  }

  #hurry = (): void => this.#wake();

  /** The browser froze the page: what is connected may be dead and not say so. */
  #thawed = (): void => {
    this.#wasLost = true;
    this.restart();
  };

  async #connectOnce(): Promise<boolean> {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const query = this.#source.query();
    if (this.position > 0) query.set('after', String(this.position));
    const response = await authFetch(new Request(`${SERVER}/api/agent/events?${query}`, { signal }));
    if (!response.ok || response.body === null) return this.#refused(response.status);
    this.#isBack(response);
    const watchdog = this.#watch();
    try {
      for await (const raw of readEvents(response.body, watchdog.alive)) this.#take(raw.id, frameOf(raw));
    } finally {
      watchdog.stop();
    }
    this.#wasLost = true;
    return true;
  }

  #take(id: string | null, frame: Frame | null): void {
    if (id !== null) this.position = Number(id.split('-').pop());
    if (frame?.kind === 'reset') this.position = 0;
    if (frame) this.#source.onFrame(frame);
  }

  #isBack(response: Response): void {
    this.#pause = FIRST_PAUSE_MS;
    if (this.#wasLost) {
      const date = Date.parse(response.headers.get('date') ?? '');
      this.#source.onBack(Number.isNaN(date) ? null : date);
    }
    this.#wasLost = false;
    this.#source.onState('live');
  }

  #watch(): { alive: () => void; stop: () => void } {
    const give = (): void => this.#abort.abort();
    let timer = setTimeout(give, SILENCE_MS);
    const stop = (): void => clearTimeout(timer);
    const alive = (): void => {
      stop();
      timer = setTimeout(give, SILENCE_MS);
    };
    return { alive, stop };
  }

  #refused(status: number): boolean {
    if (status === 403) {
      this.#source.onState('denied');
      return false;
    }
    // The log that we had read from is another one now: forget what is known, and begin with what happens from now on.
    if (status === 409) {
      this.position = 0;
      this.#source.onFrame({ kind: 'reset' });
    }
    if (status === 404 || status === 400) this.#source.onUnknown();
    this.#wasLost = true;
    return true;
  }

  #failed(error: unknown): boolean {
    const isRestart = error instanceof DOMException && error.name === 'AbortError' && this.#pause === 0;
    if (!isRestart) this.#wasLost = true;
    return error instanceof Problem || error instanceof DOMException || error instanceof TypeError;
  }

  async #rest(): Promise<void> {
    if (this.#pause > 0) this.#source.onState('lost');
    const pause = this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, pause * 2));
    if (pause === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
