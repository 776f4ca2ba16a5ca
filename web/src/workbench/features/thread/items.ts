// What a thread shows, as one list in the log's order: messages, notes, what happened in between, days. Pure.
//
// Invariant: an item's key never changes, so that the list on screen keeps its place when others come before it or after.
import type { AuditEntry, Envelope, Message, Note } from '../../api/types';
import { roleOf, textOf } from './words';

export interface MessageItem {
  kind: 'message';
  key: string;
  position: number;
  at: number;
  message: Message;
  /** What the assistant's answer was made of. */
  answer: AnswerFacts | null;
}

export interface AnswerFacts {
  sources: string[];
  confidence: number | null;
  outcome: string | null;
  assistant: string | null;
}

export interface ActivityItem {
  kind: 'activity';
  key: string;
  position: number;
  at: number;
  action: string;
  operator: string;
  data: Record<string, unknown>;
}

export interface NoteItem {
  kind: 'note';
  key: string;
  position: number;
  at: number;
  note: Note;
}

/** Written here, not yet told by the server. */
export interface PendingItem {
  kind: 'pending';
  key: string;
  at: number;
  text: string;
  mode: 'reply' | 'note';
  state: 'sending' | 'failed';
  reason: string;
}

export interface DayItem {
  kind: 'day';
  key: string;
  at: number;
}

export interface AnsweringItem {
  kind: 'answering';
  key: string;
  text: string;
}

export type Item = MessageItem | ActivityItem | NoteItem | PendingItem | DayItem | AnsweringItem;

/** What is worth a line between messages. */
const SHOWN_ACTIVITY = new Set([
  'session.escalated', 'session.escalation_cancelled', 'session.after_hours_notice_given', 'session.agent_took_over',
  'session.transfer_requested', 'session.transfer_declined', 'session.transferred', 'session.released',
  'session.returned_to_queue', 'session.closed', 'session.reopened', 'session.context_started', 'session.assistant_failed',
  'session.assistant_reply_withheld', 'session.mail_requested', 'session.mail_sent', 'session.mail_failed',
  'session.priority_changed', 'session.tags_changed', 'session.rating_given',
]);

export const messageItem = (message: Message, answer: AnswerFacts | null): MessageItem => ({
  kind: 'message', key: `m${message.position}`, position: message.position, at: message.timestamp, message, answer,
});

export function activityItem(entry: AuditEntry): ActivityItem | null {
  if (!SHOWN_ACTIVITY.has(entry.action)) return null;
  const data = (entry.details ?? {}) as Record<string, unknown>;
  return {
    kind: 'activity', key: `a${entry.position}`, position: entry.position, at: entry.timestamp, action: entry.action,
    operator: entry.operator, data,
  };
}

export function activityOf(event: Envelope): ActivityItem | null {
  const at = Date.parse(event.recorded_at) / 1000;
  return activityItem({
    position: event.position, at: event.recorded_at, timestamp: at, operator: event.actor, action: event.type,
    details: { ...event.data, ...event.personal },
  } as AuditEntry);
}

const optionalText = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The message that an event is; null where it is none. */
export function messageOf(event: Envelope): MessageItem | null {
  const role = roleOf(event.type);
  if (role === null) return null;
  const { data, personal } = event;
  const suggestions = personal?.suggestions;
  const message = {
    role,
    content: textOf(event),
    timestamp: Date.parse(event.recorded_at) / 1000,
    agent_id: null,
    agent_name: optionalText(data.agent_name),
    agent_uuid: optionalText(data.agent) ?? undefined,
    message_id: String(data.message),
    position: event.position,
    erased: event.erased,
    suggestions: Array.isArray(suggestions) ? suggestions : undefined,
  } as Message;
  return messageItem(message, role === 'assistant' ? factsOf(data, event.actor) : null);
}

export function factsOf(data: Record<string, unknown>, operator: string): AnswerFacts {
  const { sources, confidence_permille: confidence, outcome } = data;
  return {
    sources: Array.isArray(sources) ? sources.filter((source) => typeof source === 'string') : [],
    confidence: typeof confidence === 'number' ? confidence : null,
    outcome: optionalText(outcome),
    assistant: operator.startsWith('assistant:') ? operator.slice('assistant:'.length) : null,
  };
}

type Placed = MessageItem | ActivityItem | NoteItem;

/** In order, each once; of two with one key the later wins. */
export function merged(known: Placed[], more: Placed[]): Placed[] {
  // What comes live goes to the end, older pages go before: ten thousand items are not sorted for it.
  const page = more.length > 1 ? inOrder(more) : more;
  if (isBefore(known.at(-1), page[0])) return [...known, ...page];
  if (isBefore(page.at(-1), known[0])) return [...page, ...known];
  const byKey = new Map<string, Placed>();
  for (const item of [...known, ...more]) byKey.set(item.key, item);
  return inOrder([...byKey.values()]);
}

const inOrder = (items: Placed[]): Placed[] =>
  [...items].sort((a, b) => a.position - b.position || (a.key < b.key ? -1 : 1));

const isBefore = (a: Placed | undefined, b: Placed | undefined): boolean => !a || !b || a.position < b.position;

interface Day {
  key: string;
  from: number;
  to: number;
}

function dayOf(at: number): Day {
  const date = new Date(at * 1000);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  const midnight = (later: number): number => new Date(year, month, day + later).getTime() / 1000;
  return { key: `d${year}-${month + 1}-${day}`, from: midnight(0), to: midnight(1) };
}

export function withDays(placed: (Placed | PendingItem)[]): Item[] {
  const items: Item[] = [];
  let day: Day | null = null;
  for (const item of placed) {
    if (day === null || item.at < day.from || item.at >= day.to) {
      day = dayOf(item.at);
      items.push({ kind: 'day', key: day.key, at: item.at });
    }
    items.push(item);
  }
  return items;
}

/** Whether a message goes on where the one before it ended, by the same person within five minutes. */
export function continues(item: Item, before: Item | undefined): boolean {
  if (item.kind !== 'message' || before?.kind !== 'message') return false;
  const [a, b] = [before.message, item.message];
  return a.role === b.role && a.role !== 'system' && a.agent_uuid === b.agent_uuid && item.at - before.at < 300;
}
