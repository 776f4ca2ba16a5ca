import { expect, test } from 'vitest';

import { SseParser, type SseEvent } from './sse';

const STREAM = 'id: 1-4\r\nevent: a\r\ndata: {"x":\r\ndata: "客"}\r\n\r\n: comment\n\nevent: typing\ndata: {}\n\ndata: cut off';
const WANTED: SseEvent[] = [
  { type: 'a', data: '{"x":\n"客"}', id: '1-4' },
  { type: 'typing', data: '{}', id: null },
];

test('events do not depend on where the bytes were cut', () => {
  const bytes = new TextEncoder().encode(STREAM);
  for (let size = 1; size <= bytes.length; size += 1) {
    const parser = new SseParser();
    const events: SseEvent[] = [];
    for (let from = 0; from < bytes.length; from += size) events.push(...parser.push(bytes.slice(from, from + size)));
    expect(events).toEqual(WANTED);
  }
});
