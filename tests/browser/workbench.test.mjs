// Agents at the workbench, in real browsers against the real server with its real streams: by keyboard and by what is on
// screen, as people work.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { PAYLOADS } from './xss.mjs';
import { ADMIN, customer, hire, oneTimeCode, openOffice, openWorkbench, signIn, signInByApi, workbenchOf } from './workbench.mjs';

let office;
let desk;
let browser;
let anna;
let bo;

before(async () => {
  office = await openOffice({ anna: 'Anna', bo: 'Bo Li' });
  ({ desk, browser, anna, bo } = office);
});

after(async () => {
  await office?.end();
});

const log = (page) => page.getByRole('log');
const said = (page, text) => log(page).getByText(text, { exact: true });
const row = (page, name) => page.getByRole('list').getByRole('link', { name: new RegExp(`^${name}`) });
const tab = (page, name) => page.getByRole('group', { name: 'Which sessions' }).getByRole('button', { name });
const button = (page, name) => page.getByRole('toolbar').getByRole('button', { name });

/** A session that waits for a person. */
async function waiting(name) {
  const visitor = customer(desk, name);
  await visitor.says('I want to talk to a human agent');
  return visitor;
}

async function openFromQueue(page, name) {
  await page.keyboard.press('2');
  await row(page, name).click();
  await page.getByRole('heading', { name, level: 2 }).waitFor();
}

async function reply(page, text) {
  await page.keyboard.press('r');
  await page.getByRole('textbox', { name: /^Reply/ }).fill(text);
  await page.keyboard.press('Enter');
}

test('signing in: a wrong password is told, the right one opens the inbox', async () => {
  const { page, faults } = await openWorkbench(browser, desk);
  await signIn(page, { ...anna, password: 'not the one' });
  await page.getByRole('alert').getByText('do not belong together').waitFor();
  await signIn(page, anna);
  await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  assert.deepEqual(faults, []);
  await page.context().close();
});

test('a second factor is asked for where there is one', async () => {
  const carla = await hire(desk, 'carla', 'Carla');
  const api = await signInByApi(desk, carla);
  const { secret } = await api.call('POST', 'api/agent/second-factor', { password: carla.password });
  await api.call('POST', 'api/agent/second-factor/enable', { code: oneTimeCode(secret) });
  const { page, faults } = await openWorkbench(browser, desk);
  await signIn(page, carla);
  await page.getByLabel('One-time code').fill(oneTimeCode(secret, 1));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  assert.deepEqual(faults, []);
  await page.context().close();
});

test('a password that somebody else set is changed first', async () => {
  const admin = await signInByApi(desk, ADMIN);
  await admin.call('POST', 'api/agents', { username: 'dora', password: 'chosen by admin' });
  const { page } = await openWorkbench(browser, desk);
  await signIn(page, { username: 'dora', password: 'chosen by admin' });
  await page.getByLabel('Present password').fill('chosen by admin');
  await page.getByLabel('New password').fill('four words of mine');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  await page.context().close();
});

