import assert from 'node:assert/strict';
import { test } from 'vitest';

import { rendered } from './markdown';

test('signs of a figure are no emphasis, words between stars are', () => {
  assert.equal(rendered('80*40*65cm, 2**3**4'), '<p>80*40*65cm, 2**3**4</p>\n');
  assert.equal(rendered('It *is* **so**, 很**重要**的'), '<p>It <em>is</em> <strong>so</strong>, 很<strong>重要</strong>的</p>\n');
});

test('neither HTML nor images nor links to scripts are made', () => {
  assert.equal(rendered('<b>x</b> ![y](https://z.example/i.png)').includes('<img'), false);
  assert.equal(rendered('<b>x</b>'), '<p>&lt;b&gt;x&lt;/b&gt;</p>\n');
  assert.equal(rendered('[x](javascript:alert(1))').includes('href'), false);
});
