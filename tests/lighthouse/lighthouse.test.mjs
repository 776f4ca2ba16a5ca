// Lighthouse on the pages as they are built and served: the sign-in, the inbox with a session open, and the demo shop with the
// widget. The workbench as on a desk, the shop as on a phone, for that is where shops are looked at.
//
// Apart from tests/browser because it is large, and measures time: it runs alone, in `make test-long`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import lighthouse, { desktopConfig } from 'lighthouse';

import { launchUntouched, watched } from '../browser/chromium.mjs';
import { ADMIN, customer, openOffice, signIn } from '../browser/workbench.mjs';

const LEAST = { accessibility: 95, 'best-practices': 95, performance: 90 };
/** A machine that does something else for a moment is no slow page. */
const TRIES = 3;

let office;
let desk;
let chromium;
let session;

before(async () => {
  office = await openOffice();
  ({ desk } = office);
  chromium = await launchUntouched();
  const visitor = customer(desk, 'lighthouse');
  await visitor.says('How long does shipping take?');
  await visitor.says('I want to talk to a human agent');
  session = visitor.id;
});

after(async () => {
  await chromium?.end();
  await office?.end();
});

/** The points of each category, and what cost some. */
async function report(url, config) {
  const flags = { port: chromium.port, logLevel: 'error', output: 'json', onlyCategories: Object.keys(LEAST), disableStorageReset: true };
  const { lhr } = await lighthouse(url, flags, config);
  assert.equal(lhr.runtimeError, undefined, lhr.runtimeError?.message);
  const points = Object.fromEntries(Object.entries(lhr.categories).map(([name, { score }]) => [name, Math.round(score * 100)]));
  const lost = Object.values(lhr.categories).flatMap(({ auditRefs }) => auditRefs).filter(({ id, weight }) => weight > 0 && lhr.audits[id].score !== null && lhr.audits[id].score < 0.9);
  const where = ({ details }) => (details?.items ?? []).slice(0, 3).map(({ node }) => node?.snippet ?? '').join(' ');
  return { points, lost: lost.map(({ id }) => `${id} ${lhr.audits[id].score} ${lhr.audits[id].displayValue ?? ''} ${where(lhr.audits[id])}`.trim()) };
}

const isGood = ({ points }) => Object.entries(LEAST).every(([name, least]) => points[name] >= least);

async function audit(t, name, url, config) {
  let found;
  for (let turn = 0; turn < TRIES && !(found && isGood(found)); turn += 1) found = await report(url, config);
  t.diagnostic(`${name}: ${Object.entries(found.points).map(([category, points]) => `${category} ${points}`).join(', ')}; ${found.lost.join('; ') || 'nothing lost'}`);
  assert.ok(isGood(found), `${name}: ${JSON.stringify(found)}`);
}

test('the sign-in page', { timeout: 600_000 }, (t) => audit(t, 'sign-in', `${desk.url}workbench/`, desktopConfig));

test('the inbox with a session open', { timeout: 600_000 }, async (t) => {
  const { page } = await watched(chromium.context.pages()[0], `${desk.url}workbench/`);
  await signIn(page, ADMIN);
  await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  await page.goto('about:blank');
  await audit(t, 'inbox', `${desk.url}workbench/inbox/${session}`, desktopConfig);
});

test('the demo shop with the widget', { timeout: 600_000 }, (t) => audit(t, 'shop', desk.url));
