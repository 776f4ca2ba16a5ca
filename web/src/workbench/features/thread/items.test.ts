import { expect, test } from 'vitest';

import type { Envelope, Message } from '../../api/types';
import { activityOf, continues, merged, messageItem, messageOf, withDays } from './items';

const message = (position: number, role: Message['role'] = 'user', at = position): ReturnType<typeof messageItem> =>
  messageItem({ role, content: `m${position}`, timestamp: at, message_id: String(position), position } as Message, null);

test('messages come in the order of the log, each once; what came later wins', () => {
  const items = merged([message(1), message(3)], [message(2), message(3, 'agent')]);
  expect(items.map((item) => item.position)).toEqual([1, 2, 3]);
  expect(items[2]?.kind === 'message' && items[2].message.role).toBe('agent');
});

test('what comes live is put at the end', () => {
  const known = [message(1), message(2)];
  expect(merged(known, [message(3)]).map((item) => item.position)).toEqual([1, 2, 3]);
  expect(merged(known, [message(2)]).length).toBe(2);
});

test('each day begins with its line', () => {
  const day = 86_400;
  const kinds = withDays([message(1, 'user', day), message(2, 'user', day + 5), message(3, 'user', 3 * day)]).map(({ kind }) => kind);
  expect(kinds).toEqual(['day', 'message', 'message', 'day', 'message']);
});

test('older pages go before, and while more are to come the first has no line above it', () => {
  const day = 86_400;
  const [older, newer] = [[message(1, 'user', day), message(2, 'user', day)], [message(3, 'user', day), message(4, 'user', 2 * day)]];
  expect(merged(newer, older).map(({ position }) => position)).toEqual([1, 2, 3, 4]);
  expect(withDays(newer, true).map(({ kind }) => kind)).toEqual(['message', 'day', 'message']);
  expect(withDays(merged(newer, older)).map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'message', 'day', 'message']);
});

test('a message goes on where the one before ended: the same side, within five minutes, never the system', () => {
  expect(continues(message(2, 'user', 100), message(1, 'user', 50))).toBe(true);
  expect(continues(message(2, 'user', 500), message(1, 'user', 50))).toBe(false);
  expect(continues(message(2, 'agent', 100), message(1, 'user', 50))).toBe(false);
  expect(continues(message(2, 'system', 100), message(1, 'system', 50))).toBe(false);
});

const event = (type: string, data: Record<string, unknown>, personal?: Record<string, unknown>): Envelope =>
  ({ type, data, personal, position: 7, stream: 'session-a', actor: 'assistant:faq', recorded_at: '2026-11-30T10:00:00Z' }) as Envelope;

test('an answer of the assistant brings its sources', () => {
  const item = messageOf(event('session.assistant_replied', { message: 'm', sources: ['shipping'], confidence_permille: 700, outcome: 'answered' }, { text: 'Soon' }));
  expect(item?.message.content).toBe('Soon');
  expect(item?.answer).toEqual({ sources: ['shipping'], confidence: 700, outcome: 'answered', assistant: 'faq' });
});

test('an erased message has no text, and what is no message is an activity or nothing', () => {
  expect(messageOf(event('session.customer_message_sent', { message: 'm' }))?.message.content).toBe(null);
  expect(messageOf(event('session.released', {}))).toBe(null);
  expect(activityOf(event('session.released', { agent: 'x' }))?.action).toBe('session.released');
  expect(activityOf(event('session.assistant_run_started', {}))).toBe(null);
});
