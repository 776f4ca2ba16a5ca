// The workbench as it looks: every page, in both themes and both main languages. With DESK_SCREENSHOTS=docs/screenshots the
// pictures are kept; look at each one that changes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { ADMIN, customer, hire, openOffice, openWorkbench, signInByApi, workbenchOf } from './workbench.mjs';

const LANGUAGES = { en: 'en-GB', zh: 'zh-CN' };
const PAGES = ['queue', 'audit', 'settings/team', 'settings/hours', 'settings/policy', 'settings/quick-replies', 'settings/faq', 'settings/assistants', 'settings/api-keys', 'settings/profile'];
const kept = process.env.DESK_SCREENSHOTS;
const folder = kept ? resolve(kept) : mkdtempSync(join(tmpdir(), 'desk-screenshots-'));

let office;
let desk;
let browser;
let story;

/** A morning at the shop: somebody in danger, some who wait, one who is talked to, one whom the assistant helps. */
async function morning() {
  await hire(desk, 'liwei', '李伟', 'supervisor', { skills: ['battery'], languages: ['zh', 'en'] });
  await hire(desk, 'anna', 'Anna', 'agent', { skills: ['orders'], languages: ['de', 'en'] });
  await customer(desk, '陈先生').says('电池冒烟了，很烫！');
  await customer(desk, '王芳').says('我要投诉你们的服务');
  await customer(desk, 'Frau Schmidt').says('Ich möchte mit einem Mitarbeiter sprechen');
  await customer(desk, '赵敏').says('电池多久充满？');
  const visitor = customer(desk, 'Emma Wilson');
  await visitor.says('How long does shipping take?');
  await visitor.says('I want to talk to a human agent');
  const admin = await signInByApi(desk, ADMIN);
  const { id } = visitor;
  await admin.call('POST', `api/sessions/${id}/takeover`, {});
  await admin.call('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: 'Hello Emma, I am looking at order 4711.' });
  await visitor.saysToPerson('Thank you! It was to come last week.');
  const liwei = await signInByApi(desk, { username: 'liwei', password: 'four words of mine' });
  await liwei.call('POST', `api/sessions/${id}/notes`, { text: '@admin the warehouse says it left on Friday.', mentions: ['admin'] });
  await admin.call('POST', `api/sessions/${id}/tags`, { add: ['shipping', 'order 4711'] });
  return id;
}

before(async () => {
  office = await openOffice();
  ({ desk, browser } = office);
  story = await morning();
});

after(async () => {
  await office?.end();
  if (!kept) rmSync(folder, { recursive: true });
});

async function picture(page, name, isLoading = false) {
  if (!isLoading) await page.waitForFunction(() => document.querySelector('.skeleton') === null);
  await page.waitForTimeout(400);
  const path = join(folder, `workbench-${name}.jpg`);
  await page.screenshot({ path, type: 'jpeg', quality: 65, animations: 'disabled' });
  assert.ok(statSync(path).size > 4_000, `${name} is empty`);
}

for (const colorScheme of ['light', 'dark']) {
  for (const [language, locale] of Object.entries(LANGUAGES)) {
    test(`${colorScheme}, ${language}`, async () => {
      const name = (what) => `${what}-${colorScheme}-${language}`;
      const { page: door } = await openWorkbench(browser, desk, { colorScheme, locale });
      await door.locator('input[autocomplete=username]').waitFor();
      await picture(door, name('sign-in'));
      await door.context().close();
      const { page, faults } = await workbenchOf(browser, desk, ADMIN, { colorScheme, locale });
      await picture(page, name('inbox'));
      await page.keyboard.press('3');
      await page.goto(`${desk.url}workbench/inbox/${story}`);
      await page.getByRole('log').getByText('It was to come last week', { exact: false }).waitFor();
      await page.keyboard.press('3');
      await picture(page, name('thread'));
      await page.goto(`${desk.url}workbench/replay/${story}`);
      await page.getByRole('slider').waitFor();
      await page.getByRole('slider').fill('6');
      await picture(page, name('time-travel'));
      for (const path of PAGES) {
        await page.goto(`${desk.url}workbench/${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await picture(page, name(path.replace('settings/', '')));
      }
      assert.deepEqual(faults, []);
      await page.context().close();
    });
  }
}

/** Answers to the list and to the session, as a slow server, a broken one, and one without sessions would give them. */
const STATES = [
  ['loading', () => new Promise(() => {}), (page) => page.locator('.skeleton').first().waitFor()],
  ['error', (route) => route.fulfill({ status: 503, json: { code: 'VIEWS_UNAVAILABLE', status: 503 } }), (page) => page.getByRole('alert').first().waitFor()],
  ['empty', (route) => route.fulfill({ json: { data: { sessions: [], total: 0, offset: 0, has_more: false, next_cursor: null }, position: 1 } }), async () => {}],
];

for (const [colorScheme, language] of [['light', 'en'], ['dark', 'zh']]) {
  test(`what is loading, broken, empty, not open to one, or refused: ${colorScheme}, ${language}`, async () => {
    const name = (what) => `state-${what}-${colorScheme}-${language}`;
    const options = { colorScheme, locale: LANGUAGES[language] };
    const { page } = await workbenchOf(browser, desk, { username: 'anna', password: 'four words of mine' }, options);
    await page.goto(`${desk.url}workbench/audit`);
    await page.getByRole('main').getByText(/Not open to your role|权限|无权/).waitFor();
    await picture(page, name('no-permission'));
    for (const [state, answer, isThere] of STATES) {
      const paths = [/\/api\/sessions\?/, ...(state === 'empty' ? [] : [new RegExp(`/api/sessions/${story}(\\?|$)`)])];
      for (const path of paths) await page.route(path, answer);
      await page.goto(`${desk.url}workbench/inbox${state === 'empty' ? '' : `/${story}`}`);
      await isThere(page);
      await picture(page, name(state), state === 'loading');
      for (const path of paths) await page.unroute(path, answer);
    }
    await page.context().close();
    const { page: team } = await workbenchOf(browser, desk, ADMIN, { ...options, path: 'settings/team' });
    await team.locator('main header button').last().click();
    const dialog = team.getByRole('dialog');
    await dialog.locator('input').first().fill('anna');
    await dialog.locator('input[minlength]').fill('four words of mine');
    await team.keyboard.press('Enter');
    await dialog.getByRole('alert').waitFor();
    await picture(team, name('refused'));
    await team.context().close();
  });
}
