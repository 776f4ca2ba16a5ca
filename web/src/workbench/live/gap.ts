// Counts what was missed while the connection was gone, to say so once: "caught up 14 events".

/** Without another missed event for this long, it has caught up. */
const QUIET_MS = 400;

export class GapCounter {
  #isCounting = false;
  #count = 0;
  #backAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tell: (count: number) => void;

  constructor(tell: (count: number) => void) {
    this.#tell = tell;
  }

  /**
   * The connection is back. `serverTime` has whole seconds: what is recorded in that second still counts as missed. How long the
   * first missed event takes to arrive is the network's to say.
   */
  back(serverTime: number | null): void {
    clearTimeout(this.#timer);
    this.#count = 0;
    this.#isCounting = true;
    this.#backAt = (serverTime ?? Date.now()) + 999;
  }

  event(recordedAt: string): void {
    if (!this.#isCounting) return;
    if (Date.parse(recordedAt) > this.#backAt) return this.#done();
    this.#count += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#done(), QUIET_MS);
  }

  #done(): void {
    clearTimeout(this.#timer);
    this.#isCounting = false;
    if (this.#count > 0) this.#tell(this.#count);
    this.#count = 0;
  }
}
