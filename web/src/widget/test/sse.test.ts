import assert from 'node:assert/strict';
import { test } from 'vitest';

import { SseParser, readEvents, type SseEvent } from '../../shared/sse.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function parseInPieces(input: Uint8Array, cuts: number[]): SseEvent[] {
  const parser = new SseParser();
  const events: SseEvent[] = [];
  let from = 0;
  for (const cut of [...cuts, input.length]) {
    events.push(...parser.push(input.subarray(from, cut)));
    from = cut;
  }
  return events;
}

const TALK =
  ': hello\n\ndata: {"type":"accepted","position":7}\n\n' +
  'id: 1-8\nevent: session.assistant_replied\ndata: {"content":"电池🔋充满"}\n\n' +
  'data: first\r\ndata: second\r\n\r\ndata:没有空格\r\rretry: 10\nunknown: x\ndata\n\n';
const EXPECTED = [
  { type: 'message', data: '{"type":"accepted","position":7}', id: null },
  { type: 'session.assistant_replied', data: '{"content":"电池🔋充满"}', id: '1-8' },
  { type: 'message', data: 'first\nsecond', id: null },
  { type: 'message', data: '没有空格', id: null },
  { type: 'message', data: '', id: null },
];

test('one chunk', () => {
  assert.deepEqual(parseInPieces(bytes(TALK), []), EXPECTED);
});

test('any two cuts give the same events, inside UTF-8 sequences and between CR and LF too', () => {
  const input = bytes(TALK);
  for (let first = 0; first <= input.length; first += 1) {
    for (let second = first; second <= input.length; second += 1) {
      assert.deepEqual(parseInPieces(input, [first, second]), EXPECTED, `cut at ${first} and ${second}`);
    }
  }
});

test('byte by byte', () => {
  const input = bytes(TALK);
  assert.deepEqual(parseInPieces(input, [...input.keys()]), EXPECTED);
});

test('an event without its blank line is not delivered', () => {
  assert.deepEqual(parseInPieces(bytes('data: whole\n\ndata: {"type":"done"}\n'), []).map((event) => event.data), ['whole']);
});

test('an event without data is none, and its type does not leak into the next', () => {
  const events = parseInPieces(bytes('event: reset\n\ndata: x\n\n'), []);
  assert.deepEqual(events, [{ type: 'message', data: 'x', id: null }]);
});

test('an id with U+0000 is ignored, and an id is of its own frame only', () => {
  const events = parseInPieces(bytes('id: 5\ndata: a\n\nid: 6\0\ndata: b\n\nid\ndata: c\n\n'), []);
  assert.deepEqual(events.map((event) => event.id), ['5', null, '']);
});

test('a byte order mark at the start is skipped', () => {
  const events = parseInPieces(bytes('\ufeffdata: x\n\n'), [1, 2]);
  assert.deepEqual(events.map((event) => event.data), ['x']);
});

test('a body is read to its end, and every chunk counts as a sign of life', async () => {
  const chunks = [': beat\n\n', 'data: a\n', '\ndata: b\n\n'].map(bytes);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });
  let signs = 0;
  const seen: string[] = [];
  for await (const event of readEvents(body, () => (signs += 1))) seen.push(event.data);
  assert.deepEqual(seen, ['a', 'b']);
  assert.equal(signs, 3);
});

test('a broken connection throws after what came before it', async () => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes('data: a\n\n')),
    pull: (controller) => controller.error(new Error('cut')),
  });
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const event of readEvents(body)) seen.push(event.data);
  }, /cut/);
  assert.deepEqual(seen, ['a']);
});
