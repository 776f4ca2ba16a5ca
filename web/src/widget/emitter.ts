// Tells the shop's page what happens. A listener that throws hurts nobody else.

export type EventName = 'ready' | 'open' | 'close' | 'message' | 'status' | 'unread' | 'error';
type Listener = (detail: unknown) => void;

export class Emitter {
  #listeners = new Map<string, Set<Listener>>();

  /** Calls the listener at each such event; answers how to stop. */
  on(event: EventName, listener: Listener): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  emit(event: EventName, detail: object): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      // Outside of our own work, and reported as the page's own error.
      queueMicrotask(() => listener(detail));
    }
  }
}
