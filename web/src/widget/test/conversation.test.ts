import assert from 'node:assert/strict';
import { test } from 'vitest';

import { Conversation, PAGE } from '../core/conversation.ts';
import type { Entry, Role, SessionAnswer, SessionState } from '../core/shapes.ts';

const message = (position: number, role: Role, content: string | null) => ({ position, role, content, timestamp: position, agent_name: null });
const answerOf = (history: SessionState['history'], position: number, more: SessionState = {}): SessionAnswer => ({ session: { status: 'bot_active', history, ...more }, position });
const entry = (key: string, text: string, more: Partial<Entry> = {}): Entry =>
  ({ key, text, after: 0, createdAt: 1, order: 1, phase: 'answering', answer: '', ...more });
const shown = (conversation: Conversation, outbox: Entry[] = []) =>
  conversation.items(outbox).map((item) => (item.kind === 'divider' ? '---' : (item.content ?? '(erased)')));

test('what the server lists is shown in its order, erased ones too', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf([message(2, 'user', 'a'), message(4, 'assistant', null)], 5));
  assert.deepEqual(shown(conversation), ['a', '(erased)']);
  assert.equal(conversation.hasEarlier, false);
});

test('our own message and its answer are not shown again when the server lists them', () => {
  const conversation = new Conversation();
  const own = entry('k', 'a');
  assert.deepEqual(shown(conversation, [own]), ['a']);
  own.position = 2;
  conversation.accepted(own, 2);
  assert.deepEqual(shown(conversation, [own]), ['a']);
  conversation.answered({ ...own, answer: 'b' }, 4, 1);
  conversation.sync(answerOf([message(2, 'user', 'a'), message(4, 'assistant', 'b')], 4));
  assert.deepEqual(shown(conversation), ['a', 'b']);
  assert.equal(conversation.items([])[0]?.id, 'k', 'it keeps its element');
});

test('a message whose confirmation was lost is not shown beside the server’s', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf([message(2, 'user', 'a'), message(7, 'user', 'a'), message(9, 'user', 'a')], 9));
  assert.deepEqual(shown(conversation, [entry('k', 'a', { after: 5 })]), ['a', 'a', 'a']);
  const two = [entry('k', 'a', { after: 5 }), entry('l', 'a', { after: 5 })];
  assert.deepEqual(shown(conversation, two), ['a', 'a', 'a']);
  assert.deepEqual(shown(conversation, [entry('k', 'a', { after: 9 })]), ['a', 'a', 'a', 'a']);
});

test('a list that was overtaken changes nothing', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf([message(2, 'user', 'a'), message(3, 'user', 'b')], 3));
  conversation.sync(answerOf([message(2, 'user', 'a')], 2));
  assert.deepEqual(shown(conversation), ['a', 'b']);
});

test('an answer that is newer than the list stays', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf([message(2, 'user', 'a')], 2));
  conversation.answered(entry('k', 'a', { answer: 'b' }), 5, 1);
  conversation.sync(answerOf([message(2, 'user', 'a')], 4));
  assert.deepEqual(shown(conversation), ['a', 'b']);
});

test('cleared messages go, those on their way too', () => {
  const conversation = new Conversation();
  const own = entry('k', 'a', { position: 2 });
  conversation.accepted(own, 2);
  conversation.addDivider(3);
  conversation.sync(answerOf([], 9));
  assert.deepEqual(shown(conversation, [own]), []);
});

test('a session that is gone is empty', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf([message(2, 'user', 'a')], 2, { status: 'closed' }));
  conversation.sync(null);
  assert.deepEqual([shown(conversation), conversation.exists, conversation.status], [[], false, 'bot_active']);
});

const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => message(from + n, 'user', `m${from + n}`));

test('earlier messages stay when newer ones come', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf(many(101, PAGE), 150));
  assert.equal(conversation.hasEarlier, true);
  conversation.addEarlier(answerOf(many(91, 10), 150));
  assert.equal(conversation.hasEarlier, false);
  conversation.sync(answerOf(many(103, PAGE), 152));
  assert.equal(conversation.items([]).length, 62);
  assert.equal(conversation.hasEarlier, false);
});

test('a gap is not papered over', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf(many(1, 10), 10));
  conversation.sync(answerOf(many(101, PAGE), 150));
  assert.equal(conversation.items([]).length, PAGE);
  assert.equal(conversation.hasEarlier, true);
});

test('dividers stand between messages only', () => {
  const conversation = new Conversation();
  for (const position of [1, 3, 4, 9]) conversation.addDivider(position);
  conversation.sync(answerOf([message(2, 'user', 'a'), message(5, 'user', 'b')], 9));
  assert.deepEqual(shown(conversation), ['a', '---', 'b', '---']);
});

test('several streams that bring the same answer show it once', () => {
  const conversation = new Conversation();
  const outbox = [entry('k', 'a', { position: 2, answer: 'Hel' }), entry('l', 'b', { position: 3, answer: 'Hello' })];
  for (const own of outbox) conversation.accepted(own, own.position!);
  assert.equal(conversation.growing(outbox)?.text, 'Hello');
  conversation.answered({ ...outbox[0]!, answer: 'Hello you' }, 9, 1);
  assert.equal(conversation.growing(outbox), null);
  outbox[1]!.answer = 'Another';
  assert.equal(conversation.growing(outbox)?.text, 'Another');
});

