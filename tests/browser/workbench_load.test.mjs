// The workbench under load: thousands of sessions in the list, hundreds of events a second, a session of thousands of messages.
// Measured in the browser, with the event timing that Chromium itself keeps.
//
// `DESK_LOAD_SECONDS` says for how long events arrive (5; `make test-long` sets 600), `DESK_LOAD_SESSIONS` how many sessions
// there are (300; 5,000), `DESK_LOAD_BAR_MS` how soon what one does has to be on screen: 100 on a quiet machine. Without it the
// bar is one that only a page that stands still misses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch } from './chromium.mjs';
import { Desk } from './desk.mjs';
import { ADMIN, customer, signInByApi, workbenchOf } from './workbench.mjs';

const SECONDS = Number(process.env.DESK_LOAD_SECONDS ?? 5);
const SESSIONS = Number(process.env.DESK_LOAD_SESSIONS ?? 300);
const MESSAGES = Number(process.env.DESK_LOAD_MESSAGES ?? 200);
const EVENTS_PER_SECOND = 200;
const BAR_MS = Number(process.env.DESK_LOAD_BAR_MS ?? 1000);
const AT_ONCE = 16;

let desk;
let browser;

before(async () => {
  desk = await Desk.start({ DESK_RATE_PER_SECOND: '0', DESK_CHAT_RATE_PER_MINUTE: '0' });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await desk?.end();
});

/** Does `count` things, some at a time. */
async function many(count, run) {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await run(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Interactions of the page from now on: how long each took until it was painted. */
const observe = (page) =>
  page.evaluate(() => {
    window.interactions = [];
    const keep = (list) => list.getEntries().forEach((entry) => entry.interactionId && window.interactions.push(entry.duration));
    new PerformanceObserver(keep).observe({ type: 'event', durationThreshold: 16 });
  });

const heap = async (session) => {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
};

test(`${SESSIONS} sessions and ${EVENTS_PER_SECOND} events a second: what one does is on screen within ${BAR_MS} ms`, async (t) => {
  const visitors = Array.from({ length: SESSIONS }, (_, index) => customer(desk, `load-${index}`));
  await many(SESSIONS, (index) => visitors[index].says('How long does shipping take?'));
  const { page, faults } = await workbenchOf(browser, desk, ADMIN);
  const memory = await page.context().newCDPSession(page);
  await page.keyboard.press('3');
  await page.getByRole('list').getByRole('link', { name: /^load-/ }).first().waitFor();
  await observe(page);

  const ends = Date.now() + SECONDS * 1000;
  let sent = 0;
  const noise = many(Infinity, async (index) => {
    if (Date.now() > ends) throw new Error('over');
    await visitors[index % SESSIONS].says('How long does shipping take?');
    sent += 3;
    await new Promise((resolve) => setTimeout(resolve, (AT_ONCE * 3000) / EVENTS_PER_SECOND - 20));
  }).catch((error) => assert.equal(error.message, 'over'));
  const first = await heap(memory);
  while (Date.now() < ends) {
    for (const key of ['j', 'j', 'k', 'j', '2', '3']) {
      await page.keyboard.press(key);
      await page.waitForTimeout(150);
    }
  }
  await noise;
  const last = await heap(memory);
  const took = (await page.evaluate(() => window.interactions)).sort((a, b) => a - b);
  const p98 = took[Math.floor(took.length * 0.98)] ?? 0;
  t.diagnostic(`${sent} events in ${SECONDS} s; ${took.length} slow enough to be counted, median ${took[took.length >> 1] ?? 0} ms, p98 ${p98} ms`);
  t.diagnostic(`heap ${(first / 1e6).toFixed(1)} MB at first, ${(last / 1e6).toFixed(1)} MB in the end`);
  assert.ok(p98 < BAR_MS, `p98 is ${p98} ms`);
  assert.ok(last < first * 2 + 20e6, 'memory does not grow with the events');
  assert.deepEqual(faults, []);
  await page.context().close();
});

test(`a session of ${MESSAGES} messages: older ones load above without a jump, all the way to the first`, async () => {
  const visitor = customer(desk, 'long-story');
  await visitor.says('I want to talk to a human agent');
  const admin = await signInByApi(desk, ADMIN);
  await admin.call('POST', `api/sessions/${visitor.id}/takeover`, {});
  for (let index = 0; index < MESSAGES; index += 1) {
    await admin.call('POST', 'api/manual/messages', { session_name: visitor.id, role: 'agent', content: `Message ${index}\n${'and a line more\n'.repeat(index % 4)}` });
  }
  const { page, faults } = await workbenchOf(browser, desk, ADMIN);
  await page.keyboard.press('3');
  await page.getByRole('list').getByRole('link', { name: /^long-story/ }).click();
  const log = page.getByRole('log');
  await log.getByText(`Message ${MESSAGES - 1}`, { exact: false }).last().waitFor();
  // What stood where before older ones came, and where it stands after: the same place on screen.
  const jump = await page.evaluate(async () => {
    const scroller = document.querySelector('[role="log"]');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    let worst = 0;
    for (let turn = 0; turn < 2000 && !scroller.textContent.includes('I want to talk to a human agent'); turn += 1) {
      scroller.scrollTop -= 300;
      await frame();
      await frame();
      const seen = [...scroller.querySelectorAll('article')].map((article) => [article, article.getBoundingClientRect().top]);
      await frame();
      await frame();
      for (const [article, top] of seen) if (article.isConnected) worst = Math.max(worst, Math.abs(article.getBoundingClientRect().top - top));
    }
    return worst;
  });
  await log.getByText('I want to talk to a human agent').waitFor();
  assert.ok(jump <= 4, `something moved by ${jump} px by itself`);
  assert.deepEqual(faults, []);
  await page.context().close();
});
