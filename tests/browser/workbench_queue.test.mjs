// The queue board: a supervisor sees who waits and who is talked to, listens in, takes and reassigns; what is offered to an agent
// runs down on both screens. By keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { customer, hire, leave, openOffice, pressOn, signInByApi, tabTo, workbenchOf } from './workbench.mjs';

let office;
let desk;
let browser;
let anna;
let bo;
let sue;

before(async () => {
  office = await openOffice({ anna: 'Anna', bo: 'Bo Li' });
  ({ desk, browser, anna, bo } = office);
  sue = await hire(desk, 'sue', 'Sue', 'supervisor');
});

after(async () => {
  await office?.end();
});

const column = (page, name) => page.getByRole('region', { name: new RegExp(`^${name}`) });
const card = (page, where, name) => column(page, where).getByRole('article', { name, exact: true });
const board = (at, person) => workbenchOf(browser, at, person, { path: 'queue' });

/** A session that waits for a person. */
async function waiting(name, at = desk) {
  const visitor = customer(at, name);
  await visitor.says('I want to talk to a human agent');
  return visitor;
}

/** A session that Anna has. */
async function annas(name) {
  const { id } = await waiting(name);
  const api = await signInByApi(desk, anna);
  await api.call('POST', 'api/agent/heartbeat', {});
  await api.call('POST', `api/sessions/${id}/takeover`, {});
  return { id, api };
}

test('who waits is seen at once, with how long, and is taken over from the board', async () => {
  const opened = await board(desk, sue);
  const { page } = opened;
  await waiting('first-in-queue');
  const shown = card(page, 'Waiting', 'first-in-queue');
  await shown.getByText('Asks for a person').waitFor();
  await shown.locator('time').waitFor();
  await pressOn(page, shown.getByRole('button', { name: 'Take over' }));
  await card(page, 'With an agent', 'first-in-queue').getByText('Sue', { exact: true }).waitFor();
  await shown.waitFor({ state: 'detached' });
  await column(page, 'Agents').getByRole('article', { name: 'Sue' }).getByText('1/5').waitFor();
  await leave(opened);
});

