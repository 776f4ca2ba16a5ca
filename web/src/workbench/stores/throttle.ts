/**
 * At once, and again at the end of the pause if it was called meanwhile: never more often, and never too old. The promise is
 * that of the run itself, where this call began one.
 */
export function throttle(pauseMs: number, run: () => Promise<void>): () => Promise<void> {
  let isBusy = false;
  let isWanted = false;

  function rested(): void {
    isBusy = false;
    if (!isWanted) return;
    isWanted = false;
    void call();
  }

  async function call(): Promise<void> {
    if (isBusy) {
      isWanted = true;
      return;
    }
    isBusy = true;
    try {
      await run();
    } finally {
      setTimeout(rested, pauseMs);
    }
  }

  return call;
}
