// What stands beside a session: notes, tags, priority, who the customer is, the rating. Two people, or one in two windows, at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { customer, leave, openOffice, signInByApi, workbenchOf } from './workbench.mjs';
import { PAYLOADS } from './xss.mjs';

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
const side = (page, name) => page.getByRole('complementary').getByRole('region', { name });
const noted = (page, text) => log(page).getByRole('article', { name: /^Note by/ }).filter({ hasText: text });

/** A session that waits, open in the workbench of each of these people. */
async function opened(name, ...people) {
  const visitor = customer(desk, name);
  await visitor.says('I want to talk to a human agent');
  const pages = [];
  for (const person of people) {
    const { page, faults } = await workbenchOf(browser, desk, person);
    await page.keyboard.press('2');
    await page.getByRole('list').getByRole('link', { name: new RegExp(`^${name}`) }).click();
    await page.getByRole('heading', { name, level: 2 }).waitFor();
    pages.push({ page, faults });
  }
  return { visitor, pages };
}

async function note(page, text) {
  await page.keyboard.press('n');
  await page.getByRole('textbox', { name: 'Note, for staff alone' }).fill(text);
  await page.keyboard.press('Enter');
  await noted(page, text).waitFor();
  await page.keyboard.press('Escape');
}

async function end(pages) {
  for (const opened of pages) await leave(opened);
}

test('a note names a colleague, who hears of it and reads it; the customer never sees it', async () => {
  const { visitor, pages } = await opened('with-notes', anna);
  const [{ page }] = pages;
  const colleague = await workbenchOf(browser, desk, bo);
  await page.keyboard.press('n');
  await page.getByRole('textbox', { name: 'Note, for staff alone' }).pressSequentially('Ask @b');
  await page.getByRole('option', { name: /@bo/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.type('about the brakes');
  await page.keyboard.press('Enter');
  await noted(page, 'Ask @bo about the brakes').waitFor();
  await colleague.page.getByText('Anna names you in a note.').waitFor();
  await colleague.page.getByRole('status').getByRole('button', { name: 'Open' }).click();
  await noted(colleague.page, 'Ask @bo about the brakes').waitFor();
  assert.ok(!(await visitor.reads()).join('\n').includes('brakes'));
  await end([...pages, colleague]);
});

test('a note is edited and removed by who wrote it, and what it said before stays', async () => {
  const { pages } = await opened('edited-note', anna, bo);
  const [{ page }, { page: other }] = pages;
  await note(page, 'Bike is blue');
  await noted(other, 'Bike is blue').waitFor();
  assert.equal(await noted(other, 'Bike is blue').getByRole('button', { name: 'Edit the note' }).count(), 0);
  await noted(page, 'Bike is blue').getByRole('button', { name: 'Edit the note' }).click();
  await page.getByRole('textbox', { name: 'Edit the note' }).fill('Bike is red');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await noted(other, 'Bike is red').getByText('edited').click();
  await other.getByText(/: Bike is blue/).waitFor();
  await noted(page, 'Bike is red').getByRole('button', { name: 'Remove the note' }).click();
  await noted(other, 'Removed').waitFor();
  await end(pages);
});

test('a note that changed meanwhile: both versions are shown, and one is chosen', async () => {
  const { pages } = await opened('note-of-two', anna);
  const [{ page }] = pages;
  await note(page, 'First words');
  await noted(page, 'First words').getByRole('button', { name: 'Edit the note' }).click();
  await page.getByRole('textbox', { name: 'Edit the note' }).fill('My words');
  const api = await signInByApi(desk, anna);
  const id = page.url().split('/').at(-1);
  const { data } = await api.call('GET', `api/sessions/${id}/notes`);
  const changed = await fetch(`${desk.url}api/sessions/${id}/notes/${data[0].id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${api.token}`, 'If-Match': `"${data[0].version}"` },
    body: JSON.stringify({ text: 'Words from elsewhere' }),
  });
  assert.equal(changed.status, 200);
  const conflict = page.getByRole('alert').filter({ hasText: 'It was changed meanwhile.' });
  await conflict.getByText('Words from elsewhere').waitFor();
  await conflict.getByText('My words').waitFor();
  await conflict.getByRole('button', { name: 'Save mine' }).click();
  await noted(page, 'My words').waitFor();
  await end(pages);
});

test('tags and priority: set by one, seen by the other, and in the list', async () => {
  const { pages } = await opened('marked', anna, bo);
  const [{ page }, { page: other }] = pages;
  await side(page, 'Tags').getByRole('combobox', { name: 'Add a tag' }).fill('Shipping');
  await page.keyboard.press('Enter');
  await side(other, 'Tags').getByText('shipping', { exact: true }).waitFor();
  await side(page, 'Priority').getByRole('combobox').selectOption('urgent');
  await log(other).getByText('Priority: Urgent').waitFor();
  await other.getByRole('list', { name: 'Queue' }).getByRole('link', { name: /^marked.*Urgent.*shipping/ }).waitFor();
  await side(other, 'Tags').getByRole('button', { name: 'Remove the tag shipping' }).click();
  await side(page, 'Tags').getByText('shipping', { exact: true }).waitFor({ state: 'detached' });
  await end(pages);
});

test('who the customer is, what was before, and how they rated it', async () => {
  const { visitor, pages } = await opened('rated', anna);
  const [{ page }] = pages;
  await side(page, 'Customer').getByText('First seen').waitFor();
  await page.keyboard.press('t');
  await page.getByText('Yours', { exact: true }).waitFor();
  await page.keyboard.press('r');
  await page.keyboard.type('Done');
  await page.keyboard.press('Enter');
  await log(page).getByText('Done', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('e');
  await side(page, 'Rating').getByText(/Not yet rated/).waitFor();
  await visitor.rates(4, 'Quick and friendly');
  await side(page, 'Rating').getByRole('img', { name: '4 of 5 stars' }).waitFor();
  await side(page, 'Rating').getByText('Quick and friendly').waitFor();
  await end(pages);
});

test('nothing that staff writes is run: notes and tags', async () => {
  const { pages } = await opened('xss-of-staff', anna);
  const [{ page }] = pages;
  const api = await signInByApi(desk, anna);
  const id = page.url().split('/').at(-1);
  for (const text of PAYLOADS) await api.call('POST', `api/sessions/${id}/notes`, { text });
  for (const tag of ['<img src=x onerror=xss=1>', '"><svg onload=xss=1>', 'javascript:xss=1']) await api.call('POST', `api/sessions/${id}/tags`, { add: [tag] });
  await side(page, 'Tags').getByText('"><svg onload=xss=1>', { exact: true }).waitFor();
  await noted(page, PAYLOADS.at(-1).trim()).first().waitFor();
  assert.equal(await page.evaluate(() => window.xss), undefined);
  assert.equal(await page.evaluate(() => document.querySelectorAll('img, iframe, object, embed').length), 0);
  await end(pages);
});