test('a supervisor listens in to a colleague, sees what both write, and cannot write', async () => {
  await annas('listened-to');
  const opened = await board(desk, sue);
  const { page } = opened;
  await pressOn(page, card(page, 'With an agent', 'listened-to').getByRole('link', { name: 'Listen in' }));
  await page.getByRole('heading', { name: 'listened-to', level: 2 }).waitFor();
  await page.getByText('Anna has this session.').waitFor();
  const api = await signInByApi(desk, anna);
  const id = page.url().split('/').at(-1);
  await api.call('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: 'Said to the customer' });
  await page.getByRole('log').getByText('Said to the customer', { exact: true }).waitFor();
  assert.equal(await page.getByRole('textbox', { name: /^Reply/ }).count(), 0);
  await leave(opened);
});

test('a supervisor gives a session to a colleague at once, and takes it back; everybody sees whose it is', async () => {
  await annas('given-away');
  const [board1, theirs] = [await board(desk, sue), await workbenchOf(browser, desk, bo)];
  const { page } = board1;
  const shown = card(page, 'With an agent', 'given-away');
  await pressOn(page, shown.getByRole('button', { name: 'Reassign' }));
  const dialog = page.getByRole('dialog', { name: 'Transfer' });
  const colleague = dialog.getByRole('radio', { name: /^Bo Li/ });
  await colleague.waitFor();
  await tabTo(page, dialog.getByRole('radio').first());
  for (let presses = 0; presses < 10 && !(await colleague.isChecked()); presses += 1) await page.keyboard.press(presses === 0 ? 'Space' : 'ArrowDown');
  await tabTo(page, dialog.getByRole('checkbox', { name: 'At once, without asking' }));
  await page.keyboard.press('Space');
  await pressOn(page, dialog.getByRole('button', { name: 'Transfer' }));
  await dialog.waitFor({ state: 'detached' });
  await shown.getByText('Bo Li', { exact: true }).waitFor();
  await theirs.page.keyboard.press('1');
  await theirs.page.getByRole('list', { name: 'Mine' }).getByRole('link', { name: /^given-away/ }).click();
  await theirs.page.getByText('Yours', { exact: true }).waitFor();
  await pressOn(page, shown.getByRole('button', { name: 'Take', exact: true }));
  await shown.getByText('Sue', { exact: true }).waitFor();
  await theirs.page.getByText('With Sue', { exact: true }).waitFor();
  await leave(board1);
  await leave(theirs);
});

test('who is too late to reassign reads why, in the dialog', async () => {
  const { id, api } = await annas('asked-before');
  const theirs = await workbenchOf(browser, desk, bo);
  const opened = await board(desk, sue);
  const { page } = opened;
  await pressOn(page, card(page, 'With an agent', 'asked-before').getByRole('button', { name: 'Reassign' }));
  const dialog = page.getByRole('dialog', { name: 'Transfer' });
  await dialog.getByRole('radio', { name: /^Bo Li/ }).check();
  await api.call('POST', `api/sessions/${id}/transfer-requests`, { to_agent_id: 'bo' });
  await pressOn(page, dialog.getByRole('button', { name: 'Ask' }));
  await dialog.getByRole('alert').getByText('Another transfer waits for its answer.').waitFor();
  await page.keyboard.press('Escape');
  await card(page, 'With an agent', 'asked-before').getByText(/^Asked of Bo Li/).waitFor();
  await leave(opened);
  await leave(theirs);
});

test('an agent sees the board, and takes from the queue alone', async () => {
  await annas('not-for-agents');
  await waiting('for-agents');
  const opened = await board(desk, bo);
  const { page } = opened;
  await page.getByText('Supervisors can listen in, take and reassign.').waitFor();
  const others = card(page, 'With an agent', 'not-for-agents');
  await others.getByRole('link', { name: 'Open' }).waitFor();
  assert.equal(await others.getByRole('button').count(), 0);
  await pressOn(page, card(page, 'Waiting', 'for-agents').getByRole('button', { name: 'Take over' }));
  await card(page, 'With an agent', 'for-agents').getByText('Bo Li', { exact: true }).waitFor();
  await leave(opened);
});

/** The seconds that are left of an offer, as they stand in a text. */
async function secondsIn(part) {
  const [, minutes, seconds] = /(\d+):(\d\d)/.exec(await part.textContent()) ?? [];
  return Number(minutes) * 60 + Number(seconds);
}

async function runsDown(part) {
  const first = await secondsIn(part);
  assert.ok(first > 0 && first <= 30, `${first} seconds are left`);
  for (let tries = 0; (await secondsIn(part)) >= first; tries += 1) {
    assert.ok(tries < 50, 'the seconds run down');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('an offer runs down on both screens; declined it waits on, accepted it is the agent’s', { timeout: 180_000 }, async () => {
  const own = await openOffice({ anna: 'Anna' }, { DESK_ROUTING: 'round_robin', DESK_OFFER_SECONDS: '30' });
  try {
    const [boards, mine] = [await workbenchOf(own.browser, own.desk, await hire(own.desk, 'sue', 'Sue', 'supervisor'), { path: 'queue' }), await workbenchOf(own.browser, own.desk, own.anna)];
    // Offers are for who is online.
    for (const person of [{ username: 'sue', password: 'four words of mine' }, { username: 'admin', password: 'only for the browser tests' }]) {
      await (await signInByApi(own.desk, person)).call('PUT', 'api/agent/status', { status: 'break' });
    }
    const { page } = mine;
    const banner = page.getByRole('status').filter({ hasText: 'A session is offered to you.' }).filter({ has: page.getByRole('button', { name: 'Accept' }) });
    const toast = page.getByRole('status').getByRole('button', { name: 'Open', exact: true });

    await waiting('declined', own.desk);
    const declined = card(boards.page, 'Waiting', 'declined');
    await declined.getByText(/^Offered to Anna/).waitFor();
    await runsDown(declined.getByText(/^Offered to Anna/));
    await pressOn(page, toast);
    await banner.waitFor();
    await runsDown(banner);
    await pressOn(page, banner.getByRole('button', { name: 'Decline' }));
    await banner.waitFor({ state: 'detached' });
    await declined.getByText(/^Offered to/).waitFor({ state: 'detached' });
    await declined.getByText('Asks for a person').waitFor();

    await waiting('accepted', own.desk);
    await card(boards.page, 'Waiting', 'accepted').getByText(/^Offered to Anna/).waitFor();
    await pressOn(page, toast);
    await page.getByRole('heading', { name: 'accepted', level: 2 }).waitFor();
    await pressOn(page, banner.getByRole('button', { name: 'Accept' }));
    await page.getByText('Yours', { exact: true }).waitFor();
    await card(boards.page, 'With an agent', 'accepted').getByText('Anna', { exact: true }).waitFor();
    await leave(mine);
    await leave(boards);
  } finally {
    await own.end();
  }
});
