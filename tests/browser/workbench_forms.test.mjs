// The forms of the settings, each filled in with the keyboard alone, and with what people get wrong: it is told at the field, and
// the focus is there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ADMIN, hire, leave, oneTimeCode, openOffice, pressOn, signInByApi, tabTo, workbenchOf, writeInto } from './workbench.mjs';

let office;
let desk;
let browser;

before(async () => {
  office = await openOffice({ anna: 'Anna' });
  ({ desk, browser } = office);
});

after(async () => {
  await office?.end();
});

const settings = (path, person = ADMIN) => workbenchOf(browser, desk, person, { path: `settings/${path}` });
const save = (part) => part.getByRole('button', { name: 'Save', exact: true });

/** A field that the server refused: it says so to everybody, and is where one writes on. */
async function isRefused(page, field, text) {
  await page.getByRole('alert').getByText(text).or(page.getByRole('alert').filter({ hasText: text })).first().waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  const said = await field.evaluate((node) => document.getElementById(node.getAttribute('aria-describedby'))?.textContent);
  assert.match(said, text);
  assert.ok(await field.evaluate((node) => node === document.activeElement), 'the field has the focus');
}

/** A field that the browser does not let pass. */
async function isHeldBack(field) {
  assert.ok(await field.evaluate((node) => node.matches(':invalid')), 'the browser refuses it');
  assert.ok(await field.evaluate((node) => node === document.activeElement), 'the field has the focus');
}

async function choose(page, select, option) {
  await tabTo(page, select);
  await page.keyboard.type(option);
  assert.equal(await select.evaluate((node) => node.selectedOptions[0].textContent), option);
}

async function tick(page, box) {
  await tabTo(page, box);
  await page.keyboard.press('Space');
}

test('an account is made with role and skills; what is wrong is told at each field', async () => {
  const opened = await settings('team');
  const { page } = opened;
  await pressOn(page, page.getByRole('button', { name: 'Add a person' }));
  const dialog = page.getByRole('dialog', { name: 'Add a person' });
  const field = (name) => dialog.getByLabel(name, { exact: true });
  await writeInto(page, field('Username'), 'anna');
  await writeInto(page, field('Name'), 'Zoe');
  await writeInto(page, field('E-mail'), 'zoe');
  await writeInto(page, field('First password'), 'short');
  await page.keyboard.press('Enter');
  await isHeldBack(field('E-mail'));
  await writeInto(page, field('E-mail'), 'zoe@example.com');
  await page.keyboard.press('Enter');
  await isHeldBack(field('First password'));
  await writeInto(page, field('First password'), 'a good long one');
  await choose(page, field('Role'), 'Supervisor');
  await writeInto(page, field('Skills'), `brakes, ${'x'.repeat(60)}`);
  await page.keyboard.press('Enter');
  await isRefused(page, field('Skills'), /50/);
  await writeInto(page, field('Skills'), 'brakes, battery');
  await page.keyboard.press('Enter');
  await isRefused(page, field('Username'), /Somebody has this username already/);
  await writeInto(page, field('Username'), 'a b');
  await page.keyboard.press('Enter');
  await isRefused(page, field('Username'), /./);
  await writeInto(page, field('Username'), 'zoe-of-the-shop');
  await writeInto(page, field('First password'), 'zoe-of-the-shop');
  await page.keyboard.press('Enter');
  await isRefused(page, field('First password'), /./);
  await writeInto(page, field('First password'), 'a good long one');
  await pressOn(page, save(dialog));
  await dialog.waitFor({ state: 'detached' });
  const row = page.getByRole('row').filter({ hasText: 'zoe-of-the-shop' });
  for (const text of ['Zoe', 'Supervisor', 'brakes', 'battery']) await row.getByText(text, { exact: true }).waitFor();
  await leave(opened);
});

test('an account is changed, gets a new password, is closed and opened again', async () => {
  const opened = await settings('team');
  const { page } = opened;
  const row = page.getByRole('row').filter({ hasText: 'anna' });
  const open = async () => {
    await pressOn(page, row.getByRole('button', { name: /^Edit/ }));
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    return dialog;
  };
  let dialog = await open();
  await writeInto(page, dialog.getByLabel('Sessions at a time'), '0');
  await page.keyboard.press('Enter');
  await isHeldBack(dialog.getByLabel('Sessions at a time'));
  await writeInto(page, dialog.getByLabel('Sessions at a time'), '7');
  await tick(page, dialog.getByRole('checkbox', { name: 'German' }));
  await writeInto(page, dialog.getByLabel('Skills', { exact: true }), 'orders');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await row.getByText('0/7').waitFor();
  await row.getByText('orders', { exact: true }).waitFor();
  dialog = await open();
  await pressOn(page, dialog.getByRole('button', { name: 'New password' }));
  const [, password] = /shown this once: (\S+)/.exec(await dialog.getByRole('status').filter({ hasText: 'shown this once' }).textContent());
  await pressOn(page, dialog.getByRole('button', { name: 'Close the account' }));
  await pressOn(page, dialog.getByRole('alert').getByRole('button', { name: 'Close the account' }));
  await row.getByText('Closed', { exact: true }).waitFor();
  await assert.rejects(signInByApi(desk, { username: 'anna', password }), /401/);
  dialog = await open();
  await pressOn(page, dialog.getByRole('button', { name: 'Open it again' }));
  // It closes when it is done.
  await dialog.waitFor({ state: 'detached' });
  await row.getByText('Closed', { exact: true }).waitFor({ state: 'detached' });
  await signInByApi(desk, { username: 'anna', password });
  await leave(opened);
});

