// A row of the list: what the server's list says of a session, moved on by events as they come.
//
// Pure, so that what the list shows after any events can be tested without a browser. Invariant: an event at or before the
// row's position changes nothing, so frames may come twice.
import type { Agent, Envelope, Status, Summary } from '../../api/types';
import { previewOf, roleOf, textOf } from '../thread/words';

export interface Row extends Summary {
  /** The newest position that is in it. */
  position: number;
  /** When the customer began to wait for a person, in seconds; null while nobody waits. */
  waitingSince: number | null;
  /** Until when the caller may take what is offered. */
  offer: { id: string; agent: string; expiresAt: number } | null;
  /** Who is asked to take it over. */
  transfer: { id: string; from: string; toAgent: string | null; toGroup: string | null; expiresAt: number } | null;
}

export function rowOf(summary: Summary, position: number): Row {
  const isWaiting = summary.status === 'pending_manual';
  const waitingSince = isWaiting ? (summary.escalation?.trigger_at ?? summary.updated_at) : null;
  // A list without classes still says what must not wait.
  const its = summary.class ?? (isWaiting && summary.escalation?.rule === 'R0' ? 'danger' : undefined);
  return { ...summary, class: its, position, waitingSince, offer: null, transfer: null };
}

/** A row for a session that begins before our eyes. */
export function openedRow(event: Envelope, session: string): Row {
  const at = seconds(event);
  const name = event.personal?.session_name;
  return {
    session_id: session,
    session_name: typeof name === 'string' ? name : null,
    status: 'bot_active',
    user_profile: { nickname: '访客', vip: false },
    updated_at: at,
    last_message_preview: null,
    escalation: null,
    assigned_agent: null,
    group: null,
    unread: 0,
    position: event.position,
    waitingSince: null,
    offer: null,
    transfer: null,
  } as Row;
}

export const seconds = (event: Envelope): number => Date.parse(event.recorded_at) / 1000;

export function fold(row: Row, event: Envelope): Row {
  if (event.position <= row.position) return row;
  const next: Row = { ...row, position: event.position, updated_at: seconds(event) };
  change(next, event);
  return next;
}

type Data = Record<string, unknown>;
const text = (data: Data, field: string): string | null => (typeof data[field] === 'string' ? data[field] : null);

function change(row: Row, event: Envelope): void {
  const data: Data = event.data;
  const role = roleOf(event.type);
  if (role) row.last_message_preview = { role, content: previewOf(textOf(event)), timestamp: seconds(event) };
  switch (event.type) {
    case 'session.customer_message_sent':
      row.unread = (row.unread ?? 0) + 1;
      if (row.status === 'closed') move(row, 'bot_active');
      return;
    case 'session.escalated':
      row.escalation = escalationOf(event);
      row.group = text(data, 'group');
      row.class = data.class as Row['class'];
      row.waitingSince = seconds(event);
      return move(row, 'pending_manual');
    case 'session.agent_took_over':
      return own(row, agentOf(data, 'agent'));
    case 'session.transferred':
      return own(row, agentOf(data, 'to'));
    case 'session.released':
    case 'session.escalation_cancelled':
      row.escalation = null;
      return leave(row, 'bot_active');
    case 'session.returned_to_queue':
      leave(row, 'pending_manual');
      row.group = text(data, 'group');
      row.waitingSince = seconds(event);
      return undefined;
    case 'session.closed':
      return leave(row, 'closed');
    case 'session.reopened':
      return leave(row, 'bot_active');
    case 'session.after_hours_notice_given':
      return leave(row, 'after_hours_email');
    default:
      return changeBeside(row, event, data);
  }
}

/** What changes neither state nor owner. */
function changeBeside(row: Row, event: Envelope, data: Data): void {
  switch (event.type) {
    case 'session.priority_changed':
      row.class = data.class as Row['class'];
      return;
    case 'session.tags_changed':
      row.tags = tagsAfter(row.tags ?? [], data);
      return;
    case 'session.note_added':
      row.notes = (row.notes ?? 0) + 1;
      return;
    case 'session.offer_made':
      row.offer = { id: text(data, 'offer') ?? '', agent: text(data, 'agent') ?? '', expiresAt: time(data) };
      return;
    case 'session.offer_accepted':
    case 'session.offer_expired':
      row.offer = null;
      return;
    case 'session.transfer_requested':
      row.transfer = transferOf(data);
      return;
    case 'session.transfer_accepted':
    case 'session.transfer_declined':
      row.transfer = null;
      return;
    default:
  }
}

export function tagsAfter(tags: string[], data: Data): string[] {
  const removed = new Set(Array.isArray(data.removed) ? (data.removed as string[]) : []);
  const added = Array.isArray(data.added) ? (data.added as string[]) : [];
  return [...new Set([...tags.filter((tag) => !removed.has(tag)), ...added])];
}

const time = (data: Data): number => Date.parse(text(data, 'expires_at') ?? '') / 1000;

function transferOf(data: Data): Row['transfer'] {
  const to = (data.to ?? {}) as Data;
  return {
    id: text(data, 'transfer') ?? '',
    from: text(data, 'from_name') ?? '',
    toAgent: text(to, 'agent'),
    toGroup: text(to, 'group'),
    expiresAt: time(data),
  };
}

export function escalationOf(event: Envelope): NonNullable<Row['escalation']> {
  const details = event.personal?.details;
  return {
    reason: event.data.reason,
    rule: event.data.rule,
    severity: event.data.severity,
    details: typeof details === 'string' ? details : null,
    trigger_at: seconds(event),
  } as NonNullable<Row['escalation']>;
}

/** Who an event names; `agent_name` or `to_name` stands beside the id. */
export function agentOf(data: Data, field: 'agent' | 'to' | 'from' | 'by'): Agent {
  const uuid = text(data, field) ?? '';
  return { id: uuid, agent_uuid: uuid, name: text(data, `${field}_name`) };
}

function move(row: Row, status: Status): void {
  row.status = status;
  if (status !== 'pending_manual') row.waitingSince = null;
}

function own(row: Row, agent: Agent): void {
  row.assigned_agent = agent;
  row.offer = null;
  row.transfer = null;
  move(row, 'manual_live');
}

function leave(row: Row, status: Status): void {
  row.assigned_agent = null;
  row.offer = null;
  row.transfer = null;
  move(row, status);
}
