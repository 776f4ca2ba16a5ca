import { describe, expect, it } from 'vitest';

import { rangeOf } from './lines';

describe('a line of a text', () => {
  const text = 'first\n\nthird';
  it.each([
    [1, 'first', 0],
    [2, '', 6],
    [3, 'third', 7],
    [9, 'third', 7],
    [0, 'first', 0],
  ])('line %i is %j', (line, its, at) => {
    const [start, end] = rangeOf(text, line);
    expect([text.slice(start, end), start]).toEqual([its, at]);
  });
});
