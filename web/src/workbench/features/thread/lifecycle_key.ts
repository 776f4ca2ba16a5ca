import { inject, type InjectionKey } from 'vue';

import type { Lifecycle } from './useLifecycle';

export const LIFECYCLE: InjectionKey<Lifecycle> = Symbol('lifecycle');

/** What can be done with the session on screen, for the parts of its thread. */
export function useThreadLifecycle(): Lifecycle {
  const lifecycle = inject(LIFECYCLE);
  if (!lifecycle) throw new Error('outside a thread');
  return lifecycle;
}
