// Who the visitor is, by the word of the shop.
//
// Invariant: one change at a time; of two customers on one browser the second sees and sends nothing of the first.

import type { Api } from './api.ts';
import { backoffMs, wait } from './patience.ts';
import { Problem } from './problem.ts';
import * as store from './store.ts';

interface CustomerHooks {
  /** Another visitor from now on, without sessions. */
  changed(): void;
  /** The shop's word was not taken. */
  refused(code: string): void;
}

export class Customer {
  #api: Api;
  #hooks: CustomerHooks;
  #last: Promise<void> = Promise.resolve();

  constructor(api: Api, hooks: CustomerHooks) {
    this.#api = api;
    this.#hooks = hooks;
  }

  identify(identityToken: string): Promise<void> {
    return this.#next(() => this.#api.identify(identityToken));
  }

  signOut(): Promise<void> {
    return this.#next(async () => {
      // Whoever never wrote has nothing to leave.
      if (store.token()) await this.#api.signOut();
    });
  }

  #next(command: () => Promise<unknown>): Promise<void> {
    this.#last = this.#last.then(() => this.#run(command));
    return this.#last;
  }

  async #run(command: () => Promise<unknown>): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const before = store.token();
      try {
        await command();
        return this.#compare(before);
      } catch (error) {
        if (error instanceof Problem && !error.isTemporary) {
          // The visitor's token is over: without one, the shop's word makes a new visitor.
          const isOver = error.status === 401 && error.code === 'UNAUTHORIZED' && before !== null;
          if (!isOver) return this.#hooks.refused(error.code);
          store.setToken('');
        } else {
          await wait(Math.max(backoffMs(attempt), (error instanceof Problem && error.retryAfterMs) || 0));
        }
      }
    }
  }

  #compare(before: string | null): void {
    const after = store.token();
    if (before === null || subjectOf(before) === subjectOf(after)) return;
    store.forgetCustomer();
    store.setToken(after ?? '');
    this.#hooks.changed();
  }
}

/** Whose token it is. It is read, not checked: that is for the server to do. */
export function subjectOf(token: string | null): string | null {
  try {
    const payload = (token ?? '').split('.')[1] ?? '';
    return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).sub ?? null;
  } catch {
    return null;
  }
}
