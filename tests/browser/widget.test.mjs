// The widget as shops embed it: on pages of another origin, under a strict Content-Security-Policy, among hostile styles, in a
// frame, without cookies, and while connections and servers come and go.
import assert from 'node:assert/strict';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { launch, launchUntouched, launchWith, openPage, watched } from './chromium.mjs';
import { Desk } from './desk.mjs';
import { Shop } from './shop.mjs';
import { Way } from './way.mjs';
import { hire, signInByApi } from './workbench.mjs';
import { PAYLOADS } from './xss.mjs';

const AXE = readFileSync(new URL('../../web/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const HOSTILE = `* { all: unset !important } html, body { font-size: 4px !important; direction: rtl !important } body { transform: scale(2) !important }
  fiido-desk, div, button, p { display: none !important; opacity: 0 !important; color: red !important; z-index: -1 !important; width: 0 !important }`;

/** The key that the shop signs identity tokens with. */
const SECRET = randomBytes(32);
const folder = mkdtempSync(join(tmpdir(), 'desk-shop-'));

let shop;
let desk;
let browser;

before(async () => {
  shop = await Shop.start();
  const keys = join(folder, 'keys.json');
  const key = { kty: 'oct', kid: 'shop-1', alg: 'HS256', k: SECRET.toString('base64url') };
  writeFileSync(keys, JSON.stringify({ keys: [key] }), { mode: 0o600 });
  desk = await Desk.start({
    DESK_IDENTITY_KEYS_FILE: keys,
    DESK_WIDGET_ORIGINS: shop.origin,
    DESK_FRAME_ANCESTORS: shop.origin,
    DESK_CHAT_RATE_PER_MINUTE: '0',
    DESK_RATE_PER_SECOND: '0',
  });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await desk?.end();
  await shop?.end();
  rmSync(folder, { recursive: true, force: true });
});

const put = (path, parts = {}) => shop.put(path, desk.url, parts);
const visit = (address, options) => openPage(browser, 'en-GB', address, options);
const launcher = (page) => page.getByRole('button', { name: /^(Open|Close) chat/ }).last();
const input = (page) => page.getByRole('textbox', { name: 'Message' });
const log = (page) => page.getByRole('log');
const shown = (page, text) => log(page).getByText(text).first().waitFor();
const times = (page, text) => log(page).getByText(text, { exact: true }).count();

async function write(page, text) {
  await input(page).fill(text);
  await page.keyboard.press('Enter');
}

/** A page of the shop with the chat open. */
async function openChat(path, parts, options) {
  const opened = await visit(put(path, parts), options);
  await launcher(opened.page).click();
  await input(opened.page).waitFor();
  return opened;
}

const token = (page) => page.evaluate(() => localStorage.getItem('desk.token'));
const session = (page) => page.evaluate(() => localStorage.getItem('desk.session'));

/** Calls the API as the customer of a page. */
async function asCustomer(page, method, path, body) {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${await token(page)}` };
  const response = await fetch(desk.url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.json();
}

/** The session of a page, as staff addresses it. */
async function idOf(page) {
  const { data } = await asCustomer(page, 'GET', `api/sessions/${await session(page)}`);
  return data.session.session_id;
}

async function until(condition, what) {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`waited in vain: ${what}`);
}

