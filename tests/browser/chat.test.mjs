// A customer chats in a real browser against the real server, on the demo shop's page: things are found by role and label, as a
// person finds them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, openPage } from './chromium.mjs';
import { Desk } from './desk.mjs';

let desk;
let browser;

before(async () => {
  desk = await Desk.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await desk?.end();
});

/** The shop's page, with the chat open. */
async function open(locale) {
  const opened = await openPage(browser, locale, desk.url);
  await opened.page.getByRole('button', { name: /^(Open chat|打开在线咨询)/ }).click();
  return opened;
}

async function write(page, text) {
  await page.getByRole('textbox', { name: /^(Message|消息)$/ }).fill(text);
  await page.keyboard.press('Enter');
}

const shown = (page, text) => page.getByRole('log').getByText(text).first().waitFor();
const times = (page, text) => page.getByRole('log').getByText(text, { exact: true }).count();

test('a customer is answered in its language, and a reload shows the whole conversation', async () => {
  const { page, faults } = await open('zh-CN');
  await write(page, '电池多久充满？');
  await shown(page, /4到8小时/);
  await write(page, 'How long does shipping take?');
  await shown(page, /within a few working days/);
  await page.reload();
  await shown(page, /4到8小时/);
  await shown(page, /within a few working days/);
  assert.equal(await times(page, '电池多久充满？'), 1);
  assert.deepEqual(faults, []);
});

test('a message written while the server is dead is answered once when it lives again', async () => {
  const { page, faults } = await open('en-GB');
  await write(page, 'How long does shipping take?');
  await shown(page, /within a few working days/);
  await desk.kill();
  await write(page, 'How do I return my bike?');
  await page.getByText(/reconnecting/i).first().waitFor();
  await desk.startAgain();
  await shown(page, /14 days/);
  await page.reload();
  await shown(page, /14 days/);
  assert.equal(await times(page, 'How do I return my bike?'), 1);
  assert.deepEqual(faults, []);
});

test('what an answer offers is chosen with the keyboard, is asked once, and is gone', async () => {
  const { page, faults } = await open('en-GB');
  await write(page, 'rain and water');
  const choices = page.getByRole('list', { name: 'You may ask next' });
  const first = choices.getByRole('button').first();
  await first.waitFor();
  const question = await first.textContent();
  await first.focus();
  await page.keyboard.press('Enter');
  await choices.waitFor({ state: 'hidden' });
  const focused = () => document.activeElement.shadowRoot?.activeElement?.tagName ?? 'BODY';
  assert.notEqual(await page.evaluate(focused), 'BODY', 'the focus is somewhere');
  await page.locator('.message-user').getByText(question, { exact: true }).waitFor();
  await page.reload();
  await page.locator('.message-user').getByText(question, { exact: true }).waitFor();
  assert.equal(await page.locator('.message-user').getByText(question, { exact: true }).count(), 1);
  assert.equal(await choices.isVisible(), false, 'they are of an earlier answer');
  assert.deepEqual(faults, []);
});

test('a cleared conversation stays cleared', async () => {
  const { page } = await open('en-GB');
  await write(page, 'How long does shipping take?');
  await shown(page, /within a few working days/);
  await page.getByRole('button', { name: 'Conversation actions' }).click();
  await page.getByRole('menuitem', { name: 'Clear' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Clear' }).click();
  await page.getByRole('log').getByText(/within a few working days/).waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('textbox').waitFor();
  assert.equal(await page.getByRole('log').getByText(/within a few working days/).count(), 0);
});

test('what a customer writes is never run', async () => {
  const { page, faults } = await open('en-GB');
  await page.evaluate(() => { window.wasRun = false; });
  await write(page, '<img src=x onerror="window.wasRun = true"> **bold** [x](javascript:window.wasRun=true)');
  await shown(page, '<img src=x');
  assert.equal(await page.evaluate(() => window.wasRun), false);
  assert.deepEqual(faults, []);
});

test('a customer asks for a person, writes while waiting, talks to that person, and then to the assistant again', async () => {
  const { page, faults } = await open('en-GB');
  const staff = await desk.staff();
  await write(page, 'I want to talk to a human agent');
  await page.getByText('Waiting for an agent', { exact: true }).waitFor();
  await write(page, 'It is about order 4711');
  await shown(page, 'It is about order 4711');

  const { data } = await staff('GET', 'api/sessions?status=pending_manual');
  const waiting = data.sessions.find((session) => session.status === 'pending_manual');
  const [name, id] = [waiting.session_name, waiting.session_id];
  await staff('POST', `api/sessions/${id}/takeover`, { from: 'any' });
  await page.getByText(/^Agent/).first().waitFor();
  await staff('POST', 'api/manual/messages', { session_name: name, role: 'agent', content: 'Hello, I am looking at 4711' });
  await shown(page, 'Hello, I am looking at 4711');
  await write(page, 'Thank you very much');
  await shown(page, 'Thank you very much');

  await staff('POST', `api/sessions/${id}/release`, {});
  await page.getByText('AI assistant', { exact: true }).waitFor();
  await write(page, 'How long does shipping take?');
  await shown(page, /within a few working days/);
  await page.reload();
  for (const text of ['It is about order 4711', 'Hello, I am looking at 4711', 'Thank you very much']) {
    await shown(page, text);
    assert.equal(await times(page, text), 1);
  }
  assert.deepEqual(faults, []);
});

test('what to do when a battery smokes is not overlooked', async () => {
  const { page, faults } = await open('en-GB');
  await write(page, 'My battery is smoking and very hot');
  const notice = page.getByRole('log').getByText(/\u26a0/).first();
  await notice.waitFor();
  if (process.env.DESK_SCREENSHOTS) await page.screenshot({ path: `${process.env.DESK_SCREENSHOTS}/danger.png` });
  const border = await notice.evaluate((node) => getComputedStyle(node.closest('.bubble')).borderTopStyle);
  assert.equal(border, 'solid');
  assert.deepEqual(faults, []);
});
