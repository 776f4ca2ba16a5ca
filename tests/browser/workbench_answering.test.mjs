// An assistant's answer streams live to an agent who watches the session; what is recorded in the end takes its place.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { ADMIN, customer, hire, openOffice, workbenchOf } from './workbench.mjs';

let office;
let desk;
let browser;
let model;
let goOn;

/** A model that says the first half of its answer, and the rest when the test lets it. */
async function slowModel() {
  const piece = (content, finish_reason = null) => `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: content ? { content } : {}, finish_reason }] })}\n\n`;
  const server = createServer(async (request, response) => {
    for await (const chunk of request) void chunk;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(piece('The bikes leave the warehouse '));
    await new Promise((resolve) => (goOn = resolve));
    response.write(piece('on Friday morning.'));
    response.end(`${piece('', 'stop')}data: [DONE]\n\n`);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

before(async () => {
  model = await slowModel();
  const settings = { DESK_OPENAI_BASE_URL: `http://127.0.0.1:${model.address().port}/v1`, DESK_OPENAI_MODEL: 'slow', DESK_ASSISTANTS: 'openai' };
  office = await openOffice({}, settings);
  ({ desk, browser } = office);
});

after(async () => {
  await office?.end();
  model?.close();
});

for (const role of ['agent', 'administrator']) {
  test(`an ${role} sees the answer grow, and then once`, async () => {
    const person = role === 'agent' ? await hire(desk, 'anna', 'Anna') : ADMIN;
    const visitor = customer(desk, `watched-by-${role}`);
    const asked = visitor.says('When do the bikes leave?');
    const { page, faults } = await workbenchOf(browser, desk, person);
    await page.keyboard.press('3');
    await page.getByRole('list').getByRole('link', { name: new RegExp(`^watched-by-${role}`) }).click();
    const log = page.getByRole('log');
    await log.getByText('The bikes leave the warehouse', { exact: true }).waitFor();
    await log.getByText('The assistant is writing').waitFor();
    goOn();
    await log.getByText('The bikes leave the warehouse on Friday morning.', { exact: true }).waitFor();
    await log.getByText('The assistant is writing').waitFor({ state: 'detached' });
    await asked;
    assert.equal(await log.getByText(/The bikes leave the warehouse/).count(), 1);
    assert.deepEqual(faults, []);
    await page.context().close();
  });
}
