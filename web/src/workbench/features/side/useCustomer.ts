// Who the customer is, and what was before: read for the session on screen.
import { ref, type Ref } from 'vue';

import { pathOf, request } from '../../api/client';
import { asProblem, type Problem } from '../../api/problem';
import type { Customer } from '../../api/types';
import type { Thread } from '../../stores/threads';

export function useCustomer(thread: () => Thread): {
  customer: Ref<Customer | null>;
  isLoading: Ref<boolean>;
  problem: Ref<Problem | null>;
  read: () => Promise<void>;
} {
  const customer = ref<Customer | null>(null);
  const isLoading = ref(false);
  const problem = ref<Problem | null>(null);

  async function read(): Promise<void> {
    isLoading.value = true;
    problem.value = null;
    try {
      // An event may be here before its rows.
      const { id, position } = thread();
      const path = `${pathOf`/api/sessions/${id}/customer`}?min_position=${position}`;
      customer.value = (await request<{ data: Customer }>('GET', path)).data;
    } catch (error) {
      problem.value = asProblem(error);
    } finally {
      isLoading.value = false;
    }
  }

  void read();
  return { customer, isLoading, problem, read };
}
