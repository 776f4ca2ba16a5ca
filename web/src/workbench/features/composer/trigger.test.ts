import { expect, test } from 'vitest';

import { mentioned, replaced, triggerAt } from './trigger';

const at = (text: string, mode: 'reply' | 'note'): unknown => triggerAt(text, text.length, mode);

test('a slash asks for quick replies at the beginning of a line, in a reply', () => {
  expect(at('/ship', 'reply')).toEqual({ kind: 'quick-reply', query: 'ship', start: 0 });
  expect(at('Hello\n/', 'reply')).toEqual({ kind: 'quick-reply', query: '', start: 6 });
  expect(at('and/or', 'reply')).toBe(null);
  expect(at('/ship', 'note')).toBe(null);
});

test('an at sign asks for colleagues, in a note', () => {
  expect(at('please @an', 'note')).toEqual({ kind: 'mention', query: 'an', start: 7 });
  expect(at('mail@an', 'note')).toBe(null);
  expect(at('please @an', 'reply')).toBe(null);
});

test('what is chosen takes the place of what was typed', () => {
  const trigger = triggerAt('please @an', 10, 'note');
  expect(trigger && replaced('please @an and', 10, trigger, '@anna ')).toEqual({ text: 'please @anna  and', caret: 13 });
});

test('a note names whole names', () => {
  expect(mentioned('@anna and @bo: see', ['anna', 'an', 'bo', 'b'])).toEqual(['anna', 'bo']);
});
