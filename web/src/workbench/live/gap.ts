// Counts what was missed while the connection was gone, to say so once: "caught up 14 events".

/** Without another missed event for this long, it has caught up. */
const QUIET_MS = 400;

export class GapCounter {
  #count = 0;
  #backAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tell: (count: number) => void;

  constructor(tell: (count: number) => void) {
    this.#tell = tell;
  }

  /** The connection is back. `serverTime` has whole seconds: what is recorded in that second still counts as missed. */
  back(serverTime: number | null): void {
    this.#count = 0;
    this.#backAt = (serverTime ?? Date.now()) + 999;
    this.#wait();
  }

  event(recordedAt: string): void {
    if (this.#timer === undefined) return;
    if (Date.parse(recordedAt) > this.#backAt) return this.#done();
    this.#count += 1;
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#done(), QUIET_MS);
  }

  #done(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#count > 0) this.#tell(this.#count);
    this.#count = 0;
  }
}