test('an API key is issued, shown once, and revoked', async () => {
  const opened = await settings('api-keys');
  const { page } = opened;
  await pressOn(page, page.getByRole('button', { name: 'Issue a key' }));
  const dialog = page.getByRole('dialog', { name: 'Issue a key' });
  const issue = dialog.getByRole('button', { name: 'Issue a key' });
  assert.ok(await issue.isDisabled(), 'a key that may nothing is none');
  await writeInto(page, dialog.getByLabel('Name'), 'Monthly report');
  await tick(page, dialog.getByRole('checkbox', { name: 'statistics:read' }));
  // A date field is written part by part, as the locale has it.
  await tabTo(page, dialog.getByLabel('Ends'));
  await page.keyboard.type('01012020');
  await pressOn(page, issue);
  await isRefused(page, dialog.getByLabel('Ends'), /./);
  await page.keyboard.type('01012099');
  await pressOn(page, issue);
  const key = await dialog.getByRole('status').locator('code').textContent();
  const asks = () => fetch(`${desk.url}api/sessions/stats`, { headers: { Authorization: `Bearer ${key}` } });
  assert.equal((await asks()).status, 200);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await page.getByText(key).count(), 0, 'it is shown once');
  const item = page.getByRole('listitem').filter({ hasText: 'Monthly report' });
  await pressOn(page, item.getByRole('button', { name: 'Revoke' }));
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Revoke' }));
  await item.getByText('Revoked', { exact: true }).waitFor();
  const deadline = Date.now() + 10_000;
  while ((await asks()).status !== 401) assert.ok(Date.now() < deadline, 'it ends');
  await leave(opened);
});

const WEEK = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => `${day} = "09:00-18:00"`).join('\n');
const HOURS = `[default]\ntime_zone = "Europe/Berlin"\nholidays = ["2026-12-25"]\n\n[default.week]\n${WEEK}\n`;

for (const { path, bad, line, good, words } of [
  { path: 'hours', bad: HOURS.replace('friday = "09:00-18:00"', 'friday = "09:00-28:00"'), line: 'friday = "09:00-28:00"', good: HOURS, words: /2026-12-25/ },
  { path: 'policy', bad: '[rules.R2]\non = true\n[rules.R99]\non = true\n', line: '[rules.R99]', good: '[rules.R2]\non = true\n[rules.R2.phrases]\nen = ["zebra"]\n', words: /zebra/ },
]) {
  test(`${path}: a fault is told with its line, which is selected; published, and taken back`, async () => {
    const opened = await settings(path);
    const { page } = opened;
    const editor = page.getByRole('textbox', { name: 'Document' });
    await editor.waitFor();
    await writeInto(page, editor, bad);
    await pressOn(page, page.getByRole('button', { name: 'Publish' }));
    await isRefused(page, editor, /line \d+/);
    const selected = await editor.evaluate((node) => node.value.slice(node.selectionStart, node.selectionEnd));
    assert.equal(selected, line);
    assert.equal(await editor.inputValue(), bad, 'what was written is still there');
    if (path === 'policy') await triesIt(page, good);
    await writeInto(page, editor, good);
    await writeInto(page, page.getByRole('textbox', { name: /^Why/ }), 'As the shop is');
    await page.keyboard.press('Enter');
    await page.getByText('Version 1 is in force').waitFor();
    const first = page.getByRole('article').filter({ hasText: 'Version 1' });
    await first.getByText('As the shop is').waitFor();
    await pressOn(page, page.getByRole('article').filter({ hasText: 'Built in' }).getByRole('button', { name: 'Go back to this' }));
    await page.getByText('Version 2 is in force').waitFor();
    assert.doesNotMatch(await editor.inputValue(), words);
    await pressOn(page, first.getByRole('button', { name: 'Version 1', exact: true }));
    await page.waitForFunction((text) => document.querySelector('textarea').value === text, good);
    await leave(opened);
  });
}

/** What is in the editor is tried, published or not. */
async function triesIt(page, document) {
  const question = page.getByRole('textbox', { name: 'What a customer might write' });
  await writeInto(page, question, 'a zebra please');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Try it on a text' }).getByRole('alert').filter({ hasText: /line \d+/ }).waitFor();
  await writeInto(page, page.getByRole('textbox', { name: 'Document' }), document);
  await tabBackTo(page, question);
  await page.keyboard.press('Enter');
  await page.getByText(/R2 · Complaint or legal calls a person/).waitFor();
}