test('by keyboard alone: taken over from the queue, both write, and it is released', async () => {
  const { page, faults } = await workbenchOf(browser, desk, anna);
  const visitor = await waiting('by-keyboard');
  await page.keyboard.press('2');
  await row(page, 'by-keyboard').waitFor();
  await page.keyboard.press('j');
  await page.getByRole('heading', { name: 'by-keyboard', level: 2 }).waitFor();
  await page.keyboard.press('t');
  await page.getByText('Yours', { exact: true }).waitFor();
  await reply(page, 'Hello, I am Anna');
  await said(page, 'Hello, I am Anna').waitFor();
  await visitor.saysToPerson('My order has not come');
  await said(page, 'My order has not come').waitFor();
  assert.ok((await visitor.reads()).includes('Hello, I am Anna'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+R');
  await log(page).getByText('Anna gave it back to the assistant').waitFor();
  await page.getByText('The assistant has this session', { exact: false }).waitFor();
  assert.equal(await page.getByRole('textbox', { name: /^Reply/ }).count(), 0, 'nothing can be written while the assistant has it');
  await visitor.says('How long does shipping take?');
  await log(page).getByText(/within a few working days/).waitFor();
  assert.deepEqual(faults, []);
  await page.context().close();
});

test('two take over at once: one has it, the other reads who', async () => {
  const pages = await Promise.all([workbenchOf(browser, desk, anna), workbenchOf(browser, desk, bo)]);
  await waiting('wanted-by-two');
  for (const { page } of pages) await openFromQueue(page, 'wanted-by-two');
  await Promise.all(pages.map(({ page }) => page.keyboard.press('t')));
  const outcome = async ({ page }) => {
    const yours = page.getByText('Yours', { exact: true });
    const lost = page.getByRole('alert').getByText(/(Anna|Bo Li) was faster/);
    await yours.or(lost).first().waitFor();
    return (await lost.count()) > 0 ? 'lost' : 'has it';
  };
  const outcomes = await Promise.all(pages.map(outcome));
  assert.deepEqual([...outcomes].sort(), ['has it', 'lost']);
  const loser = pages[outcomes.indexOf('lost')].page;
  await loser.getByRole('button', { name: 'Watch' }).click();
  await loser.getByText(/(Anna|Bo Li) has this session/).waitFor();
  for (const { page, faults } of pages) {
    assert.deepEqual(faults, []);
    await page.context().close();
  }
});

test('a transfer is asked for, accepted, and both see it', async () => {
  const [mine, theirs] = await Promise.all([workbenchOf(browser, desk, anna), workbenchOf(browser, desk, bo)]);
  await waiting('to-be-transferred');
  await openFromQueue(mine.page, 'to-be-transferred');
  await mine.page.keyboard.press('t');
  await mine.page.getByText('Yours', { exact: true }).waitFor();
  await mine.page.keyboard.press('Shift+T');
  await mine.page.getByRole('radio', { name: /Bo Li/ }).check();
  await mine.page.getByLabel('Reason, for staff alone').fill('Knows brakes');
  await mine.page.getByRole('dialog').getByRole('button', { name: 'Ask' }).click();
  await mine.page.getByText(/Waiting for Bo Li to accept/).waitFor();
  await theirs.page.getByRole('status').getByRole('button', { name: 'Open' }).click();
  await theirs.page.getByText('Knows brakes').waitFor();
  await theirs.page.getByRole('button', { name: 'Accept' }).click();
  await theirs.page.getByText('Yours', { exact: true }).waitFor();
  await mine.page.getByText('With Bo Li', { exact: true }).waitFor();
  await button(theirs.page, /^Close/).click();
  await theirs.page.getByTestId('state').getByText('Closed').waitFor();
  await mine.page.context().close();
  await theirs.page.context().close();
});

test('the server dies while an agent writes: what was sent is there once, and what was missed is told', async () => {
  const { page, faults } = await workbenchOf(browser, desk, anna);
  const visitor = await waiting('through-a-crash');
  await openFromQueue(page, 'through-a-crash');
  await page.keyboard.press('t');
  await page.getByText('Yours', { exact: true }).waitFor();
  await desk.kill();
  await reply(page, 'Written while it was dead');
  await said(page, 'Written while it was dead').waitFor();
  await page.getByText(/Connection lost/).waitFor({ state: 'attached' });
  await desk.startAgain();
  await visitor.saysToPerson('Are you still there?');
  await said(page, 'Are you still there?').waitFor();
  await page.getByText('Sending…').waitFor({ state: 'detached' });
  assert.equal(await said(page, 'Written while it was dead').count(), 1);
  assert.equal((await visitor.reads()).filter((text) => text === 'Written while it was dead').length, 1);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test('the connection dies while the answer is on its way: sent again under its key, it is one message', async () => {
  const { page } = await workbenchOf(browser, desk, anna);
  const visitor = await waiting('through-a-lost-answer');
  await openFromQueue(page, 'through-a-lost-answer');
  await page.keyboard.press('t');
  await page.getByText('Yours', { exact: true }).waitFor();
  let lost = 0;
  await page.route('**/api/manual/messages', async (route) => {
    await route.fetch();
    lost += 1;
    await route.abort();
  }, { times: 2 });
  await reply(page, 'Whose answer is lost twice');
  await said(page, 'Whose answer is lost twice').waitFor();
  await page.getByText('Sending…').waitFor({ state: 'detached' });
  assert.equal(lost, 2);
  assert.equal((await visitor.reads()).filter((text) => text === 'Whose answer is lost twice').length, 1);
  assert.equal(await said(page, 'Whose answer is lost twice').count(), 1);
  await page.context().close();
});

test('what happened while the connection was gone is counted, and nothing is loaded anew', async () => {
  const { page } = await workbenchOf(browser, desk, ADMIN);
  await desk.kill();
  await page.getByText(/Connection lost/).waitFor({ state: 'attached' });
  // Meanwhile the way to the stream stays shut; what happens there is missed.
  await page.route('**/api/agent/events*', (route) => route.abort());
  await desk.startAgain();
  const visitor = customer(desk, 'while-away');
  await visitor.says('How long does shipping take?');
  await page.evaluate(() => { window.wasLoaded = true; });
  await page.unroute('**/api/agent/events*');
  await page.getByText(/Caught up/).waitFor();
  assert.equal(await page.evaluate(() => window.wasLoaded), true);
  await tab(page, /^All/).click();
  await row(page, 'while-away').waitFor();
  await page.context().close();
});

test('who is asked while the workbench was shut finds it when it opens', async () => {
  const api = await signInByApi(desk, anna);
  await api.call('POST', 'api/agent/heartbeat', {});
  const { id } = await waiting('asked-while-shut');
  await api.call('POST', `api/sessions/${id}/takeover`, {});
  await api.call('POST', `api/sessions/${id}/transfer-requests`, { to_agent_id: 'bo' });
  const { page } = await workbenchOf(browser, desk, bo);
  await row(page, 'asked-while-shut').click();
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.getByText('Yours', { exact: true }).waitFor();
  await page.context().close();
});

test('a sign-in that ends is asked for again, and what was typed is sent then', async () => {
  const { page, faults } = await workbenchOf(browser, desk, bo);
  const visitor = await waiting('through-an-expiry');
  await openFromQueue(page, 'through-an-expiry');
  await page.keyboard.press('t');
  await page.getByText('Yours', { exact: true }).waitFor();
  const api = await signInByApi(desk, bo);
  const { data } = await api.call('GET', 'api/agent/sign-ins');
  for (const signIn of data.filter((signIn) => !signIn.is_this)) await api.call('DELETE', `api/agent/sign-ins/${signIn.id}`);
  await reply(page, 'Typed before it ended');
  await page.getByRole('dialog', { name: 'Please sign in again' }).waitFor();
  await page.getByRole('dialog').getByLabel('Password').fill(bo.password);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByText('Sending…').waitFor({ state: 'detached' });
  await said(page, 'Typed before it ended').waitFor();
  assert.equal((await visitor.reads()).filter((text) => text === 'Typed before it ended').length, 1);
  assert.deepEqual(faults, []);
  await page.context().close();
});

test('two windows of one browser share a stream and show the same', async () => {
  const { page } = await workbenchOf(browser, desk, ADMIN);
  const second = await page.context().newPage();
  const streams = [];
  page.context().on('request', (request) => request.url().includes('/api/agent/events') && streams.push(request.url()));
  await second.goto(`${desk.url}workbench/inbox`);
  await second.getByText(/^Connected/).waitFor({ state: 'attached' });
  assert.deepEqual(streams, [], 'the second window opens no stream');
  await waiting('seen-in-both');
  for (const shown of [page, second]) {
    await tab(shown, /^Queue/).click();
    await row(shown, 'seen-in-both').waitFor();
  }
  await page.close();
  await waiting('seen-after-the-first-closed');
  await row(second, 'seen-after-the-first-closed').waitFor();
  await second.context().close();
});

test('an auditor plays a session back, step by step', async () => {
  const auditor = await hire(desk, 'aud', 'Aud', 'auditor');
  const visitor = customer(desk, 'to-be-replayed');
  await visitor.says('How long does shipping take?');
  await visitor.says('I want to talk to a human agent');
  const { page, faults } = await workbenchOf(browser, desk, auditor);
  await page.keyboard.press('3');
  await row(page, 'to-be-replayed').click();
  await page.getByText('You may read this session, not write in it.').waitFor();
  await page.getByRole('toolbar').getByRole('link', { name: 'Time travel' }).click();
  const state = page.getByTestId('replay-state');
  await page.getByText('Event 1 of 7').waitFor();
  await state.getByText('Assistant').waitFor();
  await page.keyboard.press('x');
  await state.getByText('Waiting').waitFor();
  await page.getByText('R1 · Asks for a person').waitFor();
  await page.keyboard.press('ArrowRight');
  const seen = page.getByRole('region', { name: 'What the customer saw' });
  await seen.getByText('A person will answer you shortly.').waitFor();
  await page.keyboard.press('ArrowLeft');
  await seen.getByText('A person will answer you shortly.').waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
  await page.context().close();
});

test('a link may name a session; one that is not there says so, and the connection stays', async () => {
  await waiting('linked-by-name');
  const { page } = await workbenchOf(browser, desk, anna, { path: 'inbox/linked-by-name' });
  await page.getByRole('heading', { name: 'linked-by-name', level: 2 }).waitFor();
  await page.waitForURL(/inbox\/[0-9a-f-]{36}$/);
  await page.goto(`${desk.url}workbench/inbox/00000000-0000-4000-8000-000000000000`);
  await page.getByText('It is not there.').waitFor();
  await page.getByText(/^Connected/).waitFor({ state: 'attached' });
  await page.context().close();
});

test('the palette goes anywhere, and the sheet names the keys', async () => {
  const { page } = await workbenchOf(browser, desk, ADMIN);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('Audit');
  await page.getByRole('option', { name: 'Audit trail' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Audit trail' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).getByText('Search and commands').waitFor();
  await page.context().close();
});

test('nothing that anybody writes is run: messages of both sides, names, and what the list shows', async () => {
  const admin = await signInByApi(desk, ADMIN);
  const { page, faults } = await workbenchOf(browser, desk, bo);
  page.on('dialog', () => assert.fail('something was run'));
  const name = '<img src=x onerror=window.xss=1>';
  const visitor = await waiting(name);
  await admin.call('PUT', `api/agents/anna`, { name });
  await openFromQueue(page, '<img src=x');
  await page.keyboard.press('t');
  await page.getByText('Yours', { exact: true }).waitFor();
  const api = await signInByApi(desk, bo);
  const id = page.url().split('/').at(-1);
  assert.ok(PAYLOADS.length >= 100);
  for (const content of PAYLOADS) {
    await visitor.saysToPerson(content);
    await api.call('POST', 'api/manual/messages', { session_name: id, role: 'agent', content });
    await log(page).locator('article').last().getByText(content.trim(), { exact: true }).waitFor();
  }
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.getByRole('article', { name }).getByText(name).first().waitFor();
  assert.equal(await page.evaluate(() => window.xss), undefined);
  assert.equal(await page.evaluate(() => document.querySelectorAll('img, iframe, object, embed, svg script').length), 0);
  await admin.call('PUT', `api/agents/anna`, { name: 'Anna' });
  assert.deepEqual(faults, []);
  await page.context().close();
});

test('under the pointer no row moves; when it leaves, they do', async () => {
  const { page } = await workbenchOf(browser, desk, ADMIN);
  const first = customer(desk, 'hover-first');
  await first.says('How long does shipping take?');
  await customer(desk, 'hover-second').says('How long does shipping take?');
  await tab(page, /^All/).click();
  const order = async () => (await page.getByRole('list', { name: 'All' }).getByRole('link').allTextContents()).map((text) => /hover-(first|second)/.exec(text)?.[0]).filter(Boolean);
  await row(page, 'hover-second').hover();
  assert.deepEqual(await order(), ['hover-second', 'hover-first']);
  await first.says('rain and water');
  await page.getByText(/wait to move|waits to move/).waitFor();
  assert.deepEqual(await order(), ['hover-second', 'hover-first']);
  await page.getByRole('heading', { name: 'Inbox' }).hover();
  await page.getByText(/wait to move|waits to move/).waitFor({ state: 'detached' });
  assert.deepEqual(await order(), ['hover-first', 'hover-second']);
  await page.context().close();
});

test('what is half written is there again after a reload and when one comes back to the session', async () => {
  const { page } = await workbenchOf(browser, desk, anna);
  await waiting('draft-one');
  await waiting('draft-two');
  await openFromQueue(page, 'draft-one');
  await page.keyboard.press('t');
  await page.getByText('Yours', { exact: true }).waitFor();
  await page.keyboard.press('r');
  await page.keyboard.type('Half a sen');
  await page.keyboard.press('Escape');
  await openFromQueue(page, 'draft-two');
  await page.keyboard.press('1');
  await row(page, 'draft-one').getByText('Half a sen').waitFor();
  await page.reload();
  await row(page, 'draft-one').click();
  const field = page.getByRole('textbox', { name: /^Reply/ });
  await field.waitFor();
  assert.equal(await field.inputValue(), 'Half a sen');
  await page.context().close();
});

test('the palette finds sessions that were never loaded, by name, by what was said last, and by id', async () => {
  const old = customer(desk, 'Zanzibar 4711');
  await old.says('How long does shipping take?');
  await old.says('Where is Timbuktu?');
  const { page, faults } = await workbenchOf(browser, desk, anna);
  const option = (name) => page.getByRole('option', { name });
  // Hers is empty: nothing of the others was asked for.
  assert.equal(await row(page, 'Zanzibar').count(), 0);
  for (const [words, name] of [['zanzi', /^Zanzibar 4711/], [old.id, new RegExp(old.id)]]) {
    await page.keyboard.press('Control+k');
    await page.keyboard.type(words);
    await option(name).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Zanzibar 4711', level: 2 }).waitFor();
    await page.goto(`${desk.url}workbench/inbox`);
    await page.getByText(/^Connected/).waitFor({ state: 'attached' });
  }
  await page.keyboard.press('Control+k');
  await page.keyboard.type('nobody is called so');
  await page.getByText('Nothing of that name').waitFor();
  assert.deepEqual(faults, []);
  await page.context().close();
});

test('the audit trail shows the newest first, further pages behind it, and the oldest first where that is asked for', async () => {
  const admin = await signInByApi(desk, ADMIN);
  for (let index = 0; index < 120; index += 1) await admin.call('PUT', 'api/agents/bo', { max_sessions: 5 + (index % 2) });
  const { page, faults } = await workbenchOf(browser, desk, ADMIN, { path: 'audit' });
  const table = page.getByRole('table');
  const positions = async () => (await table.locator('tbody tr td:first-child').allTextContents()).map(Number);
  const isSorted = (list, sign) => list.every((position, index) => index === 0 || sign * (position - list[index - 1]) > 0);
  await page.getByLabel('Of what').fill(`agent-${(await admin.call('GET', 'api/agents/bo')).data.id}`);
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await table.getByText('agent.created').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 100);
  const newest = await positions();
  assert.ok(isSorted(newest, -1), newest.join());
  await page.getByRole('button', { name: 'Show more' }).click();
  await table.getByText('agent.created').waitFor();
  const all = await positions();
  assert.ok(all.length > 120 && isSorted(all, -1), all.join());
  await page.getByRole('combobox', { name: 'Order' }).selectOption('Oldest first');
  await page.waitForFunction((first) => Number(document.querySelector('tbody td').textContent) === first, all.at(-1));
  assert.ok(isSorted(await positions(), 1));
  assert.deepEqual(faults, []);
  await page.context().close();
});