test('an answer without a position is shown until the server lists it', () => {
  const conversation = new Conversation();
  const own = entry('k', 'a', { position: 2, answer: 'b' });
  conversation.accepted(own, 2);
  conversation.answered(own, undefined, 1);
  assert.equal(conversation.growing([])?.text, 'b');
  conversation.sync(answerOf([message(2, 'user', 'a')], 3));
  assert.equal(conversation.growing([])?.text, 'b');
  conversation.sync(answerOf([message(2, 'user', 'a'), message(4, 'assistant', 'b')], 4));
  assert.equal(conversation.growing([]), null);
  assert.deepEqual(shown(conversation), ['a', 'b']);
});

test('an answer that is being received goes before one whose connection is lost', () => {
  const outbox = [
    entry('k', 'a', { position: 2, answer: 'long, but stale', phase: 'lost' }),
    entry('l', 'b', { position: 3, answer: 'new' }),
  ];
  assert.equal(new Conversation().growing(outbox)?.text, 'new');
});

const offering = (position: number, ...suggestions: string[]) => ({ ...message(position, 'assistant', 'Did you mean'), suggestions });

test('what the newest answer offers is shown until somebody says something', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf([message(2, 'user', 'a'), offering(4, 'x', 'y'), message(5, 'system', 'a person?')], 5));
  assert.deepEqual(conversation.suggestions([]), ['x', 'y'], 'a notice says nothing');
  assert.deepEqual(conversation.suggestions([entry('k', 'b')]), [], 'something is on its way');
  conversation.sync(answerOf([offering(4, 'x', 'y'), message(6, 'user', 'b')], 6));
  assert.deepEqual(conversation.suggestions([]), []);
  conversation.sync(answerOf([offering(4, 'x'), message(6, 'user', 'b'), message(8, 'assistant', 'c')], 8));
  assert.deepEqual(conversation.suggestions([]), [], 'an earlier answer offers nothing any more');
});

test('an answer that has just come offers what its stream said', () => {
  const conversation = new Conversation();
  const own = entry('k', 'a', { position: 2, answer: 'Did you mean', suggestions: ['x'] });
  conversation.accepted(own, 2);
  conversation.answered(own, 4, 1);
  assert.deepEqual(conversation.suggestions([]), ['x']);
  conversation.addDivider(5);
  assert.deepEqual(conversation.suggestions([]), [], 'the assistant began anew');
});

test('nothing is offered where the assistant does not answer', () => {
  for (const status of ['pending_manual', 'manual_live', 'closed']) {
    const conversation = new Conversation();
    conversation.sync(answerOf([offering(4, 'x')], 4, { status }));
    assert.deepEqual(conversation.suggestions([]), [], status);
  }
});

test('what is no list of texts offers nothing', () => {
  for (const suggestions of [undefined, null, 'x', {}, [1, null, '']]) {
    const conversation = new Conversation();
    conversation.sync(answerOf([{ ...message(4, 'assistant', 'a'), suggestions }], 4));
    assert.deepEqual(conversation.suggestions([]), []);
  }
});

test('what the server says of the customer and the queue is taken in, and forgotten with the session', () => {
  const conversation = new Conversation();
  const rating = { asked_at: '2026-01-01T00:00:00Z', open_until: '2026-01-08T00:00:00Z', score: null, comment: null };
  const queue = { position: 2, estimated_wait_seconds: 90 };
  conversation.sync({ ...answerOf([], 3, { user_profile: { email: 'a@b.c' }, rating }), queue });
  assert.deepEqual([conversation.email, conversation.rating, conversation.queue], ['a@b.c', rating, queue]);
  conversation.sync(answerOf([], 4));
  assert.deepEqual([conversation.email, conversation.rating, conversation.queue], [null, null, null]);
});

test('unread is what others have said since', () => {
  const conversation = new Conversation();
  conversation.sync(answerOf([message(2, 'user', 'a'), message(4, 'assistant', 'b'), message(6, 'system', 'c')], 6));
  assert.deepEqual(conversation.messagesAfter(2).map(({ content }) => content), ['b', 'c']);
  assert.deepEqual(conversation.messagesAfter(6), []);
});

test('notices that were streamed as one answer are shown until the server lists them, and then once', () => {
  const conversation = new Conversation();
  const own = entry('k', 'a', { position: 2, answer: 'Your safety\nA person comes', hasStatusChanged: true });
  conversation.accepted(own, 2);
  conversation.answered(own, undefined, 1);
  conversation.sync(answerOf([message(2, 'user', 'a')], 3));
  assert.equal(conversation.growing([])?.text, own.answer);
  conversation.sync(answerOf([message(2, 'user', 'a'), message(4, 'system', 'Your safety'), message(5, 'system', 'A person comes')], 5));
  assert.equal(conversation.growing([]), null);
  assert.deepEqual(shown(conversation), ['a', 'Your safety', 'A person comes']);
});
