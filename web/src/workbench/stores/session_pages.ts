// Pages of the server's list of sessions, and how many there are of what.
import { request } from '../api/client';
import { account } from '../api/sign_in';
import type { Counts, Summary } from '../api/types';
import { startOf } from '../i18n/times';
import type { Row } from '../features/inbox/row';
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

/** `atLeast`: what the views say once they have read so far. An event may be here before its rows. */
export async function fetchPage(view: View, filter: Filter, next: string | null, atLeast = 0): Promise<Page> {
  const query = queryOf(view, filter);
  if (atLeast > 0) query.set('min_position', String(atLeast));
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

export async function fetchCounts(atLeast: number): Promise<Counts> {
  return (await request<{ data: Counts }>('GET', `/api/sessions/counts?min_position=${atLeast}`)).data;
}

interface AskedEntry {
  id: string;
  session_id: string;
  from_agent_name: string | null;
  from_agent_id: string | null;
  to_group: string | null;
  expires_at: string;
}

/** Transfers that wait for the caller's answer, as rows keep them. */
export async function fetchAsked(): Promise<{ id: string; transfer: NonNullable<Row['transfer']> }[]> {
  const { data } = await request<{ data: AskedEntry[] }>('GET', '/api/transfer-requests/pending');
  return data.map((entry) => ({
    id: entry.session_id,
    transfer: {
      id: entry.id,
      from: entry.from_agent_name ?? entry.from_agent_id ?? '',
      toAgent: entry.to_group === null ? (account.current?.me.id ?? null) : null,
      toGroup: entry.to_group,
      expiresAt: Date.parse(entry.expires_at) / 1000,
    },
  }));
}
