import type { AgentStatus } from '../../api/types';

/** The dot's colour; its name stands beside it or in the label, so that colour alone says nothing. */
export const PRESENCE: Record<AgentStatus, string> = {
  online: 'bg-ok',
  busy: 'bg-danger',
  break: 'bg-warn',
  training: 'bg-accent',
  offline: 'bg-line-strong',
};
