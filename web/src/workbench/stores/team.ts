// The colleagues: who is there, and who can take a session over.
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';

import { answered, api } from '../api/client';
import { account } from '../api/sign_in';
import type { AgentStatus, Available } from '../api/types';
import type { Frame } from '../live/frames';
import { throttle } from './throttle';

export const useTeam = defineStore('team', () => {
  const available = ref<Available[]>([]);
  const myStatus = ref<AgentStatus>(account.current?.me.status ?? 'offline');

  let newest = 0;
  const read = throttle(2000, async () => {
    const query = { min_position: newest };
    const answer = await answered(api.GET('/api/agents/available', { params: { query } })).catch(() => null);
    if (answer) available.value = answer.data;
  });

  const others = computed(() => available.value.filter(({ id }) => id !== account.current?.me.id));
  const skills = computed(() => [...new Set(available.value.flatMap((agent) => agent.skills))].sort());
  const nameOf = (id: string): string | null => available.value.find((agent) => agent.id === id)?.name ?? null;

  async function readStatus(): Promise<void> {
    const answer = await answered(api.GET('/api/agent/status')).catch(() => null);
    if (answer) myStatus.value = answer.data.status;
  }

  async function choose(status: AgentStatus): Promise<void> {
    const answer = await answered(api.PUT('/api/agent/status', { body: { status } }));
    myStatus.value = answer.data.status;
  }

  function hear(frame: Frame): void {
    if (frame.kind !== 'event') return;
    const { type, data, stream, position } = frame.event;
    newest = position;
    if (type === 'agent.presence_changed') {
      if (stream === `agent-${account.current?.me.id}`) myStatus.value = data.presence as AgentStatus;
      void read();
    } else if (/took_over|transferred|released|closed|returned/.test(type)) {
      void read();
    }
  }

  return { available, others, skills, myStatus, nameOf, read, readStatus, choose, hear };
});
