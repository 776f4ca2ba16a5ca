import assert from 'node:assert/strict';
import { afterEach, beforeEach, test, vi } from 'vitest';

let entries: Map<string, string>;
let isFull: boolean;

beforeEach(() => {
  entries = new Map();
  isFull = false;
  vi.resetModules();
  vi.stubGlobal('addEventListener', () => {});
  vi.stubGlobal('localStorage', {
    get length() { return entries.size; },
    key: (index: number) => [...entries.keys()][index] ?? null,
    getItem: (key: string) => entries.get(key) ?? null,
    removeItem: (key: string) => entries.delete(key),
    setItem: (key: string, value: string) => {
      if (isFull) throw new DOMException('full', 'QuotaExceededError');
      entries.set(key, value);
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

const GOOD = { access: 'a', refresh: 'r', endsAt: 1, me: { id: 'i', role: 'agent' }, permissions: [], mustChangePassword: false };

test('a stored sign-in that cannot be ours is none', async () => {
  const credentials = await import('../api/credentials');
  for (const text of ['', '{', '5', '[]', 'null', '{"access":"a"}', JSON.stringify({ ...GOOD, endsAt: 'soon' }), JSON.stringify({ ...GOOD, me: null })]) {
    entries.set('desk-workbench.staff', text);
    assert.equal(credentials.load(), null, text);
  }
  entries.set('desk-workbench.staff', JSON.stringify(GOOD));
  assert.deepEqual(credentials.load(), GOOD);
});

test('where storage is full, the newer sign-in counts', async () => {
  const credentials = await import('../api/credentials');
  entries.set('desk-workbench.staff', JSON.stringify(GOOD));
  isFull = true;
  const newer = { ...GOOD, refresh: 'newer' } as unknown as NonNullable<ReturnType<typeof credentials.load>>;
  credentials.save(newer);
  assert.equal(credentials.load()?.refresh, 'newer');
});

test('what the widget keeps on the same origin is not the workbench’s', async () => {
  const { storage } = await import('../api/storage');
  const store = await import('../../widget/core/store.ts');
  storage.write('staff', 'x');
  store.setDraft('y');
  store.forgetCustomer();
  assert.equal(storage.read('staff'), 'x');
  assert.deepEqual(storage.keysFrom(''), ['staff']);
});

test('a read after a change waits for what the change wrote', async () => {
  const { afterOwnWrites, noteWrite } = await import('../api/own_writes');
  assert.deepEqual(afterOwnWrites(), {});
  await noteWrite(Response.json({ success: true, position: 7 }));
  await noteWrite(Response.json({ success: true, position: 5 }));
  await noteWrite(new Response(null, { status: 204 }));
  assert.deepEqual(afterOwnWrites(), { min_position: 7 });
});