async function violations(page) {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`);
}

test('the script is small, is kept for a while, and is known by its tag', async () => {
  const response = await fetch(`${desk.url}widget.js`);
  assert.match(response.headers.get('cache-control'), /public, max-age=300/);
  const size = gzipSync(Buffer.from(await response.arrayBuffer()), { level: 9 }).length;
  assert.ok(size <= 40 * 1024, `${size} bytes`);
  const again = await fetch(`${desk.url}widget.js`, { headers: { 'If-None-Match': response.headers.get('etag') } });
  assert.equal(again.status, 304);
});

test('a shop of another origin with a strict policy: it answers, moves nothing, and asks nobody before it is opened', async () => {
  const script = `addEventListener('securitypolicyviolation', (event) => (window.violations ??= []).push(event.violatedDirective));
    const isShops = ({ node }) => node && node.getRootNode() === document && node.localName !== 'fiido-desk';
    new PerformanceObserver((list) => {
      window.shift = (window.shift ?? 0) + list.getEntries().filter(({ sources }) => sources.some(isShops)).length;
    }).observe({ type: 'layout-shift', buffered: true });`;
  const { page, faults, requests } = await visit(put('/strict', { script }));
  await launcher(page).waitFor();
  assert.deepEqual(requests.filter((url) => url.startsWith(`${desk.url}api`)), []);
  await launcher(page).click();
  await write(page, 'How do I return my bike?');
  await shown(page, /14 days/);
  await launcher(page).click();
  assert.deepEqual(await page.evaluate(() => [window.violations ?? [], window.shift ?? 0]), [[], 0]);
  assert.deepEqual(faults, []);
  const foreign = requests.filter((url) => !url.startsWith(desk.url) && !url.startsWith(shop.origin) && !url.startsWith('data:'));
  assert.deepEqual(foreign, []);
});

test('where style sheets cannot be adopted, the nonce of the script is taken over', async () => {
  const origin = new URL(desk.url).origin;
  const policy = `default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc'; connect-src ${origin}; img-src data:`;
  const tags = `<script nonce="abc" src="/nonce-old.js"></script><script nonce="abc" src="${origin}/widget.js" async></script>`;
  shop.files.set('/nonce-old.js', ['text/javascript', 'window.CSSStyleSheet = undefined;']);
  const { page, faults } = await visit(put('/nonce', { policy, tags }));
  await launcher(page).waitFor();
  assert.equal(await launcher(page).evaluate((button) => getComputedStyle(button).position), 'fixed');
  // The shop's own files of this page have no nonce.
  assert.deepEqual(faults.filter((fault) => !fault.includes('/nonce.')), []);
});

test('hostile styles of the shop change nothing', async () => {
  const look = async (style, path) => {
    const { page } = await openChat(path, { style });
    await write(page, 'How do I return my bike?');
    await shown(page, /14 days/);
    const looks = await page.evaluate(() => {
      const root = document.querySelector('fiido-desk').shadowRoot;
      return ['.launcher', '.panel', '.head h2', '.message-user .bubble', '.composer textarea'].map((part) => {
        const { color, fontSize, fontFamily, display, direction, backgroundColor } = getComputedStyle(root.querySelector(part));
        const { x, y, width } = root.querySelector(part).getBoundingClientRect();
        return { part, color, fontSize, fontFamily, display, direction, backgroundColor, x, y: part === '.launcher' ? y : 0, width };
      });
    });
    await page.context().close();
    return looks;
  };
  assert.deepEqual(await look(HOSTILE, '/hostile'), await look('', '/friendly'));
});

test('twice in one page it is there once', async () => {
  const tag = `<script src="${new URL(desk.url).origin}/widget.js" async></script>`;
  const { page, faults } = await openChat('/twice', { tags: tag + tag });
  assert.equal(await page.locator('fiido-desk').count(), 1);
  await write(page, 'How do I return my bike?');
  await shown(page, /14 days/);
  assert.equal(await times(page, 'How do I return my bike?'), 1);
  assert.deepEqual(faults, []);
});

test('in a frame of a shop', async () => {
  const { page, faults } = await visit(put('/frame', { tags: '', body: `<iframe title="Chat" width="400" height="600" src="${desk.url}embed?lang=de"></iframe>` }));
  const frame = page.frameLocator('iframe');
  await frame.getByRole('textbox', { name: 'Nachricht' }).fill('Wie kann ich mein Rad zurückgeben?');
  await frame.getByRole('button', { name: 'Senden' }).click();
  await frame.getByRole('log').getByText(/14 Tage/).first().waitFor();
  assert.deepEqual(faults, []);
});

test('a page of another origin that is not listed may neither frame nor call it', async () => {
  const stranger = await Shop.start();
  const { page } = await visit(stranger.put('/frame', desk.url, { tags: '', body: `<iframe title="Chat" src="${desk.url}embed"></iframe>` }));
  await page.waitForTimeout(500);
  assert.equal(await page.frames().at(-1).locator('fiido-desk').count(), 0);
  await stranger.end();
});

