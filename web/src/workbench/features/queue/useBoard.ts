// What the board shows: who waits, who has what, who is there. Read from the server's lists and moved on by the stream.
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue';

import { answered, api } from '../../api/client';
import { asProblem, type Problem } from '../../api/problem';
import { fetchPage } from '../../stores/session_pages';
import { throttle } from '../../stores/throttle';
import { useSessions } from '../../stores/sessions';
import { useTeam } from '../../stores/team';
import { rowOf, type Row } from '../inbox/row';
import { compare, NO_FILTER } from '../inbox/views';

interface Figures {
  avg_waiting_time: number;
  max_waiting_time: number;
}

export function useBoard(): {
  waiting: ComputedRef<Row[]>;
  live: ComputedRef<Row[]>;
  isLoading: Ref<boolean>;
  problem: ShallowRef<Problem | null>;
  figures: Ref<Figures | null>;
  read: () => Promise<void>;
} {
  const [sessions, team] = [useSessions(), useTeam()];
  const isLoading = ref(true);
  const problem = shallowRef<Problem | null>(null);
  const figures = ref<Figures | null>(null);

  const all = computed(() => [...sessions.rows.values()]);
  const waiting = computed(() => all.value.filter(({ status }) => status === 'pending_manual').sort(compare('queue', 'newest')));
  const live = computed(() => all.value.filter(({ status }) => status === 'manual_live').sort(compare('all', 'newest')));

  async function readPages(status: string): Promise<void> {
    for (let next: string | null = null; ; ) {
      const page = await fetchPage('all', { ...NO_FILTER, status }, next);
      for (const summary of page.sessions) sessions.put(rowOf(summary, page.position));
      next = page.next;
      if (next === null) return;
    }
  }

  async function read(): Promise<void> {
    problem.value = null;
    try {
      await Promise.all([readPages('pending_manual'), readPages('manual_live'), team.read(), readFigures()]);
      sessions.touch();
    } catch (error) {
      problem.value = asProblem(error);
    } finally {
      isLoading.value = false;
    }
  }

  const readFigures = throttle(5000, async () => {
    const answer = await answered(api.GET('/api/sessions/stats')).catch(() => null);
    if (answer) figures.value = answer.data;
  });

  let timer: ReturnType<typeof setInterval> | undefined;
  onMounted(() => {
    void read();
    timer = setInterval(() => void readFigures(), 30_000);
  });
  onBeforeUnmount(() => clearInterval(timer));
  return { waiting, live, isLoading, problem, figures, read };
}
