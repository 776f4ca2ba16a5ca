// A customer chats in a real browser against the real server: things are found by role and label, as a person finds them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { Desk } from './desk.mjs';

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const PATIENCE = 30_000;

let desk;
let browser;

before(async () => {
  desk = await Desk.start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
});

after(async () => {
  await browser?.close();
  await desk?.end();
});

async function open(locale) {
  const context = await browser.newContext({ locale });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text());
  });
  await page.goto(desk.url);
  return { page, faults };
}

async function write(page, text) {
  await page.getByRole('textbox').fill(text);
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

test('a cleared conversation stays cleared', async () => {
  const { page } = await open('en-GB');
  await write(page, 'How long does shipping take?');
  await shown(page, /within a few working days/);
  page.on('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: /clear/i }).first().click();
  const confirm = page.getByRole('dialog').getByRole('button', { name: /clear/i });
  if (await confirm.count()) await confirm.first().click();
  await page.getByRole('log').getByText(/within a few working days/).waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('textbox').waitFor();
  assert.equal(await page.getByRole('log').getByText(/within a few working days/).count(), 0);
});

test('the page of the API works under its policy', async () => {
  const { page, faults } = await open('en-GB');
  await page.goto(`${desk.url}docs/`);
  await page.getByRole('button', { name: /\/api\/config/ }).first().click();
  await page.getByRole('button', { name: 'Try it out' }).click();
  await page.getByRole('button', { name: 'Execute' }).click();
  await page.getByText(/"workflowId"/).first().waitFor();
  assert.deepEqual(faults, []);
});

test('what a customer writes is never run', async () => {
  const { page, faults } = await open('en-GB');
  await page.evaluate(() => { window.wasRun = false; });
  await write(page, '<img src=x onerror="window.wasRun = true"> **bold** [x](javascript:window.wasRun=true)');
  await shown(page, '<img src=x');
  assert.equal(await page.evaluate(() => window.wasRun), false);
  assert.deepEqual(faults, []);
});
