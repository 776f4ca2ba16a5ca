// What a browser shows its user's developer on a first visit: nothing that is red. And pages under a path of a shared host, whatever
// that browser says of its user or forbids.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch } from './chromium.mjs';
import { Desk } from './desk.mjs';
import { ADMIN, signIn } from './workbench.mjs';

let browser;
let desk;
let shared;

before(async () => {
  browser = await launch();
  desk = await Desk.start();
  shared = await Desk.start({ DESK_BASE_PATH: '/desk' });
});

after(async () => {
  await browser?.close();
  await desk?.end();
  await shared?.end();
});

/** A page that has been nowhere, with everything that its console and network panel show of trouble. */
async function visit(url, { script } = {}) {
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
  const seen = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && seen.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => seen.push(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => seen.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => response.status() >= 400 && seen.push(`${response.status()}: ${response.url()}`));
  if (script) await page.addInitScript(script);
  await page.goto(url);
  return { page, seen };
}

async function chat(page) {
  const input = page.getByRole('textbox', { name: 'Message' });
  await input.fill('How long is the warranty?');
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('How long is the warranty?').first().waitFor();
  await page.getByRole('log').getByText(/warrant/i).nth(1).waitFor();
}

test('console and network panel are clean on a first visit, and while one chats', async () => {
  const { page, seen } = await visit(desk.url);
  await page.getByRole('button', { name: /^Open chat/ }).last().click();
  await chat(page);
  for (const path of ['embed', 'workbench/', 'docs/']) {
    const other = await visit(desk.url + path);
    await other.page.waitForLoadState('networkidle');
    seen.push(...other.seen);
  }
  assert.deepEqual(seen, []);
});

test('the chat works whatever a browser tells of its user and has stored', async () => {
  const script = () => {
    Object.defineProperty(navigator, 'languages', { get: () => ['en-US@posix', '', null] });
    Object.assign(localStorage, {
      'desk.token': 'no tökèn', 'desk.session': '../x', 'desk.seen': 'NaN', 'desk.draft': '\ud800',
      'desk.outbox.x.y': '{"key":', 'desk.dividers.x': '5',
    });
    sessionStorage.setItem('desk.open', 'perhaps');
    document.title = 'x'.repeat(199) + '🚲';
  };
  const { page, seen } = await visit(`${desk.url}embed`, { script });
  await page.evaluate(() => { document.title = 'x'.repeat(199) + '🚲 and more'; });
  await chat(page);
  assert.deepEqual(seen, []);
});

test('shop, chat and workbench work under a path of a shared host', async () => {
  const base = `${shared.url}desk/`;
  const { page, seen } = await visit(base);
  await page.getByRole('button', { name: /^Open chat/ }).last().click();
  await chat(page);
  await page.getByRole('link', { name: /workbench/ }).click();
  await signIn(page, ADMIN);
  await page.getByText(/^Connected/).waitFor({ state: 'attached' });
  assert.ok(page.url().startsWith(`${base}workbench/inbox`), page.url());
  await page.goto(`${base}workbench/settings/team`);
  await page.getByRole('row', { name: /Administrator/ }).first().waitFor();
  const elsewhere = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  assert.deepEqual(elsewhere.filter((name) => !name.startsWith(base)), []);
  // Leaving a page ends its stream.
  assert.deepEqual(seen.filter((line) => !/^failed: .*\/events\?.* net::ERR_ABORTED$/.test(line)), []);
});
