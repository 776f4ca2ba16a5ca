import assert from 'node:assert/strict';
import { afterEach, beforeEach, test, vi } from 'vitest';

class Storage {
  #kept = new Map<string, string>();
  isFull = false;
  get length() { return this.#kept.size; }
  key(index: number) { return [...this.#kept.keys()][index] ?? null; }
  getItem(key: string) { return this.#kept.get(key) ?? null; }
  setItem(key: string, value: string) {
    if (this.isFull) throw new DOMException('full', 'QuotaExceededError');
    this.#kept.set(key, value);
  }
  removeItem(key: string) { this.#kept.delete(key); }
}

let storage: Storage;
type Store = typeof import('../core/store.ts');
const fresh = async (): Promise<Store> => {
  vi.resetModules();
  return import('../core/store.ts');
};
beforeEach(() => {
  storage = new Storage();
  vi.stubGlobal('localStorage', storage);
});
afterEach(() => vi.unstubAllGlobals());

const TOKEN = 'eyJh.eyJz.c2ln-_';

test('without storage the conversation is kept until the page is closed', async () => {
  vi.stubGlobal('localStorage', undefined);
  const store = await fresh();
  const name = store.sessionName();
  store.setToken(TOKEN);
  assert.equal(store.sessionName(), name);
  assert.equal(store.token(), TOKEN);
  assert.ok(store.hasSession());
});

test('where storage is full, what could not be stored counts before what is stored', async () => {
  const store = await fresh();
  store.setToken('old.old.old');
  storage.isFull = true;
  store.setToken(TOKEN);
  assert.equal(store.token(), TOKEN);
});

test('a stored value that cannot be ours counts as not there', async () => {
  const store = await fresh();
  for (const token of ['', 'null', 'a b.c.d', 'é.é.é', '{"a":1}', 'a.b', 'a.b.c\n']) {
    storage.setItem('desk.token', token);
    assert.equal(store.token(), null, JSON.stringify(token));
  }
  for (const name of ['', '..', 'a/b', 'a\\b', 'x'.repeat(129), 'a\u2028b', ' \u3000']) {
    storage.setItem('desk.session', name);
    assert.match(store.sessionName(), /^session_\d+_[0-9a-f]{12}$/, JSON.stringify(name));
  }
  storage.setItem('desk.session', 'session_1_abc');
  assert.equal(store.sessionName(), 'session_1_abc');
});

test('stored messages of any shape are passed over', async () => {
  const store = await fresh();
  const good = { key: 'k1', text: 'hello', after: 0, createdAt: 1, order: 2 };
  const bad = ['null', '5', '"x"', '[]', '{}', '{', JSON.stringify({ ...good, order: 'a' }), JSON.stringify({ ...good, key: 'a\nb' }), JSON.stringify({ ...good, position: '7' })];
  bad.forEach((text, index) => storage.setItem(`desk.outbox.s.bad${index}`, text));
  storage.setItem('desk.outbox.s.k1', JSON.stringify(good));
  assert.deepEqual(store.pendingMessages('s'), [good]);
  for (const text of ['5', '{"a":1}', '["x", 3]', '{']) {
    storage.setItem('desk.dividers.s', text);
    assert.ok(store.dividers('s').every(Number.isFinite));
  }
  storage.setItem('desk.seen', 'x');
  assert.equal(store.seenTo(), 0);
});
