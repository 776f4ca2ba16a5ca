// Whatever anybody can write anywhere stands on the workbench's pages as text: names, tags, quick replies and their categories,
// what a page passes along, files of the FAQ, reasons of versions, keys of programs, and what the audit trail keeps of it.
// Messages and notes: workbench.test.mjs and workbench_side.test.mjs; the widget: widget.test.mjs.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ADMIN, customer, hire, leave, openOffice, signInByApi, workbenchOf } from './workbench.mjs';
import { PAYLOADS } from './xss.mjs';

/** What names must not have: control characters, line separators, marks that turn the direction of writing. */
const UNSEEN = /[\u0000-\u001f\u007f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;
/** All payloads as texts of one line with at most so many characters. */
const upTo = (most) => [...new Set(PAYLOADS.map((text) => text.replace(UNSEEN, ' ').trim().slice(0, most).trim()))];
const TAGS = [...new Set(upTo(40).map((text) => text.toLowerCase()))];
const SESSIONS = upTo(128).map((text) => text.replace(/[/\\]/g, '|'));
/** Hidden files, and the copies that editors keep, are passed over. */
const FILES = upTo(80).map((text) => text.replace(/[/\\]/g, '|').replace(/^[#.~]/, '<'));
const PER_SESSION = 20;

let office;
let desk;
let browser;
let admin;
const folder = mkdtempSync(join(tmpdir(), 'desk-faq-'));

const pieces = (list) => Array.from({ length: Math.ceil(list.length / PER_SESSION) }, (_, index) => list.slice(index * PER_SESSION, (index + 1) * PER_SESSION));

before(async () => {
  mkdirSync(folder, { recursive: true });
  FILES.forEach((name, index) => writeFileSync(join(folder, `${name}.md`), `# ${name}\n\n## key-${index}\n\n### en\nQ: What about number ${index}?\n\nNumber ${index}.\n`));
  office = await openOffice({}, { DESK_FAQ_DIR: folder });
  ({ desk, browser } = office);
  admin = await signInByApi(desk, ADMIN);
});

after(async () => {
  await office?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** A page that remembers violations of its policy, whoever tells of them. */
async function open(path, person = ADMIN) {
  const opened = await workbenchOf(browser, desk, person);
  await opened.page.addInitScript(() => {
    window.violations = [];
    addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  opened.page.on('dialog', () => assert.fail('something was run'));
  await opened.page.goto(`${desk.url}workbench/${path}`);
  await opened.page.getByText(/^Connected/).waitFor({ state: 'attached' });
  return opened;
}

/** Nothing was run, and nothing of the texts became an element. */
async function isClean(page, where) {
  const found = await page.evaluate(() => ({
    ran: window.xss ?? null,
    violations: window.violations,
    elements: [...document.querySelectorAll('body :is(img, image, iframe, object, embed, script, style, link, base, meta, video, audio, math, form[action], [srcdoc], [onclick], [onerror], [onload], [onfocus])')].map((node) => node.outerHTML.slice(0, 100)),
    links: [...document.querySelectorAll('a')].map(({ protocol }) => protocol).filter((protocol) => !/^https?:$|^otpauth:$/.test(protocol)),
  }));
  assert.deepEqual(found, { ran: null, violations: [], elements: [], links: [] }, where);
}

const squeezed = (text) => text.replace(/\s+/g, ' ').trim();

/** Each of the texts comes to stand there, letter by letter. */
async function areThere(texts, shown, where) {
  const until = Date.now() + 20_000;
  for (;;) {
    const all = squeezed(await shown());
    const missing = texts.filter((text) => !all.includes(squeezed(text)));
    if (missing.length === 0) return;
    assert.ok(Date.now() < until, `${where} lacks ${JSON.stringify(missing)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const textOf = (page, part = 'main') => page.locator(part).first().evaluate((node) => node.textContent);

test('there are enough of them', () => {
  for (const list of [PAYLOADS, TAGS, SESSIONS, FILES, upTo(40), upTo(100)]) assert.ok(list.length >= 100, `${list.length}`);
});

test('names of customers: in the list, the palette, time travel, and beside the thread', async () => {
  for (const name of SESSIONS) await customer(desk, name).says('How long does shipping take?');
  const opened = await open('inbox');
  const { page } = opened;
  await page.keyboard.press('3');
  const list = page.getByRole('list', { name: 'All' });
  await list.waitFor();
  let shown = '';
  for (let top = -1; ; ) {
    shown += await list.textContent();
    const next = await list.evaluate((node) => {
      node.parentElement.scrollTop += 400;
      return node.parentElement.scrollTop;
    });
    await page.waitForTimeout(120);
    if (next === top) break;
    top = next;
  }
  await areThere(SESSIONS, () => shown, 'list');
  await isClean(page, 'list');
  await page.keyboard.press('Control+k');
  await page.keyboard.insertText('onerror');
  await page.getByRole('option', { name: /onerror/ }).first().waitFor();
  await isClean(page, 'palette');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').getByText('First seen').waitFor();
  await isClean(page, 'thread');
  await page.getByRole('toolbar').getByRole('link', { name: 'Time travel' }).click();
  await page.getByText(/^Event 1 of/).waitFor();
  await isClean(page, 'time travel');
  await leave(opened);
});

test('names and skills of staff: in the team, at their messages, on the board and where one transfers to', async () => {
  const [names, skills] = [upTo(100), upTo(50)];
  for (const [index, name] of names.entries()) {
    await admin.call('POST', 'api/agents', { username: `number-${index}`, name, skills: [skills[index % skills.length]], password: 'the office made this up' });
  }
  const [first, second] = names.filter((text) => text.includes('<img'));
  const [anna, bo] = [await hire(desk, 'anna', first, 'agent', { skills: [skills[0]] }), await hire(desk, 'bo', second, 'agent', { skills: [skills[1]] })];
  const api = await signInByApi(desk, anna);
  for (const agent of [api, await signInByApi(desk, bo)]) await agent.call('POST', 'api/agent/heartbeat', {});
  const visitor = customer(desk, 'names-of-staff');
  await visitor.says('I want to talk to a human agent');
  await api.call('POST', `api/sessions/${visitor.id}/takeover`, {});
  await api.call('POST', 'api/manual/messages', { session_name: visitor.id, role: 'agent', content: 'Hello' });
  const opened = await open('settings/team');
  const { page } = opened;
  await page.getByRole('row').nth(names.length).waitFor();
  await areThere([...names, ...skills.slice(0, names.length)], () => textOf(page), 'team');
  await isClean(page, 'team');
  await page.goto(`${desk.url}workbench/inbox/${visitor.id}`);
  await page.getByRole('log').getByText('Hello', { exact: true }).waitFor();
  await areThere([first], () => textOf(page, '[role=log]'), 'thread');
  await isClean(page, 'thread');
  await page.keyboard.press('Shift+T');
  await page.getByRole('dialog').getByText(second).waitFor();
  await isClean(page, 'transfer');
  for (const path of ['queue', `replay/${visitor.id}`]) {
    await page.goto(`${desk.url}workbench/${path}`);
    if (path !== 'queue') await page.getByRole('slider').fill('9');
    await page.getByText(first, { exact: false }).first().waitFor();
    await isClean(page, path);
  }
  await leave(opened);
});

test('tags, and what a page passes along: in the list, beside the thread, and in the audit trail', async () => {
  const opened = await open('inbox');
  const { page } = opened;
  const passed = pieces(upTo(200));
  for (const [index, tags] of pieces(TAGS).entries()) {
    const visitor = customer(desk, `tagged-${index}`);
    const titles = passed[index % passed.length];
    const parameters = { page_title: titles[0], ...Object.fromEntries(titles.slice(1).map((text, number) => [`${number} ${text.slice(0, 20)}`, text])) };
    await visitor.says('How long does shipping take?', { parameters });
    await admin.call('POST', `api/sessions/${visitor.id}/tags`, { add: tags });
    await page.goto(`${desk.url}workbench/inbox/${visitor.id}`);
    const side = page.getByRole('complementary');
    await side.getByRole('list', { name: 'Tags' }).getByRole('listitem').nth(tags.length - 1).waitFor();
    await side.getByText(squeezed(titles.at(-1)), { exact: true }).first().waitFor();
    await areThere([...tags, ...titles], () => textOf(page, 'aside, [role=complementary]'), `side ${index}`);
    await isClean(page, `side ${index}`);
  }
  await page.goto(`${desk.url}workbench/audit`);
  await page.getByLabel('What', { exact: true }).fill('session.tags_changed');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  const table = page.getByRole('table');
  await table.getByText('session.tags_changed').nth(pieces(TAGS).length - 1).waitFor();
  await areThere(TAGS.map((tag) => JSON.stringify(tag)), () => table.textContent(), 'audit trail');
  await isClean(page, 'audit trail');
  await leave(opened);
});

test('quick replies: title, text and category in the settings and behind the slash', async () => {
  const [titles, categories] = [upTo(100), upTo(40)];
  for (const [index, content] of PAYLOADS.entries()) {
    const body = { title: titles[index % titles.length], content, category: categories[index % categories.length], language: 'en', scope: 'shared' };
    await admin.call('POST', 'api/quick-replies', body);
  }
  const opened = await open('settings/quick-replies');
  const { page } = opened;
  await page.getByRole('listitem').filter({ hasText: titles.at(-1) }).first().waitFor();
  await areThere([...titles, ...categories, ...PAYLOADS], () => textOf(page), 'quick replies');
  await isClean(page, 'quick replies');
  await page.getByRole('button', { name: `Edit ${titles[0]}`, exact: true }).first().click();
  await page.getByRole('dialog').waitFor();
  await isClean(page, 'dialog');
  const visitor = customer(desk, 'behind-the-slash');
  await visitor.says('I want to talk to a human agent');
  await admin.call('POST', `api/sessions/${visitor.id}/takeover`, {});
  await page.goto(`${desk.url}workbench/inbox/${visitor.id}`);
  await page.getByRole('textbox', { name: /^Reply/ }).pressSequentially('/onerror');
  await page.getByRole('option').first().waitFor();
  await isClean(page, 'behind the slash');
  await leave(opened);
});

test('files of the FAQ, their faults, reasons of versions, and keys of programs', async () => {
  const texts = upTo(80);
  const opened = await open('settings/faq');
  const { page } = opened;
  await page.getByText(FILES.at(-1), { exact: false }).first().waitFor();
  await areThere(FILES, () => textOf(page), 'FAQ');
  await isClean(page, 'FAQ');
  writeFileSync(join(folder, `${FILES[0]}.md`), `# ${FILES[0]}\n\n## Not a Key <img src=x onerror=window.xss=1>\n`);
  const deadline = Date.now() + 15_000;
  while ((await page.getByRole('alert').count()) === 0) {
    assert.ok(Date.now() < deadline, 'the fault is told');
    await page.reload();
    await page.getByRole('textbox', { name: 'Question' }).waitFor();
    await page.waitForTimeout(500);
  }
  await isClean(page, 'faults of the FAQ');
  for (const [index, reason] of texts.entries()) {
    await fetch(`${desk.url}api/policies`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${admin.token}`, 'If-Match': `"${index}"` },
      body: JSON.stringify({ document: `# ${index}\n`, reason }),
    });
    await admin.call('POST', 'api/api-keys', { name: reason, permissions: ['statistics:read'] });
  }
  await page.goto(`${desk.url}workbench/settings/policy`);
  await page.getByRole('article').filter({ hasText: texts.at(-1) }).first().waitFor();
  await areThere(texts, () => textOf(page), 'versions');
  await isClean(page, 'versions');
  await page.goto(`${desk.url}workbench/settings/api-keys`);
  await page.getByText(texts.at(-1), { exact: true }).first().waitFor();
  await areThere(texts, () => textOf(page), 'API keys');
  await isClean(page, 'API keys');
  await leave(opened);
});
