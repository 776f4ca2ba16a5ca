// What agents and their desk have: quick replies, drafts at another desk, filters and counts of the list, the FAQ, proof files.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { ADMIN, customer, hire, leave, openOffice, signInByApi, workbenchOf } from './workbench.mjs';

let office;
let desk;
let browser;
let anna;

before(async () => {
  office = await openOffice({ anna: 'Anna' });
  ({ desk, browser, anna } = office);
});

after(async () => {
  await office?.end();
});

const log = (page) => page.getByRole('log');
const row = (page, name) => page.getByRole('list').getByRole('link', { name: new RegExp(`^${name}`) });
const field = (page) => page.getByRole('textbox', { name: /^Reply/ });

/** A session that Anna has, by the API. */
async function hers(name) {
  const visitor = customer(desk, name);
  await visitor.says('I want to talk to a human agent');
  const api = await signInByApi(desk, anna);
  await api.call('POST', 'api/agent/heartbeat', {});
  await api.call('POST', `api/sessions/${visitor.id}/takeover`, {});
  return visitor;
}

test('a quick reply: written in the settings, found behind the slash, filled in, sent and counted', async () => {
  const visitor = await hers('quick-session');
  const opened = await workbenchOf(browser, desk, anna, { path: 'settings/quick-replies' });
  const { page } = opened;
  await page.getByRole('button', { name: 'Add a quick reply' }).click();
  await page.getByLabel('Title').fill('Zebra greeting');
  await page.getByLabel('Text', { exact: true }).fill('Hello, this is {{agent.name}} about {{order.number}}.');
  await page.getByRole('dialog').getByLabel('Category').fill('greeting');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const item = page.getByRole('listitem').filter({ hasText: 'Zebra greeting' });
  await item.getByText('0×').waitFor();
  await page.getByRole('link', { name: 'Inbox' }).click();
  await row(page, 'quick-session').click();
  await field(page).pressSequentially('/zeb');
  await page.getByRole('option', { name: /Zebra greeting/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Not known here, please fill in: order.number').waitFor();
  assert.equal(await field(page).inputValue(), 'Hello, this is Anna about {{order.number}}.');
  await field(page).fill('Hello, this is Anna about 4711.');
  await page.keyboard.press('Enter');
  await log(page).getByText('Hello, this is Anna about 4711.', { exact: true }).waitFor();
  await page.getByText('Sending…').waitFor({ state: 'detached' });
  assert.ok((await visitor.reads()).includes('Hello, this is Anna about 4711.'));
  await page.goto(`${desk.url}workbench/settings/quick-replies`);
  await item.getByText('1×').waitFor();
  await leave(opened);
});

test('a quick reply that somebody changed meanwhile: both are shown, and one is chosen', async () => {
  const api = await signInByApi(desk, anna);
  const { data } = await api.call('POST', 'api/quick-replies', { title: 'Yak', content: 'As it was', category: 'greeting', language: 'en', scope: 'personal' });
  const opened = await workbenchOf(browser, desk, anna, { path: 'settings/quick-replies' });
  const { page } = opened;
  await page.getByRole('button', { name: 'Edit Yak' }).click();
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${api.token}`, 'If-Match': `"${data.version}"` };
  const body = JSON.stringify({ title: 'Yak', content: 'From elsewhere', category: 'greeting', language: 'en' });
  assert.equal((await fetch(`${desk.url}api/quick-replies/${data.id}`, { method: 'PUT', headers, body })).status, 200);
  await page.getByLabel('Text', { exact: true }).fill('My text');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('alert').getByText('From elsewhere').waitFor();
  await page.getByRole('button', { name: 'Save mine' }).click();
  await page.getByRole('listitem').filter({ hasText: 'Yak' }).getByText('My text').waitFor();
  await leave(opened);
});

test('a draft is there at another desk, and gone when it is sent', async () => {
  await hers('draft-elsewhere');
  const first = await workbenchOf(browser, desk, anna);
  await row(first.page, 'draft-elsewhere').click();
  const kept = first.page.waitForResponse((response) => response.url().includes('/drafts/reply') && response.request().method() === 'PUT');
  await field(first.page).pressSequentially('Half a sen');
  await kept;
  const second = await workbenchOf(browser, desk, anna);
  await row(second.page, 'draft-elsewhere').click();
  await second.page.waitForFunction(() => document.querySelector('textarea')?.value === 'Half a sen');
  await second.page.keyboard.press('r');
  await second.page.keyboard.press('End');
  await second.page.keyboard.type('tence');
  await second.page.keyboard.press('Enter');
  await log(second.page).getByText('Half a sentence', { exact: true }).waitFor();
  const api = await signInByApi(desk, anna);
  const deadline = Date.now() + 10_000;
  while ((await api.call('GET', 'api/drafts')).data.length > 0) {
    assert.ok(Date.now() < deadline, 'the draft is gone');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await leave(first);
  await leave(second);
});

test('filters ask the server, views are saved, unread is counted', async () => {
  await customer(desk, 'needle-1').says('How long does shipping take?');
  await customer(desk, 'hay-1').says('我要投诉你们的服务');
  const opened = await workbenchOf(browser, desk, ADMIN);
  const { page } = opened;
  await page.keyboard.press('3');
  await row(page, 'hay-1').getByText('one unread message').waitFor({ state: 'attached' });
  await row(page, 'hay-1').click();
  await row(page, 'hay-1').getByText('one unread message').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Filter and sort' }).click();
  await page.getByRole('searchbox', { name: 'Words in messages or names' }).fill('needle');
  await row(page, 'hay-1').waitFor({ state: 'detached' });
  await row(page, 'needle-1').waitFor();
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Needles');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Reset' }).click();
  await row(page, 'hay-1').waitFor();
  await page.getByRole('combobox', { name: 'Rule' }).selectOption('R2');
  await row(page, 'needle-1').waitFor({ state: 'detached' });
  await row(page, 'hay-1').waitFor();
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByRole('button', { name: 'Needles', exact: true }).click();
  await row(page, 'needle-1').waitFor();
  await row(page, 'hay-1').waitFor({ state: 'detached' });
  await leave(opened);
});

test('the FAQ: its entries, and what it would say to a question', async () => {
  const opened = await workbenchOf(browser, desk, ADMIN, { path: 'settings/faq' });
  const { page } = opened;
  await page.getByRole('searchbox', { name: 'Search' }).fill('talk-to-a-human');
  await page.getByRole('listitem').filter({ hasText: 'talk-to-a-human' }).or(page.getByRole('listitem').filter({ hasText: '转人工' })).first().waitFor();
  await page.getByRole('textbox', { name: 'Question' }).fill('How long does shipping take?');
  await page.keyboard.press('Enter');
  await page.getByText('It is sure and answers with:').waitFor();
  await page.getByText(/within a few working days/).waitFor();
  await leave(opened);
});

test('the policy: tried on a text, published over what was seen, and taken back', async () => {
  const opened = await workbenchOf(browser, desk, ADMIN, { path: 'settings/policy' });
  const { page } = opened;
  await page.getByRole('textbox', { name: 'What a customer might write' }).fill('zebra please');
  await page.keyboard.press('Enter');
  await page.getByText('Nobody is called.').waitFor();
  const editor = page.getByRole('textbox', { name: 'Document' });
  await editor.fill('[rules.R2]\non = true\n[rules.R2.phrases]\nen = ["zebra"]\n');
  await page.getByRole('button', { name: 'Try', exact: true }).click();
  await page.getByText(/R2 · Complaint or legal calls a person/).waitFor();
  const api = await signInByApi(desk, ADMIN);
  await fetch(`${desk.url}api/policies`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${api.token}`, 'If-Match': '"0"' },
    body: JSON.stringify({ document: '', reason: 'From elsewhere' }),
  });
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByText('Version 1 was published meanwhile.', { exact: false }).waitFor();
  assert.match(await editor.inputValue(), /zebra/);
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByText('Version 2 is in force').waitFor();
  await page.getByRole('article').filter({ hasText: 'Version 1' }).getByRole('button', { name: 'Go back to this' }).click();
  await page.getByText('Version 3 is in force').waitFor();
  await leave(opened);
});

test('an auditor brings the proof file, and is told what it says', { timeout: 180_000 }, async () => {
  const auditor = await hire(desk, 'rev', 'Rev', 'auditor');
  await customer(desk, 'to-be-proved').says('How long does shipping take?');
  const opened = await workbenchOf(browser, desk, auditor, { path: 'replay/to-be-proved' });
  const { page } = opened;
  const bring = page.getByRole('button', { name: 'Bring the proof file' });
  const proof = page.getByRole('region', { name: 'Proof' });
  let file = null;
  page.on('download', (download) => (file ??= download));
  // A note is signed at least every minute; until one covers the session, the button says so and may be pressed again.
  const deadline = Date.now() + 120_000;
  while (!file) {
    assert.ok(Date.now() < deadline, 'a note is signed within a minute');
    await bring.click();
    await page.waitForTimeout(3000);
  }
  const { format, events } = JSON.parse(readFileSync(await file.path(), 'utf8'));
  assert.equal(format, 'fiido-desk/proof/1');
  await proof.getByText(new RegExp(`^${events.length} events, proved`)).waitFor();
  await leave(opened);
});