async function tabBackTo(page, target) {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await target.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press('Shift+Tab');
  }
  assert.fail(`no way back to ${target}`);
}

test('a quick reply: nothing but spaces is refused at the field; a variable is put in, it is changed and removed', async () => {
  const opened = await settings('quick-replies');
  const { page } = opened;
  await pressOn(page, page.getByRole('button', { name: 'Add a quick reply' }));
  let dialog = page.getByRole('dialog');
  const field = (name) => dialog.getByLabel(name, { exact: true });
  await writeInto(page, field('Title'), '   ');
  await writeInto(page, field('Text'), 'Hello ');
  await pressOn(page, dialog.getByRole('button', { name: '{{customer.name}}' }));
  assert.equal(await field('Text').inputValue(), 'Hello {{customer.name}}');
  await writeInto(page, field('Category'), 'greeting');
  await choose(page, field('Language'), 'English');
  await pressOn(page, save(dialog));
  await isRefused(page, field('Title'), /./);
  await writeInto(page, field('Title'), 'Giraffe');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const item = page.getByRole('listitem').filter({ hasText: 'Giraffe' });
  await item.getByText('Hello {{customer.name}}').waitFor();
  await pressOn(page, item.getByRole('button', { name: 'Edit Giraffe' }));
  dialog = page.getByRole('dialog');
  await writeInto(page, field('Text'), 'Good morning');
  await pressOn(page, save(dialog));
  await item.getByText('Good morning').waitFor();
  await pressOn(page, item.getByRole('button', { name: 'Remove Giraffe' }));
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Remove' }));
  await item.waitFor({ state: 'detached' });
  await leave(opened);
});

test('one’s own account: name and e-mail, password, second factor, sign-ins', async () => {
  const carla = await hire(desk, 'carla', 'Carla');
  const opened = await settings('profile', carla);
  const { page } = opened;
  const part = (name) => page.locator('form').filter({ has: page.getByRole('heading', { name }) });

  const account = part(/^carla/);
  await writeInto(page, account.getByLabel('E-mail'), 'carla@shop,example.com');
  await page.keyboard.press('Enter');
  await isHeldBack(account.getByLabel('E-mail'));
  await writeInto(page, account.getByLabel('E-mail'), 'carla@example.com');
  await writeInto(page, account.getByLabel('Name that customers see'), 'x'.repeat(101));
  await page.keyboard.press('Enter');
  await isRefused(page, account.getByLabel('Name that customers see'), /100/);
  await writeInto(page, account.getByLabel('Name that customers see'), 'Carla of the shop');
  await page.keyboard.press('Enter');
  await page.getByText('Saved').first().waitFor();

  const password = part('Change the password');
  await writeInto(page, password.getByLabel('Present password'), 'not the one');
  await writeInto(page, password.getByLabel('New password'), 'another good one');
  await page.keyboard.press('Enter');
  await isRefused(page, password.getByLabel('Present password'), /not the password/);
  await writeInto(page, password.getByLabel('Present password'), carla.password);
  await writeInto(page, password.getByLabel('New password'), carla.password);
  await page.keyboard.press('Enter');
  await isRefused(page, password.getByLabel('New password'), /another one than before/);

  const factor = part('Second factor');
  await writeInto(page, factor.getByLabel('Password'), 'not the one');
  await page.keyboard.press('Enter');
  await isRefused(page, factor.getByLabel('Password'), /not the password/);
  await writeInto(page, factor.getByLabel('Password'), carla.password);
  await page.keyboard.press('Enter');
  const secret = await factor.locator('code').textContent();
  await writeInto(page, factor.getByLabel('The code that it shows'), '000000');
  await page.keyboard.press('Enter');
  await isRefused(page, factor.getByLabel('The code that it shows'), /wrong or was used/);
  await writeInto(page, factor.getByLabel('The code that it shows'), oneTimeCode(secret));
  await page.keyboard.press('Enter');
  await factor.getByText('Recovery codes, shown this once', { exact: false }).waitFor();
  const codes = await factor.getByRole('listitem').allTextContents();
  assert.ok(codes.length >= 8);
  await writeInto(page, factor.getByLabel('Password'), carla.password);
  await writeInto(page, factor.getByLabel('The code that it shows'), codes[0]);
  await page.keyboard.press('Enter');
  await factor.getByText('Off.', { exact: false }).waitFor();

  const elsewhere = await signInByApi(desk, carla);
  const signIns = page.getByRole('region', { name: 'Sign-ins' });
  await page.reload();
  await signIns.getByText('This one').waitFor();
  for (const end = signIns.getByRole('button', { name: 'End' }); (await end.count()) > 0; ) {
    const before = await end.count();
    await pressOn(page, end.first());
    await end.nth(before - 1).waitFor({ state: 'detached' });
  }
  await assert.rejects(elsewhere.call('GET', 'api/agent/sign-ins'), /401/);
  await signIns.getByText('This one').waitFor();
  await leave(opened);
});