for (const [name, preferences] of [
  ['without cookies and storage', { default_content_setting_values: { cookies: 2 } }],
  ['with third-party cookies refused', { cookie_controls_mode: 1, block_third_party_cookies: true }],
]) {
  test(`${name}`, async () => {
    const { context, end } = await launchWith(preferences);
    const { page, faults } = await watched(context.pages()[0], put('/cookies'));
    const isRefused = await page.evaluate(() => { try { return localStorage === undefined; } catch { return true; } });
    assert.equal(isRefused, name.includes('storage'), 'the browser does as it was told');
    await launcher(page).click();
    await write(page, 'How do I return my bike?');
    await shown(page, /14 days/);
    await write(page, 'How long does shipping take?');
    await shown(page, /within a few working days/);
    assert.equal(await times(page, 'How do I return my bike?'), 1);
    if (!isRefused) {
      await page.reload();
      await shown(page, /14 days/);
    }
    assert.deepEqual(await context.cookies(), []);
    await page.goto(put('/cookies-frame', { tags: '', body: `<iframe title="Chat" width="400" height="600" src="${desk.url}embed"></iframe>` }));
    const frame = page.frameLocator('iframe');
    await frame.getByRole('textbox', { name: 'Message' }).fill('How do I return my bike?');
    await page.keyboard.press('Enter');
    await frame.getByRole('log').getByText(/14 days/).first().waitFor();
    assert.deepEqual(faults, []);
    await end();
  });
}

test('the conversation goes on in the next page of the shop, and in a second tab', async () => {
  const { page } = await openChat('/first');
  await write(page, 'How do I return my bike?');
  await shown(page, /14 days/);
  await input(page).fill('half a sentence');
  await page.goto(put('/second'));
  await shown(page, /14 days/);
  assert.equal(await input(page).inputValue(), 'half a sentence');
  const other = await page.context().newPage();
  await other.goto(put('/third'));
  await launcher(other).click();
  await shown(other, /14 days/);
  await write(other, 'How long does shipping take?');
  await shown(page, /within a few working days/);
  assert.equal(await times(page, 'How long does shipping take?'), 1);
});

test('what the page calls before and after the script has come', async () => {
  const script = `window.heard = [];
    window.FiidoDesk = [['on', 'message', (message) => heard.push(message.role)], ['on', 'open', () => heard.push('open')],
      ['init', { language: 'fr', parameters: { cart: 3 } }], ['open'], ['sendMessage', 'Comment retourner mon vélo ?']];`;
  const { page, faults } = await visit(put('/calls', { script, tags: undefined }));
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  await log(page).getByText(/14 jours/).first().waitFor();
  await until(() => page.evaluate(() => window.heard.includes('assistant')), 'the page hears of the answer');
  assert.equal(await page.evaluate(() => window.heard[0]), 'open');
  await page.evaluate(() => window.FiidoDesk.close());
  await input(page).waitFor({ state: 'hidden' });
  await page.evaluate(() => window.FiidoDesk.push(['open']));
  await input(page).waitFor();
  await desk.staff();
  assert.deepEqual(await passedAlong(await idOf(page)), { cart: 3, page_title: 'Bikes <b>', page_url: `${shop.origin}/calls` });
  assert.deepEqual(faults, []);
});

test('methods can be called before the script has come, as docs/embed.md says', async () => {
  const docs = readFileSync(new URL('../../docs/embed.md', import.meta.url), 'utf8');
  const [line] = docs.match(/window\.FiidoDesk \?\?= new Proxy.*;/);
  const script = `${line} FiidoDesk.on('ready', () => { window.isReady = true; }); FiidoDesk.open();`;
  const { page, faults } = await visit(put('/methods', { script }));
  await input(page).waitFor();
  await until(() => page.evaluate(() => window.isReady), 'the listener was there in time');
  await page.evaluate(() => window.FiidoDesk.close());
  await input(page).waitFor({ state: 'hidden' });
  assert.deepEqual(faults, []);
});

/** What was passed along with the customer's first message. */
async function passedAlong(id) {
  const response = await fetch(`${desk.url}api/sessions/${id}/events?after=0`, { headers: { Authorization: `Bearer ${desk.token}` } });
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const sent = /^data: (.*"session\.customer_message_sent".*)\n/m.exec(text);
    if (sent) return JSON.parse(sent[1]).personal.parameters;
  }
  return assert.fail('the stream ended');
}

