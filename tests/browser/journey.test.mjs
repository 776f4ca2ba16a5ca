// Two browser windows, as `make run` shows them: a customer on the shop's page, agents in the workbench, and at the end an auditor
// who plays it back. The server is killed in the middle.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openPage } from './chromium.mjs';
import { ADMIN, hire, openOffice, workbenchOf } from './workbench.mjs';

let office;
let desk;
let browser;

before(async () => {
  office = await openOffice();
  ({ desk, browser } = office);
});

after(async () => {
  await office?.end();
});

const shown = (page, text) => page.getByRole('log').getByText(text).first().waitFor();
const times = (page, text) => page.getByRole('log').getByText(text, { exact: true }).count();

async function write(page, text) {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.keyboard.press('Enter');
}

async function reply(page, text) {
  await page.keyboard.press('r');
  await page.getByRole('textbox', { name: /^Reply/ }).fill(text);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
}

/** Whether a text is there within moments: each event is asked of the server. */
const isSoon = (part, text) => part.getByText(text).waitFor({ timeout: 400 }).then(() => true, () => false);

test('asked, answered, a person, a crash, another person, released, rated, closed, and played back', async () => {
  const [anna, bo] = [await hire(desk, 'anna', 'Anna'), await hire(desk, 'bo', 'Bo Li')];
  const { page: shop, faults } = await openPage(browser, 'en-GB', desk.url);
  const { page: desk1, faults: faults1 } = await workbenchOf(browser, desk, anna);
  const { page: desk2, faults: faults2 } = await workbenchOf(browser, desk, bo);

  await shop.getByRole('button', { name: 'Open chat' }).click();
  await write(shop, 'How long does shipping take?');
  await shown(shop, /within a few working days/);
  await shop.getByRole('button', { name: 'Talk to a person' }).click();
  await shop.getByText('Waiting for an agent', { exact: true }).waitFor();

  const name = await shop.evaluate(() => localStorage.getItem('desk.session'));
  await desk1.keyboard.press('2');
  await desk1.getByRole('list').getByRole('link', { name: new RegExp(`^${name}`) }).click();
  await desk1.getByRole('heading', { name, level: 2 }).waitFor();
  await shown(desk1, /within a few working days/);
  await desk1.keyboard.press('t');
  await shop.getByText('Agent Anna', { exact: true }).waitFor();
  await reply(desk1, 'Hello, I am Anna');
  await shown(shop, 'Hello, I am Anna');
  await shop.getByRole('textbox', { name: 'Message' }).pressSequentially('It has', { delay: 20 });
  await desk1.keyboard.press('1');
  await desk1.getByText(/is typing/i).first().waitFor();

  await desk.kill();
  await write(shop, 'It has not come');
  await reply(desk1, 'Which order is it?');
  await desk.startAgain();
  await shown(shop, 'Which order is it?');
  await shown(desk1, 'It has not come');

  await desk1.keyboard.press('Shift+T');
  await desk1.getByRole('radio', { name: /Bo Li/ }).check();
  await desk1.getByRole('dialog').getByRole('button', { name: 'Ask' }).click();
  await desk2.getByRole('status').getByRole('button', { name: 'Open' }).click();
  await desk2.getByRole('button', { name: 'Accept' }).click();
  await shop.getByText('Agent Bo Li', { exact: true }).waitFor();
  await reply(desk2, 'I know where it is');
  await shown(shop, 'I know where it is');
  await write(shop, 'Thank you both');
  await shown(desk2, 'Thank you both');

  await desk2.keyboard.press('Shift+R');
  await shop.getByText('AI assistant', { exact: true }).waitFor();
  await shop.getByRole('radio', { name: '5 stars of 5' }).check({ force: true });
  await shop.getByRole('button', { name: 'Send rating' }).click();
  await shop.getByText(/Thank you for your rating/).waitFor();
  await shop.getByRole('button', { name: 'Conversation actions' }).click();
  await shop.getByRole('menuitem', { name: 'End conversation' }).click();
  await shop.getByRole('alertdialog').getByRole('button', { name: 'End conversation' }).click();
  await shop.getByText('Session closed', { exact: true }).waitFor();
  await desk2.getByTestId('state').getByText('Closed').waitFor();
  for (const text of ['Hello, I am Anna', 'It has not come', 'Which order is it?', 'I know where it is', 'Thank you both']) {
    for (const page of [shop, desk2]) assert.equal(await times(page, text), 1, text);
  }

  const { page: auditor, faults: faults3 } = await workbenchOf(browser, desk, ADMIN);
  await auditor.goto(desk2.url());
  await auditor.getByRole('toolbar').getByRole('link', { name: 'Time travel' }).click();
  const state = auditor.getByTestId('replay-state');
  const seen = auditor.getByRole('region', { name: 'What the customer saw' });
  const last = Number(/of (\d+)/.exec(await auditor.getByText(/^Event 1 of \d+/).textContent())[1]);
  let event = 1;
  for (const step of ['Assistant', 'Waiting', 'With an agent', 'Assistant', 'Closed']) {
    while (!(await isSoon(state, step))) {
      assert.ok(event < last, `${step} is never shown`);
      event += 1;
      await auditor.keyboard.press('ArrowRight');
    }
  }
  await seen.getByText('Thank you both').waitFor();
  assert.deepEqual([faults, faults1, faults2, faults3].flat(), []);
});
