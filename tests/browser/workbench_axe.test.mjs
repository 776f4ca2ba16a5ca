// axe finds nothing on any page of the workbench, in any state that a person can bring it to, in both themes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { ADMIN, customer, hire, openOffice, openWorkbench, workbenchOf } from './workbench.mjs';

const AXE = readFileSync(new URL('../../web/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const PAGES = [
  'inbox', 'queue', 'replay', 'audit', 'settings/team', 'settings/hours', 'settings/policy', 'settings/quick-replies',
  'settings/faq', 'settings/assistants', 'settings/api-keys', 'settings/profile',
];

let office;
let desk;
let browser;

before(async () => {
  office = await openOffice();
  ({ desk, browser } = office);
  await hire(desk, 'anna', 'Anna');
  for (const name of ['first', 'second']) await customer(desk, name).says('I want to talk to a human agent');
  await customer(desk, 'third').says('How long does shipping take?');
});

after(async () => {
  await office?.end();
});

/** What axe finds, as lines that name rule and element. */
async function violations(page, where) {
  await page.evaluate(AXE);
  // Colours that are on their way from one to another are neither.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }));
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${where}: ${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 200)}`));
}

const settled = (page) => page.waitForFunction(() => document.querySelector('.skeleton') === null);

async function go(page, path) {
  await page.goto(`${desk.url}workbench/${path}`);
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await settled(page);
}

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing on any page, ${colorScheme}`, async () => {
    const found = [];
    const { page: door } = await openWorkbench(browser, desk, { colorScheme, bypassCSP: true });
    found.push(...(await violations(door, 'sign-in')));
    await door.context().close();
    const { page } = await workbenchOf(browser, desk, ADMIN, { colorScheme, bypassCSP: true });
    for (const path of PAGES) {
      await go(page, path);
      await page.waitForTimeout(300);
      found.push(...(await violations(page, path)));
    }
    assert.deepEqual(found, []);
    await page.context().close();
  });

  test(`axe finds nothing while somebody works, ${colorScheme}`, async () => {
    const found = [];
    const { page } = await workbenchOf(browser, desk, ADMIN, { colorScheme, bypassCSP: true });
    const check = async (where) => found.push(...(await violations(page, where)));
    await page.keyboard.press('3');
    await page.getByRole('list').getByRole('link', { name: colorScheme === 'light' ? /^first/ : /^second/ }).click();
    await page.getByRole('log').waitFor();
    await settled(page);
    await check('thread, waiting');
    await page.keyboard.press('t');
    await page.getByText('Yours', { exact: true }).waitFor();
    await page.keyboard.press('r');
    await page.keyboard.type('A reply');
    await page.keyboard.press('Enter');
    await page.getByRole('log').getByText('A reply', { exact: true }).waitFor();
    await check('thread, with an agent');
    await page.keyboard.type('/');
    await page.getByRole('option').first().waitFor();
    await check('quick replies');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Alt+p');
    await page.keyboard.type('A note for @anna today');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: /^Note by/ }).waitFor();
    await page.getByRole('button', { name: 'Edit the note' }).click();
    await check('a note that is edited');
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Add a tag' }).fill('shipping');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove the tag shipping' }).waitFor();
    await check('tags');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+T');
    await page.getByRole('dialog', { name: 'Transfer' }).waitFor();
    await check('transfer');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Filter and sort' }).click();
    await check('filter');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await check('keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('option').first().waitFor();
    await check('palette');
    await page.keyboard.press('Escape');
    const id = page.url().split('/').at(-1);
    await go(page, `replay/${id}`);
    await page.getByText(/^Event 1 of/).waitFor();
    await check('time travel');
    assert.deepEqual(found, []);
    await page.context().close();
  });
}
