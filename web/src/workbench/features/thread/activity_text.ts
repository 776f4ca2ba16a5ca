// What happened in a session, as one line for staff.
import { ArrowRightLeft, Bot, CircleAlert, CircleX, EyeOff, Headset, Mail, Moon, RefreshCw, RotateCcw, Star, Tag, TriangleAlert, Undo2, type LucideIcon } from '@lucide/vue';

import type { ActivityItem } from './items';

type Translate = (key: string, named?: Record<string, unknown>) => string;

export const ICONS: Record<string, LucideIcon> = {
  'session.escalated': CircleAlert,
  'session.escalation_cancelled': Undo2,
  'session.after_hours_notice_given': Moon,
  'session.agent_took_over': Headset,
  'session.transfer_requested': ArrowRightLeft,
  'session.transfer_declined': ArrowRightLeft,
  'session.transferred': ArrowRightLeft,
  'session.released': Bot,
  'session.returned_to_queue': Undo2,
  'session.closed': CircleX,
  'session.reopened': RotateCcw,
  'session.context_started': RefreshCw,
  'session.assistant_failed': TriangleAlert,
  'session.assistant_reply_withheld': EyeOff,
  'session.mail_requested': Mail,
  'session.mail_sent': Mail,
  'session.mail_failed': Mail,
  'session.priority_changed': TriangleAlert,
  'session.tags_changed': Tag,
  'session.rating_given': Star,
};

const list = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : '');

export function describe(t: Translate, item: ActivityItem, lookUp: (id: string) => string | null): string {
  const { data } = item;
  const name = (field: string): string => {
    const told = data[`${field}_name`];
    const id = String(data[field] ?? '');
    return typeof told === 'string' ? told : (lookUp(id) ?? id.slice(0, 8));
  };
  const action = item.action.replace('session.', '');
  switch (action) {
    case 'escalated':
      return t('activity.escalated', { rule: data.rule === 'opening_time' ? t('rule.opening_time') : t(`rule.${String(data.rule)}`) });
    case 'transfer_requested': {
      const to = (data.to ?? {}) as { agent?: string; group?: string };
      const target = typeof data.to_name === 'string' ? data.to_name : (to.group ?? lookUp(to.agent ?? '') ?? '');
      return t('activity.transfer_requested', { from: name('from'), to: target });
    }
    case 'transferred':
      return t('activity.transferred', { from: name('from'), to: name('to') });
    case 'closed':
      return t(`activity.closed_${String(data.reason)}`);
    case 'returned_to_queue':
      return t(`activity.returned_${String(data.reason)}`, { name: name('agent') });
    case 'priority_changed':
      return t('activity.priority_changed', { name: t(`class.${String(data.class)}`) });
    case 'tags_changed':
      return (['added', 'removed'] as const)
        .filter((way) => list(data[way]) !== '')
        .map((way) => t(`activity.tags_${way}`, { tags: list(data[way]) }))
        .join(' · ');
    case 'rating_given':
      return t('activity.rating_given', { score: data.score });
    case 'transfer_declined':
      return t(`activity.transfer_${String(data.reason)}`);
    default:
      return t(`activity.${action}`, { name: name('agent') });
  }
}
