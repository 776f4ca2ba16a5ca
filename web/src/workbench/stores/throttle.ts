/** At once, and again at the end of the pause if it was called meanwhile: never more often, and never too old. */
export function throttle(pauseMs: number, run: () => Promise<void>): () => Promise<void> {
  let isBusy = false;
  let isWanted = false;
  const call = async (): Promise<void> => {
    if (isBusy) {
      isWanted = true;
      return;
    }
    isBusy = true;
    await run();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    isBusy = false;
    if (isWanted) {
      isWanted = false;
      void call();
    }
  };
  return call;
}
