import assert from 'node:assert/strict';
import { test } from 'vitest';

import type { Api } from '../core/api.ts';
import { Customer, subjectOf } from '../core/customer.ts';
import { Problem } from '../core/problem.ts';
import * as store from '../core/store.ts';

const tokenOf = (sub: string) => `x.${Buffer.from(JSON.stringify({ sub, name: 'ü?>' })).toString('base64url')}.y`;

/** A server that answers each command by the next of `turns`: the visitor it is from now on, or an error. */
function setUp(turns: (string | Error)[]) {
  const seen = { changed: 0, refused: [] as string[], calls: 0 };
  const answer = async () => {
    seen.calls += 1;
    const turn = turns.shift();
    if (turn instanceof Error) throw turn;
    if (turn) store.setToken(tokenOf(turn));
  };
  const api = { identify: answer, signOut: answer } as unknown as Api;
  const hooks = { changed: () => void (seen.changed += 1), refused: (code: string) => void seen.refused.push(code) };
  return { customer: new Customer(api, hooks), seen };
}

test('the visitor of a token is read from it', () => {
  assert.equal(subjectOf(tokenOf('ana')), 'ana');
  for (const bad of [null, '', 'a.b.c', 'a']) assert.equal(subjectOf(bad), null);
});

test('the first customer of a visitor keeps what was said', async () => {
  store.forgetCustomer();
  store.setToken(tokenOf('visitor'));
  store.setDraft('half a sentence');
  const { customer, seen } = setUp(['visitor']);
  await customer.identify('shop’s word');
  assert.deepEqual([seen.changed, store.draft()], [0, 'half a sentence']);
});

test('another customer sees nothing of the one before', async () => {
  store.forgetCustomer();
  store.setToken(tokenOf('visitor'));
  const session = store.sessionName();
  store.setDraft('half a sentence');
  store.keepPending(session, { key: 'k', text: 'a', after: 0, createdAt: 1, order: 1 });
  const { customer, seen } = setUp(['another']);
  await customer.identify('shop’s word');
  assert.deepEqual([seen.changed, store.draft(), store.pendingMessages(session)], [1, '', []]);
  assert.notEqual(store.sessionName(), session);
  assert.equal(subjectOf(store.token()), 'another');
});

test('a lost connection is tried again, a refusal is told', async () => {
  store.forgetCustomer();
  const { customer, seen } = setUp([new TypeError('network'), new Problem(401, { code: 'IDENTITY_TOKEN_REPLAYED' })]);
  await customer.identify('shop’s word');
  assert.deepEqual([seen.calls, seen.refused], [2, ['IDENTITY_TOKEN_REPLAYED']]);
});

test('who never wrote has nothing to leave', async () => {
  store.forgetCustomer();
  const { customer, seen } = setUp([]);
  await customer.signOut();
  assert.equal(seen.calls, 0);
});
