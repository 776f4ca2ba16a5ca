// What events of a session say in words: who spoke, and what.
import type { Envelope, Message } from '../../api/types';

type MessageRole = Message['role'];

const ROLES: Record<string, MessageRole> = {
  'session.customer_message_sent': 'user',
  'session.assistant_replied': 'assistant',
  'session.agent_message_sent': 'agent',
  'session.notice_given': 'system',
};

/** Whose message an event is; null where it is none. */
export const roleOf = (type: string): MessageRole | null => ROLES[type] ?? null;

/** The text of a message; null where it is erased. */
export function textOf(event: Envelope): string | null {
  const words = event.personal?.text ?? event.data.text;
  return typeof words === 'string' ? words : null;
}

const PREVIEW_CHARS = 120;

/** On one line, without Markdown's marks, cut where nobody sees it. */
export function previewOf(text: string | null): string | null {
  if (text === null) return null;
  return text.replace(/[*_`#>]+/g, '').replace(/\s+/g, ' ').trim().slice(0, PREVIEW_CHARS);
}
