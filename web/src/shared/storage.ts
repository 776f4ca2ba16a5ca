// What a browser remembers for a page, in localStorage: one entry per fact, so that two tabs do not overwrite each other's.
//
// Invariants: nothing here throws. Without localStorage (forbidden, full) everything works, until the page is closed. Widget and
// workbench may lie on one origin: each has a prefix of its own, and reads and removes nothing else.

export class Storage {
  readonly #prefix: string;
  /** What could not be stored: it is newer than what is. */
  readonly #memory = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What localStorage, and its `storage` events, call an entry. */
  fullKey(key: string): string {
    return this.#prefix + key;
  }

  read(key: string): string | null {
    try {
      return this.#memory.get(key) ?? localStorage.getItem(this.fullKey(key));
    } catch {
      return this.#memory.get(key) ?? null;
    }
  }

  /** A value that was stored as JSON, null where it is none. Whether it is what it should be, the caller has to see. */
  readJson(key: string): unknown {
    try {
      return JSON.parse(this.read(key) ?? 'null');
    } catch {
      return null;
    }
  }

  /** An empty value is none. */
  write(key: string, value: string): void {
    if (value === '') return this.remove(key);
    try {
      localStorage.setItem(this.fullKey(key), value);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, value);
    }
  }

  remove(key: string): void {
    this.#memory.delete(key);
    try {
      localStorage.removeItem(this.fullKey(key));
    } catch {
      // Then it is in no storage.
    }
  }

  /** Keys that begin so. */
  keysFrom(start: string): string[] {
    const keys = [...this.#memory.keys()];
    try {
      for (let i = 0; i < localStorage.length; i += 1) {
        const key = localStorage.key(i) ?? '';
        if (key.startsWith(this.#prefix)) keys.push(key.slice(this.#prefix.length));
      }
    } catch {
      // Then memory has them.
    }
    return keys.filter((key) => key.startsWith(start));
  }
}

/** An object, whose members may be anything. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
