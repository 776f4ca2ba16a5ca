// What was missed is counted however late it arrives, told once, and never mixed with what happens live.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { GapCounter } from './gap';

const BACK = Date.parse('2026-11-30T10:00:00Z');
const at = (ms: number): string => new Date(BACK + ms).toISOString();

let told: number[];
let gap: GapCounter;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  gap = new GapCounter((count) => told.push(count));
});
afterEach(() => void vi.useRealTimers());

test('missed events count also when they arrive long after the connection', () => {
  gap.back(BACK);
  vi.advanceTimersByTime(20_000);
  gap.event(at(-9_000));
  gap.event(at(500));
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([2]);
});

test('a live event ends the counting and is not part of it', () => {
  gap.back(BACK);
  gap.event(at(-1));
  gap.event(at(2_000));
  expect(told).toEqual([1]);
  gap.event(at(-1));
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([1]);
});

test('without a gap nothing is told', () => {
  gap.event(at(-1));
  gap.back(BACK);
  gap.event(at(2_000));
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
});
