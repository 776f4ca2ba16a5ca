// What can be done with a session, when, and what happens when somebody else was faster.
//
// Invariant: each press has one Idempotency-Key, so an answer that is lost and asked for again does nothing twice.
import { computed, reactive, ref, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';

import { uuid } from '@shared/uuid';

import { pathOf, request } from '../../api/client';
import { asProblem, Problem } from '../../api/problem';
import { account, may } from '../../api/sign_in';
import type { SessionState } from '../../api/types';
import { explain } from '../../i18n/explain';
import { useThreads, type Thread } from '../../stores/threads';
import { useToasts } from '../../stores/toasts';

export type Action = 'takeover' | 'steal' | 'release' | 'return' | 'close' | 'reopen' | 'cancel-escalation';

interface Answer {
  data: SessionState;
  position: number;
  warning?: string | null;
}

export interface Lifecycle {
  can: ComputedRef<Record<Action | 'transfer' | 'write', boolean>>;
  busy: { action: string };
  conflict: { value: Problem | null };
  isMine: ComputedRef<boolean>;
  run: (action: Action, body?: Record<string, unknown>) => Promise<boolean>;
  send: (path: string, body: Record<string, unknown>, action: string) => Promise<boolean>;
}

const LOST_RACE = new Set(['ALREADY_TAKEN', 'NOT_THE_OWNER', 'INVALID_STATUS', 'NOT_IN_MANUAL_MODE', 'MANUAL_IN_PROGRESS', 'TRANSFER_PENDING']);

export function useLifecycle(thread: () => Thread): Lifecycle {
  const { t } = useI18n();
  const threads = useThreads();
  const toasts = useToasts();
  const busy = reactive({ action: '' });
  const conflict = ref<Problem | null>(null);

  const me = computed(() => account.current?.me.id ?? '');
  const isMine = computed(() => {
    const session = thread().session;
    return session?.status === 'manual_live' && session.assigned_agent?.agent_uuid === me.value;
  });

  const can = computed(() => {
    const status = thread().session?.status;
    const mayWrite = may('session:write') && status !== undefined;
    const isOthers = status === 'manual_live' && !isMine.value;
    const hasHold = isMine.value || (isOthers && may('session:supervise'));
    const isWaiting = status === 'pending_manual';
    return {
      takeover: mayWrite && (isWaiting || status === 'bot_active' || status === 'after_hours_email'),
      steal: mayWrite && isOthers && may('session:supervise'),
      transfer: mayWrite && hasHold,
      release: mayWrite && hasHold,
      return: mayWrite && hasHold,
      close: mayWrite && status !== 'closed' && !(isOthers && !may('session:supervise')),
      reopen: mayWrite && status === 'closed',
      'cancel-escalation': mayWrite && (isWaiting || status === 'after_hours_email'),
      write: mayWrite && isMine.value,
    };
  });

  const run = (action: Action, body: Record<string, unknown> = {}): Promise<boolean> =>
    send(pathOf`/api/sessions/${thread().id}/${action}`, body, action);

  async function send(path: string, body: Record<string, unknown>, action: string): Promise<boolean> {
    if (busy.action !== '') return false;
    busy.action = action;
    conflict.value = null;
    try {
      const answer = await patiently(path, body);
      if (answer.warning) toasts.show(answer.warning, 'warn');
      if (answer.data.status) threads.put(thread().id, answer.data, answer.position);
      return true;
    } catch (error) {
      refused(asProblem(error));
      return false;
    } finally {
      busy.action = '';
    }
  }

  /** A connection that dies in between is tried once more under the same key. */
  async function patiently(path: string, body: Record<string, unknown>): Promise<Answer> {
    const key = uuid();
    try {
      return await request<Answer>('POST', path, { body, key });
    } catch (error) {
      if (!asProblem(error).isPassing) throw error;
      return request<Answer>('POST', path, { body, key });
    }
  }

  function refused(problem: Problem): void {
    if (LOST_RACE.has(problem.code)) {
      conflict.value = problem;
      void threads.read(thread().id);
    } else {
      toasts.show(explain(t, problem), 'danger');
    }
  }

  return { can, busy, conflict, isMine, run, send };
}
