import assert from 'node:assert/strict';
import { afterAll, test } from 'vitest';

import type { StoredEntry } from '../core/shapes.ts';
import { backoffMs, wakeAll } from '../core/patience.ts';
import { Problem, retryAfterMs } from '../core/problem.ts';
import { Sender } from '../core/sender.ts';

/** A server that answers each request by the next of `turns`: a list of frames, CUT at the end if the line breaks. */
const CUT: unique symbol = Symbol('cut');
const HANG: unique symbol = Symbol('hang');

type Frame = object | typeof CUT | typeof HANG;
type Turn = Frame[] | Error | number;

function streamOf(frames: Frame[], signal: AbortSignal): Response {
  const left = [...frames];
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const frame = left.shift();
    if (frame === undefined) return controller.close();
    if (frame === CUT) return controller.error(new TypeError('network'));
    if (frame !== HANG) return controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(frame)}\n\n`));
    return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  return { body: new ReadableStream({ pull }, { highWaterMark: 0 }) } as Response;
}

/** At the end every message that still waits is refused, so that nothing keeps the tests running. */
const senders: Sender[] = [];
let isOver = false;
afterAll(() => {
  isOver = true;
  for (const sender of senders) for (const entry of sender.entries) entry.abort?.abort();
  return soon(() => senders.every((sender) => sender.entries.every((entry) => entry.phase === 'failed' || !entry.abort)));
});

function setUp(turns: Turn[]) {
  const seen = {
    withPerson: false,
    toPerson: [] as string[],
    accepted: [] as unknown[],
    requests: [] as string[],
    answers: [] as unknown[],
    offered: [] as unknown[],
    kept: new Map<string, StoredEntry>(),
    shown: [] as string[],
    statuses: [] as unknown[],
  };
  const sender: Sender = new Sender({
    open: async ({ key, text }, signal) => {
      seen.requests.push(`${key} ${text}`);
      if (isOver) throw new Problem(410);
      const turn = turns.shift() ?? [HANG];
      if (turn instanceof Error) throw turn;
      return streamOf(turn as Frame[], signal);
    },
    sendToPerson: async ({ key, text }) => {
      seen.toPerson.push(`${key} ${text}`);
      const turn = isOver ? new Problem(410) : (turns.shift() ?? new Problem(410));
      if (turn instanceof Error) throw turn;
      return turn as number;
    },
    isWithPerson: () => seen.withPerson,
    store: { keep: (entry) => seen.kept.set(entry.key, entry), drop: (key) => void seen.kept.delete(key) },
    hooks: {
      accepted: (entry) => void seen.accepted.push([entry.key, entry.position]),
      answered: (entry, position) => {
        seen.answers.push([entry.key, position, entry.answer]);
        seen.offered.push(entry.suggestions);
      },
      statusChanged: (frame) => void seen.statuses.push(frame.status),
      changed: () => void seen.shown.push(sender.entries.map((entry) => entry.answer).join('|')),
    },
  });
  senders.push(sender);
  return { sender, seen };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('waited 5 s in vain');
}

/** The same, and nobody waits before trying again. */
const soon = (condition: () => boolean) =>
  until(() => {
    wakeAll();
    return condition();
  });

const accepted = (position: number) => ({ type: 'accepted', position });
const piece = (content: string) => ({ type: 'message', content });
const done = (position: number) => ({ type: 'done', content: '', position });
const say = (sender: Sender, key: string, text = `text of ${key}`) => sender.send({ key, text, after: 0 });

test('a message is answered, and then no longer pending', async () => {
  const { sender, seen } = setUp([[accepted(2), piece('Hel'), piece('lo'), { type: 'future' }, done(5)]]);
  sender.start();
  say(sender, 'a');
  assert.ok(seen.kept.has('a'), 'kept before anything is sent');
  await until(() => sender.entries.length === 0);
  assert.deepEqual(seen.answers, [['a', 5, 'Hello']]);
  assert.equal(seen.kept.size, 0);
});

test('what an answer offers comes with its end', async () => {
  const { sender, seen } = setUp([[accepted(2), piece('Did you mean'), { ...done(5), suggestions: ['x', 'y'] }]]);
  sender.start();
  say(sender, 'a');
  await until(() => sender.entries.length === 0);
  assert.deepEqual(seen.offered, [['x', 'y']]);
});

test('nothing is sent before the page has begun', () => {
  const { sender, seen } = setUp([]);
  say(sender, 'a');
  assert.deepEqual(seen.requests, []);
});

test('a lost connection: the same request again, and the answer from its beginning', async () => {
  const turns: Turn[] = [
    new TypeError('refused'),
    [CUT],
    [accepted(2), piece('Hel'), CUT],
    [accepted(2), piece('Hello')],
    [accepted(2), piece('Hello'), piece(' you'), done(5)],
  ];
  const { sender, seen } = setUp(turns);
  sender.start();
  say(sender, 'a');
  await soon(() => sender.entries.length === 0);
  assert.deepEqual(new Set(seen.requests), new Set(['a text of a']));
  assert.equal(seen.requests.length, 5);
  assert.deepEqual(seen.answers, [['a', 5, 'Hello you']]);
  assert.ok(seen.shown.includes('Hel'));
  for (const text of seen.shown) assert.ok('Hello you'.startsWith(text), text);
});

test('restart forgets the text so far', async () => {
  const { sender, seen } = setUp([[accepted(2), piece('old'), { type: 'restart', run: 'r', attempt: 2 }, piece('new'), done(5)]]);
  sender.start();
  say(sender, 'a');
  await until(() => sender.entries.length === 0);
  assert.deepEqual(seen.answers, [['a', 5, 'new']]);
});

test('a takeover ends the message without an answer', async () => {
  const frames = [accepted(2), piece('old'), { type: 'withdrawn', run: 'r' }, { type: 'status_change', status: 'manual_live' }];
  const { sender, seen } = setUp([frames]);
  sender.start();
  say(sender, 'a');
  await until(() => sender.entries.length === 0);
  assert.deepEqual([seen.answers, seen.statuses, seen.requests.length], [[], ['manual_live'], 1]);
});

test('a session that is closed meanwhile ends the message without an answer', async () => {
  const { sender, seen } = setUp([[accepted(2), { type: 'status_change', status: 'closed' }]]);
  sender.start();
  say(sender, 'a');
  await until(() => sender.entries.length === 0);
  assert.equal(seen.requests.length, 1);
});

test('messages reach the server in order: one waits until the one before it has been accepted', async () => {
  const { sender, seen } = setUp([new TypeError('refused'), [accepted(2), HANG], [accepted(3), HANG]]);
  sender.start();
  say(sender, 'a');
  say(sender, 'b');
  await until(() => seen.requests.length === 3);
  assert.deepEqual(seen.requests.map((request) => request[0]), ['a', 'a', 'b']);
});

test('with all connections taken an accepted message gives up its own, and asks again later', async () => {
  let position = 1;
  const turns: Turn[] = Array.from({ length: 6 }, () => [accepted((position += 1)), HANG]);
  const { sender, seen } = setUp(turns);
  sender.start();
  for (const key of 'abcdef') say(sender, key);
  await until(() => seen.requests.length === 6);
  assert.equal(seen.requests.map((request) => request[0]).join(''), 'abcdef');
  await until(() => sender.entries.every((entry) => entry.position !== undefined));
  assert.equal(sender.entries.filter((entry) => entry.phase === 'answering').length, 3);
  assert.equal(sender.entries.filter((entry) => entry.phase === 'queued').length, 3);
});

test('a refusal is final: it stays, with its reason, until it is retried or edited', async () => {
  const refusal = new Problem(422, { title: 'No', detail: 'message: too long', code: 'INVALID' });
  const { sender, seen } = setUp([refusal, refusal, [accepted(2), piece('x'), done(3)]]);
  sender.start();
  say(sender, 'a');
  await until(() => sender.entries[0]?.phase === 'failed');
  assert.deepEqual(seen.kept.get('a')?.failure, { status: 422, code: 'INVALID', detail: 'message: too long' });
  assert.equal(sender.withdraw('a'), 'text of a');
  assert.deepEqual([sender.entries, seen.kept.size], [[], 0]);
  say(sender, 'b');
  await until(() => sender.entries[0]?.phase === 'failed');
  sender.retry('b');
  await until(() => sender.entries.length === 0);
  assert.deepEqual(seen.requests.slice(1), ['b text of b', 'b text of b']);
});

test('an error frame is final, with its code', async () => {
  const { sender } = setUp([[{ type: 'error', content: 'SESSION_CLOSED: for good' }]]);
  sender.start();
  say(sender, 'a');
  await until(() => sender.entries[0]?.phase === 'failed');
  assert.equal(sender.entries[0]?.failure?.code, 'SESSION_CLOSED');
});

const inManualMode = () => [{ type: 'error', content: 'SESSION_IN_MANUAL_MODE: manual_live' }];
const notInManualMode = () => new Problem(409, { code: 'NOT_IN_MANUAL_MODE', detail: 'bot_active' });

test('where a person has the session the message goes to that person, and is done when it is on record', async () => {
  const { sender, seen } = setUp([new TypeError('network'), new Problem(503, {}), 7]);
  seen.withPerson = true;
  sender.start();
  say(sender, 'a');
  await soon(() => sender.entries.length === 0);
  assert.deepEqual(seen.toPerson, ['a text of a', 'a text of a', 'a text of a']);
  assert.deepEqual([seen.requests, seen.accepted, seen.kept.size], [[], [['a', 7]], 0]);
});

test('a message goes to whoever has the session by now, with its key', async () => {
  const taken = setUp([inManualMode(), 7]);
  taken.sender.start();
  say(taken.sender, 'a');
  await until(() => taken.sender.entries.length === 0);
  assert.deepEqual([taken.seen.requests, taken.seen.toPerson], [['a text of a'], ['a text of a']]);

  const released = setUp([notInManualMode(), [accepted(8), piece('x'), done(9)]]);
  released.seen.withPerson = true;
  released.sender.start();
  say(released.sender, 'b');
  await until(() => released.sender.entries.length === 0);
  assert.deepEqual([released.seen.toPerson, released.seen.requests], [['b text of b'], ['b text of b']]);
  assert.deepEqual(released.seen.answers, [['b', 9, 'x']]);
});

test('a message that both refuse for the other ends with the reason', async () => {
  const { sender, seen } = setUp([inManualMode(), notInManualMode(), inManualMode(), notInManualMode()]);
  sender.start();
  say(sender, 'a');
  await until(() => sender.entries[0]?.phase === 'failed');
  assert.equal(sender.entries[0]?.failure?.code, 'NOT_IN_MANUAL_MODE');
  assert.deepEqual([seen.requests.length, seen.toPerson.length], [2, 2]);
});

test('429 and 503 are waited out, as long as the server says', async () => {
  const { sender, seen } = setUp([new Problem(429, {}, 700), [accepted(2), piece('x'), done(3)]]);
  sender.start();
  say(sender, 'a');
  await until(() => sender.entries[0]?.phase === 'waiting');
  assert.ok(sender.entries[0]!.retryAt! - Date.now() > 500);
  await until(() => sender.entries.length === 0);
  assert.equal(seen.requests.length, 2);
});

test('what was pending when the page was closed goes on', async () => {
  const { sender, seen } = setUp([[accepted(2), piece('x'), done(3)], [accepted(4), piece('y'), done(5)]]);
  sender.restore([
    { key: 'a', text: 'one', after: 0, createdAt: 1, order: 1, position: 2 },
    { key: 'b', text: 'two', after: 0, createdAt: 2, order: 2 },
    { key: 'c', text: 'bad', after: 0, createdAt: 3, order: 3, failure: { status: 422, code: '', detail: 'no' } },
  ]);
  sender.start();
  await until(() => sender.entries.length === 1);
  assert.deepEqual([...seen.requests].sort(), ['a one', 'b two']);
  assert.equal(sender.entries[0]?.phase, 'failed');
});

test('waiting grows from 0.5 s to 10 s, with jitter', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 9].map((attempt) => backoffMs(attempt, () => 1)), [500, 1000, 2000, 4000, 8000, 10000, 10000]);
  assert.equal(backoffMs(0, () => 0), 250);
});

test('Retry-After is seconds or a date', () => {
  assert.equal(retryAfterMs('3'), 3000);
  assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:10 GMT', 4000), 6000);
  assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:10 GMT', 40000), 0);
  assert.equal(retryAfterMs(null), null);
  assert.equal(retryAfterMs('soon'), null);
});

test('what the shop passed along is kept with the message, and goes with every repetition of it', async () => {
  const { sender, seen } = setUp([new TypeError('refused'), [accepted(2), piece('x'), done(3)]]);
  sender.send({ key: 'a', text: 'b', after: 0, parameters: { page_title: 'Bikes' } });
  assert.deepEqual(seen.kept.get('a')?.parameters, { page_title: 'Bikes' });
  const { sender: next } = setUp([[HANG]]);
  next.restore([...seen.kept.values()]);
  assert.deepEqual(next.entries[0]?.parameters, { page_title: 'Bikes' });
});

test('a customer who has left sends nothing any more', async () => {
  const { sender, seen } = setUp([[accepted(2), HANG], new TypeError('refused'), [accepted(2), HANG]]);
  sender.start();
  say(sender, 'a');
  await until(() => seen.accepted.length === 1);
  sender.stop();
  assert.deepEqual(sender.entries, []);
  wakeAll();
  say(sender, 'b');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(seen.requests, ['a text of a']);
});
