// Pages of the server's list of sessions, and how many there are of what.
import { request } from '../api/client';
import { optional } from '../api/optional';
import type { Counts, Summary } from '../api/types';
import type { Filter, View } from '../features/inbox/views';

export interface Page {
  sessions: Summary[];
  total: number;
  position: number;
  next: string | null;
}

interface ListAnswer {
  data: { sessions: Summary[]; total: number; offset: number; has_more: boolean; next_cursor?: string | null };
  position: number;
}

const LIMIT = 100;

export async function fetchPage(view: View, filter: Filter, next: string | null): Promise<Page> {
  const query = queryOf(view, filter);
  if (next?.startsWith('+')) query.set('offset', next.slice(1));
  else if (next !== null) query.set('cursor', next);
  const { data, position } = await request<ListAnswer>('GET', `/api/sessions?${query}`);
  return { sessions: data.sessions, total: data.total, position, next: nextOf(data) };
}

/** Where a server has no cursors, the next page begins at a number: `+100`. */
function nextOf(data: ListAnswer['data']): string | null {
  if (data.next_cursor) return data.next_cursor;
  if (data.next_cursor === null || !data.has_more) return null;
  return `+${data.offset + data.sessions.length}`;
}

/** When a day begins where the reader is, or the one after it. */
function startOf(day: string, later = 0): string {
  if (day === '') return '';
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + later);
  return date.toISOString().replace(/\.\d+/, '');
}

function queryOf(view: View, filter: Filter): URLSearchParams {
  const query = new URLSearchParams({ limit: String(LIMIT), sort: filter.sort });
  if (view === 'mine') query.set('agent', 'mine');
  const status = view === 'queue' ? 'pending_manual' : filter.status;
  const named = {
    status, customer_type: filter.customerType, keyword: filter.keyword, tag: filter.tag, class: filter.priority,
    rule: filter.rule, from: startOf(filter.from), to: startOf(filter.to, 1),
  };
  for (const [name, value] of Object.entries(named)) if (value !== '') query.set(name, value);
  return query;
}

export async function fetchCounts(): Promise<Counts | null> {
  const answer = await optional('counts', () => request<{ data: Counts }>('GET', '/api/sessions/counts'));
  return answer?.data ?? null;
}
