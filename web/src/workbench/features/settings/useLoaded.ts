// Something that is read when a page opens: it is loading, there, or a problem that can be tried again.
import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue';

import { asProblem, type Problem } from '../../api/problem';

export interface Loaded<T> {
  data: ShallowRef<T | null>;
  isLoading: Ref<boolean>;
  problem: ShallowRef<Problem | null>;
  load: () => Promise<void>;
}

export function useLoaded<T>(read: () => Promise<T>): Loaded<T> {
  const data = shallowRef<T | null>(null);
  const isLoading = ref(true);
  const problem = shallowRef<Problem | null>(null);

  async function load(): Promise<void> {
    problem.value = null;
    try {
      data.value = await read();
    } catch (error) {
      problem.value = asProblem(error);
    } finally {
      isLoading.value = false;
    }
  }

  onMounted(load);
  return { data, isLoading, problem, load };
}