/** As docs/embed.md signs it. */
function identityToken(sub) {
  const claims = { aud: 'fiido-desk', sub, name: 'Ming', email: 'ming@example.com', exp: Math.floor(Date.now() / 1000) + 300, jti: randomUUID() };
  const body = [{ alg: 'HS256', kid: 'shop-1' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
}

test('the shop says who the customer is; the next customer of this browser sees nothing of the one before', async () => {
  const { page, faults } = await openChat('/identity');
  await write(page, 'How do I return my bike?');
  await shown(page, /14 days/);
  const visitor = await token(page);
  const setUser = (user) => page.evaluate((it) => window.FiidoDesk.setUser(it), user);
  const isCustomer = async () => (await asCustomer(page, 'GET', 'api/customer')).data.is_identified;
  await setUser({ identityToken: identityToken('4711') });
  await until(isCustomer, 'the desk knows the customer');
  await shown(page, /14 days/);
  await input(page).fill('half a sentence');
  await setUser(null);
  await log(page).getByText(/14 days/).waitFor({ state: 'detached' });
  await until(async () => (await token(page)) !== visitor, 'another visitor');
  assert.equal(await input(page).inputValue(), '');
  await write(page, 'How long does shipping take?');
  await shown(page, /within a few working days/);
  await setUser({ identityToken: identityToken('4712') });
  await until(isCustomer, 'the desk knows the other customer');
  await setUser({ identityToken: identityToken('4713') });
  await log(page).getByText(/within a few working days/).waitFor({ state: 'detached' });
  const refused = page.evaluate(() => new Promise((resolve) => window.FiidoDesk.on('error', resolve)));
  await setUser({ identityToken: 'no.such.token' });
  assert.deepEqual(await refused, { code: 'IDENTITY_TOKEN_INVALID' });
  await write(page, 'rain and water');
  await page.getByRole('list', { name: 'You may ask next' }).waitFor();
  // The browser tells of the answer 401 itself.
  assert.deepEqual(faults, []);
});

test('a page that changes its language changes the chat’s', async () => {
  const { page } = await visit(put('/language', { language: 'de' }));
  await page.getByRole('button', { name: 'Chat öffnen' }).click();
  await page.getByRole('textbox', { name: 'Nachricht' }).waitFor();
  await page.evaluate(() => { document.documentElement.lang = 'it'; });
  await page.getByRole('textbox', { name: 'Messaggio' }).waitFor();
  await page.getByText(/assistente di Fiido/).waitFor();
});

test('offline for a while: what was written is sent once, when the network is back', async () => {
  const { page, faults } = await openChat('/offline');
  await write(page, 'How do I return my bike?');
  await shown(page, /14 days/);
  await page.context().setOffline(true);
  await page.getByText('You are offline').waitFor();
  await write(page, 'How long does shipping take?');
  await page.waitForTimeout(3_000);
  assert.equal(await log(page).getByText(/within a few working days/).count(), 0);
  await page.context().setOffline(false);
  await shown(page, /within a few working days/);
  assert.equal(await times(page, 'How long does shipping take?'), 1);
  assert.deepEqual(faults, []);
});

test('a tab that the browser froze catches up when it thaws, though its connection is dead and does not say so', async () => {
  const way = await Way.to(desk.port);
  const { context, end } = await launchUntouched();
  const { page, faults } = await watched(context.pages()[0], shop.put('/frozen', way.url, { language: 'en' }));
  await launcher(page).click();
  await write(page, 'I want to talk to a human agent');
  await page.getByText('Waiting for an agent', { exact: true }).waitFor();
  const staff = await desk.staff();
  const id = await idOf(page);
  await staff('POST', `api/sessions/${id}/takeover`, { from: 'any' });
  await page.getByText(/^Agent/).first().waitFor();
  const developer = await page.context().newCDPSession(page);
  await developer.send('Page.setWebLifecycleState', { state: 'frozen' });
  assert.ok(way.goSilent() > 0, 'there is a stream');
  await staff('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: 'Are you there?' });
  await developer.send('Page.setWebLifecycleState', { state: 'active' });
  // By itself it would take the silence for what it is much later.
  await log(page).getByText('Are you there?').waitFor({ timeout: 10_000 });
  await staff('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: 'And now?' });
  await log(page).getByText('And now?').waitFor({ timeout: 10_000 });
  assert.deepEqual(faults, []);
  await end();
  await way.end();
});

test('the server is killed again and again: nothing typed or sent is lost, and nothing is there twice', async () => {
  const { page, faults } = await openChat('/killed');
  await write(page, 'I want to talk to a human agent');
  await page.getByText('Waiting for an agent', { exact: true }).waitFor();
  const id = await idOf(page);
  let staff = await desk.staff();
  await staff('POST', `api/sessions/${id}/takeover`, { from: 'any' });
  await page.getByText(/^Agent/).first().waitFor();
  const said = [];
  for (let round = 1; round <= 3; round += 1) {
    const killed = desk.kill();
    said.push(`from the customer ${round}`);
    await write(page, said.at(-1));
    await input(page).fill(`typed ${round}`);
    await killed;
    await page.getByText(/Reconnecting|Connection lost/).first().waitFor();
    await desk.startAgain();
    staff = await desk.staff();
    said.push(`from the agent ${round}`);
    await staff('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: said.at(-1) });
    for (const text of said) await shown(page, text);
    assert.equal(await input(page).inputValue(), `typed ${round}`);
  }
  await until(async () => (await page.getByText(/Reconnecting/).count()) === 0, 'it is connected again');
  for (const text of said) assert.equal(await times(page, text), 1, text);
  await page.reload();
  for (const text of said) await shown(page, text);
  for (const text of said) assert.equal(await times(page, text), 1, text);
  assert.deepEqual(faults, []);
});

test('a whole journey: the queue, a person, typing, both talk, another person, release, rating, the end', async () => {
  const { page, faults } = await openChat('/journey');
  const staff = await desk.staff();
  const { call: colleague } = await signInByApi(desk, await hire(desk, 'bo', 'Bo'));
  await page.getByRole('button', { name: 'Talk to a person' }).click();
  await page.getByText('Waiting for an agent', { exact: true }).waitFor();
  await page.getByText(/^You are number \d+ in the queue/).waitFor();
  await page.getByRole('button', { name: 'Stop waiting' }).click();
  await page.getByText('AI assistant', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Talk to a person' }).click();
  await page.getByText('Waiting for an agent', { exact: true }).waitFor();
  const id = await idOf(page);
  await staff('POST', `api/sessions/${id}/takeover`, { from: 'any' });
  await page.getByText(/^Agent/).first().waitFor();
  await staff('POST', `api/sessions/${id}/typing`, { is_typing: true });
  await page.getByText(/is typing…$/).first().waitFor();
  await staff('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: 'How can I help?' });
  await shown(page, 'How can I help?');
  await launcher(page).click();
  await staff('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: 'Still there?' });
  await page.getByRole('button', { name: 'Open chat, 1 unread message' }).click();
  await write(page, 'Yes, thank you');
  await shown(page, 'Yes, thank you');
  await staff('POST', `api/sessions/${id}/transfer`, { to_agent_id: 'bo' });
  await page.getByText('Agent Bo', { exact: true }).waitFor();
  await colleague('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: 'Bo here' });
  await shown(page, 'Bo here');
  await colleague('POST', `api/sessions/${id}/release`, {});
  await page.getByText('AI assistant', { exact: true }).waitFor();
  const { data } = await asCustomer(page, 'GET', `api/sessions/${await session(page)}`);
  if (data.session.rating) await rate(page);
  await page.getByRole('button', { name: 'Conversation actions' }).click();
  await page.getByRole('menuitem', { name: 'End conversation' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'End conversation' }).click();
  await page.getByText('Session closed', { exact: true }).waitFor();
  await write(page, 'How long does shipping take?');
  await shown(page, /within a few working days/);
  assert.deepEqual(faults, []);
});

async function rate(page) {
  await page.getByRole('radio', { name: '4 stars of 5' }).check({ force: true });
  await page.getByRole('textbox', { name: /Anything to add/ }).fill('Quick and kind');
  await page.getByRole('button', { name: 'Send rating' }).click();
  await page.getByText(/Thank you for your rating/).waitFor();
  const { data } = await asCustomer(page, 'GET', `api/sessions/${await session(page)}`);
  assert.deepEqual([data.session.rating.score, data.session.rating.comment], [4, 'Quick and kind']);
}

test('outside hours the customer is told when people are back, and asked for an address once', async () => {
  const night = await Desk.start({ DESK_WIDGET_ORIGINS: shop.origin, HOLIDAYS: tomorrowAndToday() });
  try {
    const { page, faults } = await visit(shop.put('/night', night.url, {}));
    await launcher(page).click();
    await page.getByText(/Our team is back/).waitFor();
    await page.getByRole('button', { name: 'Talk to a person' }).click();
    await page.getByText(/^Out of hours/).waitFor();
    const address = page.getByRole('textbox', { name: 'Your e-mail address' });
    await address.fill('nobody');
    await page.getByRole('button', { name: 'Send', exact: true }).first().click();
    await page.getByText('Please enter a valid e-mail address.').waitFor();
    await address.fill('ming@example.com');
    await page.keyboard.press('Enter');
    await address.waitFor({ state: 'detached' });
    await shown(page, 'ming@example.com');
    await page.reload();
    await shown(page, 'ming@example.com');
    assert.equal(await address.count(), 0);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(faults, []);
  } finally {
    await night.end();
  }
});

/** These days nobody works, in any time zone. */
function tomorrowAndToday() {
  const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  return [-1, 0, 1, 2].map(day).join(',');
}

test('nothing that anybody writes is run: messages of both sides, the agent’s name, the page’s title', async () => {
  const { page, faults } = await openChat('/xss');
  page.on('dialog', () => assert.fail('something was run'));
  await page.evaluate((title) => { document.title = title; }, PAYLOADS[0]);
  await write(page, 'I want to talk to a human agent');
  await page.getByText('Waiting for an agent', { exact: true }).waitFor();
  const staff = await desk.staff();
  const id = await idOf(page);
  await staff('PUT', 'api/agent/profile', { name: '<img src=x onerror=window.xss=1>' });
  await staff('POST', `api/sessions/${id}/takeover`, { from: 'any' });
  await page.getByText('Agent <img src=x onerror=window.xss=1>').first().waitFor();
  assert.ok(PAYLOADS.length >= 100);
  for (const content of PAYLOADS) {
    await asCustomer(page, 'POST', 'api/manual/messages', { session_name: await session(page), role: 'user', content });
    await staff('POST', 'api/manual/messages', { session_name: id, role: 'agent', content });
  }
  const trimmed = (text) => text.trim();
  await shown(page, trimmed(PAYLOADS.at(-1)));
  for (let more = page.getByRole('button', { name: 'Show earlier messages' }); await more.count(); ) {
    const before = await log(page).locator('.message').count();
    await more.click();
    await until(async () => (await log(page).locator('.message').count()) > before, 'earlier messages are there');
  }
  for (const side of ['user', 'agent']) {
    const texts = await log(page).locator(`.message-${side} .plain`).allTextContents();
    for (const payload of PAYLOADS) assert.ok(texts.map(trimmed).includes(trimmed(payload)), `${side}: ${payload}`);
  }
  assert.equal(await page.evaluate(() => window.xss ?? window.frames.xss), undefined);
  const inside = await page.evaluate(() => document.querySelector('fiido-desk').shadowRoot.querySelectorAll('script, img, iframe, object, embed, style, link, form [formaction]').length);
  assert.equal(inside, 0);
  await staff('PUT', 'api/agent/profile', { name: 'Ana' });
  assert.deepEqual(faults, []);
});

test('axe finds nothing in any state, in both themes', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const { page } = await visit(put(`/axe-${colorScheme}`), { colorScheme });
    const check = async (state) => assert.deepEqual(await violations(page), [], `${colorScheme}, ${state}`);
    await launcher(page).waitFor();
    await check('closed');
    await launcher(page).click();
    await page.getByRole('list', { name: 'Often asked' }).waitFor();
    await check('empty');
    await write(page, 'rain and water');
    await page.getByRole('list', { name: 'You may ask next' }).waitFor();
    await check('answered');
    await page.getByRole('button', { name: 'Conversation actions' }).click();
    await check('menu');
    await page.getByRole('menuitem', { name: 'Clear' }).click();
    await page.getByRole('alertdialog').waitFor();
    await check('question');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Talk to a person' }).click();
    await page.getByText('Waiting for an agent', { exact: true }).waitFor();
    await check('waiting');
    await page.context().close();
  }
  for (const path of ['', 'embed']) {
    const { page } = await visit(desk.url + path);
    await page.locator('fiido-desk').waitFor({ state: 'attached' });
    await page.waitForTimeout(300);
    assert.deepEqual(await violations(page), [], path);
  }
});

test('by keyboard alone: open, write, menu, close, and the focus comes back', async () => {
  const { page } = await visit(put('/keys'));
  const focused = () => page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.getAttribute('aria-label') ?? document.activeElement.shadowRoot?.activeElement?.id);
  await launcher(page).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Open chat');
  await page.keyboard.press('Enter');
  await until(async () => (await focused()) === 'message', 'the input has the focus');
  await page.keyboard.type('How do I return my bike?');
  await page.keyboard.press('Enter');
  await shown(page, /14 days/);
  for (let presses = 0; presses < 20 && (await focused()) !== 'Conversation actions'; presses += 1) await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'New conversation' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  assert.equal(await focused(), 'Conversation actions');
  await page.keyboard.press('Escape');
  await until(async () => (await focused()) === 'Open chat', 'the focus is back at the button');
});
