// The page as the browser treats it: looked at or not, frozen and thawed, with a network or without.
//
// Invariant: nothing is heard any more once the signal has come.

import { wakeAll } from './patience.ts';

/** A tab that nobody has looked at for so long gives its connection back: a browser has six for all tabs. */
const PAUSE_HIDDEN_AFTER_MS = 60_000;

interface PageLifeHooks {
  /** There is a network, or none any more. */
  changed(): void;
  /** Nobody has looked for a while. */
  pause(): void;
  /** Somebody looks. `isStale`: connections are dead, and do not say so. */
  resume(isStale: boolean): void;
}

export function watchPage({ changed, pause, resume }: PageLifeHooks, signal: AbortSignal): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = (target: EventTarget, name: string, hear: (event: Event) => void) =>
    target.addEventListener(name, hear, { signal });
  const back = (isStale: boolean) => {
    wakeAll();
    resume(isStale);
  };
  listen(window, 'online', () => {
    wakeAll();
    changed();
  });
  listen(window, 'offline', changed);
  listen(document, 'visibilitychange', () => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') timer = setTimeout(pause, PAUSE_HIDDEN_AFTER_MS);
    else back(false);
  });
  // The browser froze the page, or kept it for the way back.
  listen(document, 'resume', () => back(true));
  listen(window, 'pageshow', (event) => (event as PageTransitionEvent).persisted && back(true));
  signal.addEventListener('abort', () => clearTimeout(timer));
}
