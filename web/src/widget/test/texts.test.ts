import assert from 'node:assert/strict';
import { test } from 'vitest';

import { TEXTS, firstOfOurs } from '../texts/languages.ts';

test('the first language that is ours is spoken, else English', () => {
  assert.equal(firstOfOurs(['zh-CN', 'en']), 'zh');
  assert.equal(firstOfOurs(['', null, undefined, 'nl', 'de-AT', 'en']), 'de');
  assert.equal(firstOfOurs(['it_IT']), 'it');
  assert.equal(firstOfOurs(['constructor', 'nl']), 'en');
});

/** Every text of a language by its path; those with a parameter are called. */
function all(texts: object, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([name, value]): [string, string][] => {
    const here = `${path}.${name}`;
    if (typeof value === 'function') return [[here, value(2)]];
    return typeof value === 'object' ? all(value, here) : [[here, value]];
  });
}

test('every language has every text, and none is left in English', () => {
  const english = new Map(all(TEXTS.en));
  for (const [language, texts] of Object.entries(TEXTS)) {
    const entries = all(texts);
    assert.deepEqual(entries.map(([path]) => path), [...english.keys()], language);
    for (const [path, text] of entries) assert.ok(text.trim(), `${language}${path} is empty`);
    if (language === 'en') continue;
    const same = entries.filter(([path, text]) => english.get(path) === text).map(([path]) => path);
    // Words that are the same in both.
    const allowed = ['.chat', '.botName', '.inputLabel', '.transcript'];
    assert.deepEqual(same.filter((path) => !allowed.includes(path)), [], language);
  }
});
