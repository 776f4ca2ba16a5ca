// Who the customer is, and what was before: read for the session on screen.
import { ref, type Ref } from 'vue';

import { pathOf, request } from '../../api/client';
import { optional } from '../../api/optional';
import { asProblem, type Problem } from '../../api/problem';
import type { Customer } from '../../api/types';

export function useCustomer(id: () => string): {
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
      const path = pathOf`/api/sessions/${id()}/customer`;
      const answer = await optional('customer', () => request<{ data: Customer }>('GET', path));
      customer.value = answer?.data ?? null;
    } catch (error) {
      problem.value = asProblem(error);
    } finally {
      isLoading.value = false;
    }
  }

  void read();
  return { customer, isLoading, problem, read };
}
