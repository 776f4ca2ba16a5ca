import { expect, test } from 'vitest';

import type { Envelope, Summary } from '../../api/types';
import { fold, openedRow, rowOf, type Row } from './row';
import { compare, held, isIn, NO_FILTER, passes } from './views';

let position = 0;
const event = (type: string, data: Record<string, unknown> = {}, personal?: Record<string, unknown>): Envelope => {
  position += 1;
  return {
    type: `session.${type}`, data, personal, position, stream: 'session-a', recorded_at: '2026-11-30T10:00:00Z', actor: 'x:y',
  } as Envelope;
};
const opened = (id = 'a'): Row => openedRow(event('opened', {}, { session_name: id }), id);
const after = (row: Row, ...events: Envelope[]): Row => events.reduce(fold, row);
const me = { id: 'me', skills: ['brakes'] };

test('a session that is escalated waits, with its reason, and is in the queue', () => {
  const row = after(opened(), event('escalated', { reason: 'keyword', rule: 'R1', severity: 'high', class: 'urgent' }, { details: 'a human' }));
  expect(row.status).toBe('pending_manual');
  expect(row.waitingSince).toBe(Date.parse('2026-11-30T10:00:00Z') / 1000);
  expect(row.escalation?.rule).toBe('R1');
  expect(isIn('queue', row, me)).toBe(true);
});

test('who takes over has it, nobody waits, and a release gives it back', () => {
  const taken = after(opened(), event('escalated', { rule: 'R1' }), event('agent_took_over', { agent: 'me', agent_name: 'Me' }));
  expect([taken.status, taken.assigned_agent?.name, taken.waitingSince]).toEqual(['manual_live', 'Me', null]);
  expect(isIn('mine', taken, me)).toBe(true);
  const released = fold(taken, event('released', { agent: 'me' }));
  expect([released.status, released.assigned_agent, released.escalation]).toEqual(['bot_active', null, null]);
  expect(isIn('mine', released, me)).toBe(false);
});

test('an event that comes twice, or late, changes nothing', () => {
  const said = event('customer_message_sent', {}, { text: 'hello' });
  const once = fold(opened(), { ...said, position: position + 1 });
  expect(fold(once, { ...said, position: once.position })).toBe(once);
  expect(fold(once, { ...said, position: 1 })).toBe(once);
  expect(once.unread).toBe(1);
});

test('what is offered to somebody, or to their group, is theirs to see until it is over', () => {
  const offered = fold(opened(), event('offer_made', { offer: 'o', agent: 'me', expires_at: '2026-11-30T10:01:00Z' }));
  expect(isIn('mine', offered, me)).toBe(true);
  expect(isIn('mine', fold(offered, event('offer_expired', { offer: 'o' })), me)).toBe(false);
  const asked = fold(opened(), event('transfer_requested', { transfer: 't', to: { group: 'brakes' }, expires_at: '2026-11-30T10:01:00Z' }));
  expect(isIn('mine', asked, me)).toBe(true);
  expect(isIn('mine', asked, { ...me, skills: [] })).toBe(false);
});

test('tags are added and removed', () => {
  const row = after(opened(), event('tags_changed', { added: ['a', 'b'] }), event('tags_changed', { added: ['c'], removed: ['a'] }));
  expect(row.tags).toEqual(['b', 'c']);
  expect(passes({ ...NO_FILTER, tag: 'c' }, row)).toBe(true);
  expect(passes({ ...NO_FILTER, tag: 'a' }, row)).toBe(false);
});

test('the queue: danger first, then who has waited longest; ties never flicker', () => {
  const wait = (id: string, since: number, name: Row['class']): Row => ({ ...opened(id), status: 'pending_manual', waitingSince: since, class: name });
  const rows = [wait('c', 30, 'normal'), wait('b', 10, 'normal'), wait('a', 10, 'normal'), wait('d', 99, 'danger')];
  expect(rows.sort(compare('queue', 'newest')).map((row) => row.session_id)).toEqual(['d', 'a', 'b', 'c']);
});

test('under the pointer rows stay, those that left go, new ones wait at the end', () => {
  expect(held(['a', 'b', 'c'], ['new', 'c', 'a'])).toEqual(['a', 'c', 'new']);
});

test('a row of the list keeps its place for the stream', () => {
  const summary = { session_id: 'a', status: 'pending_manual', updated_at: 5, escalation: { trigger_at: 3, rule: 'R0' } } as Summary;
  const row = rowOf(summary, 40);
  expect([row.position, row.waitingSince, row.class]).toEqual([40, 3, 'danger']);
});
