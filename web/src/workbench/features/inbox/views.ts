// Which sessions a list shows, and in what order. Pure.
import type { PriorityClass } from '../../api/types';
import type { Row } from './row';

export type View = 'mine' | 'queue' | 'all';
export type Sort = 'newest' | 'oldest' | 'vip' | 'waitTime';

export interface Filter {
  status: string;
  customerType: '' | 'vip' | 'old' | 'new';
  keyword: string;
  tag: string;
  priority: string;
  rule: string;
  from: string;
  to: string;
  sort: Sort;
}

export const NO_FILTER: Filter = {
  status: '', customerType: '', keyword: '', tag: '', priority: '', rule: '', from: '', to: '', sort: 'newest',
};

export const isFiltered = (filter: Filter): boolean =>
  Object.entries(filter).some(([name, value]) => name !== 'sort' && value !== '');

export interface Viewer {
  id: string;
  skills: string[];
}

/** Whether somebody is asked to take it: by an offer or a transfer. */
export const isAsked = (row: Row, viewer: Viewer): boolean =>
  row.offer?.agent === viewer.id ||
  (row.transfer !== null &&
    (row.transfer.toAgent === viewer.id || (row.transfer.toGroup !== null && viewer.skills.includes(row.transfer.toGroup))));

export function isIn(view: View, row: Row, viewer: Viewer): boolean {
  switch (view) {
    case 'mine':
      return (row.status === 'manual_live' && row.assigned_agent?.agent_uuid === viewer.id) || isAsked(row, viewer);
    case 'queue':
      return row.status === 'pending_manual';
    case 'all':
      return true;
  }
}

/** What can be told from the row alone; the server looks at the rest. */
export function passes(filter: Filter, row: Row): boolean {
  if (filter.status !== '' && row.status !== filter.status) return false;
  if (filter.customerType === 'vip' && !row.user_profile.vip) return false;
  if (filter.tag !== '' && !(row.tags ?? []).includes(filter.tag)) return false;
  if (filter.priority !== '' && (row.class ?? 'normal') !== filter.priority) return false;
  if (filter.rule !== '' && row.escalation?.rule !== filter.rule) return false;
  return true;
}

const RANK: Record<PriorityClass, number> = { danger: 0, vip: 1, urgent: 2, normal: 3 };
const rank = (row: Row): number => RANK[row.class ?? 'normal'];
const waited = (row: Row): number => row.waitingSince ?? Number.POSITIVE_INFINITY;

/** Ties are broken by the id, so that an order never flickers. */
export function compare(view: View, sort: Sort): (a: Row, b: Row) => number {
  const byId = (a: Row, b: Row): number => (a.session_id < b.session_id ? -1 : 1);
  const newest = (a: Row, b: Row): number => b.updated_at - a.updated_at || byId(a, b);
  const waiting = (a: Row, b: Row): number => difference(waited(a), waited(b)) || newest(a, b);
  if (sort === 'oldest') return (a, b) => a.updated_at - b.updated_at || byId(a, b);
  if (sort === 'vip') return (a, b) => rank(a) - rank(b) || waiting(a, b);
  if (sort === 'waitTime') return waiting;
  return view === 'queue' ? (a, b) => rank(a) - rank(b) || waiting(a, b) : newest;
}

/** Infinity less infinity is no number. */
const difference = (a: number, b: number): number => (a === b ? 0 : a - b);

/**
 * The order on screen while the pointer rests on the list: rows stay where they are, those that left go, new ones wait
 * at the end.
 */
export function held(shown: string[], wanted: string[]): string[] {
  const present = new Set(wanted);
  const kept = shown.filter((id) => present.has(id));
  const known = new Set(kept);
  return [...kept, ...wanted.filter((id) => !known.has(id))];
}
