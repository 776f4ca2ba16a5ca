// The languages say the same things: the same keys, with the same names in them, and every key that a page asks for is there.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import de from './de';
import en from './en';
import zh from './zh-CN';

type Texts = { [key: string]: string | Texts };

function flat(texts: Texts, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') found.set(prefix + key, value);
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

const names = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''))].sort();

test.each([['zh-CN', zh], ['de', de]])('%s has every text, with the same names in it', (_, texts) => {
  const there = flat(texts as Texts);
  for (const [key, text] of flat(en as Texts)) {
    expect(there.has(key), key).toBe(true);
    // A singular need not say its number.
    if (!text.includes('|')) expect(names(there.get(key) ?? ''), key).toEqual(names(text));
  }
});

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts')) yield readFileSync(path, 'utf8');
  }
}

test('every text that is asked for by name is there', () => {
  const there = flat(en as Texts);
  const asked = [...sources(join(import.meta.dirname, '..'))].flatMap((source) => [...source.matchAll(/\bt\(\s*'([\w.-]+)'/g)].map(([, key]) => key ?? ''));
  expect(asked.length).toBeGreaterThan(100);
  expect(asked.filter((key) => !there.has(key))).toEqual([]);
});
