import assert from 'node:assert/strict';
import { afterEach, test, vi } from 'vitest';

import { readersLanguages, storable } from '../../shared/reader.ts';
import { TEXTS } from '../texts/languages.ts';
import { clock, day } from '../view/format.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const NOON = Date.UTC(2026, 5, 15, 12);

test('languages are those that are tags of languages, whatever a browser tells', () => {
  for (const [told, expected] of [
    [{ languages: ['en-US@posix', 'de-AT', '', 'x'], language: 'fr' }, ['de-AT']],
    [{ languages: [], language: 'fr' }, ['fr']],
    [{ language: 'it' }, ['it']],
    [{ languages: [null, 5, {}] }, []],
    [{ languages: 'de' }, []],
    [undefined, []],
  ] as const) {
    vi.stubGlobal('navigator', told);
    assert.deepEqual(readersLanguages(), expected);
    for (const language of ['de', 'en', 'zh'] as const) assert.match(clock(NOON, language), /\d/);
  }
});

test('texts from a page are what the server can store', () => {
  assert.equal(storable('a\0b\ud83d c\udc00'), 'ab\ufffd c\ufffd');
  assert.equal(storable('👍🏽 电'), '👍🏽 电');
});

test('yesterday is the day before by the calendar, also when a day has 25 hours', () => {
  // Berlin goes back to winter time on 25 October 2026: that day has 25 hours.
  const zone = process.env.TZ;
  process.env.TZ = 'Europe/Berlin';
  vi.useFakeTimers();
  try {
    vi.setSystemTime(new Date(2026, 9, 25, 23, 30));
    assert.equal(day(new Date(2026, 9, 24, 23, 59).getTime(), 'en', TEXTS.en), 'Yesterday');
    assert.equal(day(new Date(2026, 9, 25, 0, 1).getTime(), 'en', TEXTS.en), 'Today');
    // And the one in March has 23.
    vi.setSystemTime(new Date(2026, 2, 30, 0, 30));
    assert.equal(day(new Date(2026, 2, 29, 12).getTime(), 'en', TEXTS.en), 'Yesterday');
    assert.notEqual(day(new Date(2026, 2, 28, 23, 50).getTime(), 'en', TEXTS.en), 'Yesterday');
  } finally {
    process.env.TZ = zone;
  }
});
