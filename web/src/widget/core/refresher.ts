// Asks the server for the newest messages, whenever something happened.
//
// Invariant: one request at a time; calls meanwhile are answered by one more.

import type { Conversation } from './conversation.ts';
import type { SessionAnswer } from './shapes.ts';
import { backoffMs, wait } from './patience.ts';
import { Problem } from './problem.ts';

/** Events come in bursts: a message, a run, a reply. They are asked about together. */
const DEBOUNCE_MS = 150;

interface RefresherParts {
  fetch(minPosition: number | undefined): Promise<SessionAnswer | null>;
  conversation: Conversation;
  /** The server refuses, and will go on to. */
  failed(error: unknown): void;
  changed(): void;
}

export class Refresher {
  /** Whether the server could not be reached at the last try. */
  isFailing = false;
  #parts: RefresherParts;
  #wantedPosition = 0;
  #isWantedAgain = false;
  #running: Promise<void> | null = null;
  #heard = new Set<number>();
  #hearTimer: ReturnType<typeof setTimeout> | undefined;
  #end = new AbortController();

  constructor(parts: RefresherParts) {
    this.#parts = parts;
  }

  /** Asks for the newest messages, as of this position at least. */
  refresh(position = 0): Promise<void> {
    this.#wantedPosition = Math.max(this.#wantedPosition, position);
    this.#isWantedAgain = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Something happened at this position. */
  hear(position: number): void {
    this.#heard.add(position);
    clearTimeout(this.#hearTimer);
    this.#hearTimer = setTimeout(() => {
      const { conversation } = this.#parts;
      const isNews = (heard: number) => heard > conversation.syncedTo && !conversation.has(heard);
      const news = [...this.#heard].filter(isNews);
      this.#heard.clear();
      if (news.length > 0) void this.refresh(Math.max(...news));
    }, DEBOUNCE_MS);
  }

  /** The log is another one: positions of the old one say nothing. */
  forget(): void {
    this.#wantedPosition = 0;
    this.#heard.clear();
  }

  stop(): void {
    clearTimeout(this.#hearTimer);
    this.#end.abort();
  }

  async #run(): Promise<void> {
    for (let attempt = 0; this.#isWantedAgain && !this.#end.signal.aborted; ) {
      this.#isWantedAgain = false;
      const minPosition = this.#wantedPosition;
      try {
        const answer = await this.#parts.fetch(minPosition || undefined);
        if (this.#end.signal.aborted) return;
        this.#parts.conversation.sync(answer);
        if (this.#wantedPosition === minPosition) this.#wantedPosition = 0;
        this.isFailing = false;
        attempt = 0;
      } catch (error) {
        attempt = await this.#afterError(error, attempt);
      }
      this.#parts.changed();
    }
    // In the same step as the last look at #isWantedAgain, so that no call falls between the two.
    this.#running = null;
  }

  async #afterError(error: unknown, attempt: number): Promise<number> {
    if (error instanceof Problem && !error.isTemporary) {
      this.#wantedPosition = 0;
      this.#parts.failed(error);
      return attempt;
    }
    const retryAfterMs = error instanceof Problem ? error.retryAfterMs : null;
    this.isFailing = true;
    this.#isWantedAgain = true;
    this.#parts.changed();
    const ms = Math.max(backoffMs(attempt), retryAfterMs ?? 0);
    await wait(ms, { patiently: retryAfterMs != null, signal: this.#end.signal });
    return attempt + 1;
  }
}
