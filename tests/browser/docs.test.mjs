// The API's page in a real browser: it shows every operation of the document, can send one, and asks no other host for anything.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { launch, openPage } from './chromium.mjs';
import { Desk } from './desk.mjs';

const README = readFileSync(new URL('../../api/docs/README.md', import.meta.url), 'utf8');

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

const open = () => openPage(browser, 'en-GB', `${desk.url}docs/`);

async function operations() {
  const { paths } = await (await fetch(`${desk.url}openapi.json`)).json();
  return Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method, path })));
}

// RapiDoc names an operation's section so.
const section = (page, { method, path }) => page.locator(`[id="${method}-${path.replaceAll(/[\s#:?&={}]/g, '-')}"]`);
const CONFIG = { method: 'get', path: '/api/config' };

test('every operation of the document is shown, and nothing is asked of another host', async () => {
  const { page, faults, requests } = await open();
  const all = await operations();
  assert.ok(all.length > 40, `the document has ${all.length} operations`);
  for (const operation of all) {
    await section(page, operation).getByRole('heading').first().waitFor();
    await section(page, operation).getByText(operation.path, { exact: true }).first().waitFor();
  }
  const foreign = requests.filter((url) => !url.startsWith(desk.url) && !url.startsWith('data:'));
  assert.deepEqual(foreign, []);
  assert.deepEqual(faults, []);
});

test('an operation is tried out under the policy of the page', async () => {
  const { page, faults } = await open();
  const answered = page.waitForResponse(`${desk.url}api/config`);
  await section(page, CONFIG).getByRole('button', { name: 'TRY' }).click();
  assert.equal((await answered).status(), 200);
  await section(page, CONFIG).getByText(/Response Status: OK:200/).waitFor();
  assert.deepEqual(faults, []);
});

test('the navigation is reached and used by keyboard', async () => {
  const { page, faults } = await open();
  await page.getByRole('navigation').getByText('/api/config').first().waitFor();
  const focused = () => page.evaluate(() => document.querySelector('rapi-doc').shadowRoot.activeElement?.textContent ?? '');
  for (let presses = 0; presses < 100 && !(await focused()).includes('/api/config'); presses += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#get-\/api\/config$/);
  assert.deepEqual(faults, []);
});

test('the viewer is the published file in every encoding', async () => {
  const html = await (await fetch(`${desk.url}docs/`)).text();
  const [viewer] = html.match(/rapidoc-[^"]+\.js/);
  for (const encoding of ['br', 'gzip', 'identity']) {
    const response = await fetch(`${desk.url}docs/${viewer}`, { headers: { 'accept-encoding': encoding } });
    assert.equal(response.headers.get('content-encoding') ?? 'identity', encoding);
    const sum = createHash('sha256').update(Buffer.from(await response.arrayBuffer())).digest('hex');
    assert.ok(README.includes(`\`${sum}\``), `${encoding}: ${sum}`);
  }
});
