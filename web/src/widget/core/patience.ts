// How long to wait before trying again, and a wait that can be cut short: when the network or the reader comes back,
// everybody who waits tries at once.

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/** 0.5 s, 1 s, 2 s … 10 s, each taken between a half and the whole of it, so that many clients do not come together. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return whole * (0.5 + random() / 2);
}

const waiting = new Set<() => void>();

interface WaitOptions {
  signal?: AbortSignal;
  /** The server has set the time: `wakeAll` does not cut it short. */
  patiently?: boolean;
}

/** Waits; ends early when the signal aborts and on `wakeAll`, the latter not when the server has set the time. */
export function wait(ms: number, { signal, patiently = false }: WaitOptions = {}): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      waiting.delete(end);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (!patiently) waiting.add(end);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end);
  });
}

/** Ends all waits. */
export function wakeAll(): void {
  for (const end of [...waiting]) end();
}

export interface Watchdog {
  alive: () => void;
  stop: () => void;
}

/** Calls `onSilence` when `alive()` has not been called for so long; `stop()` when no longer needed. */
export function watchdog(ms: number, onSilence: () => void): Watchdog {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(onSilence, ms);
  };
  alive();
  return { alive, stop: () => clearTimeout(timer) };
}
