// The workbench in a browser, and the people before it and behind it: agents with accounts, customers with sessions.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { launch, openPage } from './chromium.mjs';
import { Desk } from './desk.mjs';

/**
 * A desk that counts no requests, a browser, and agents with accounts (`{ anna: 'Anna' }` is given back as `anna`): what the
 * tests of a file begin with. `end` ends all of it.
 */
export async function openOffice(people = {}, settings = {}) {
  const desk = await Desk.start({ DESK_RATE_PER_SECOND: '0', DESK_CHAT_RATE_PER_MINUTE: '0', ...settings });
  let browser;
  const end = async () => {
    await browser?.close();
    await desk.end();
  };
  try {
    browser = await launch();
    const agents = {};
    for (const [username, name] of Object.entries(people)) agents[username] = await hire(desk, username, name);
    return { desk, browser, end, ...agents };
  } catch (error) {
    // Whoever waits for it has nothing yet to end it with.
    await end();
    throw error;
  }
}

export const ADMIN = { username: 'admin', password: 'only for the browser tests' };
const FIRST = 'the office made this up';
const OWN = 'four words of mine';

async function call(desk, method, path, body, headers = {}) {
  const sent = { method, headers: { 'Content-Type': 'application/json', ...headers }, body: body && JSON.stringify(body) };
  const response = await fetch(desk.url + path, sent);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** Signs in as a program would: `{ token, call(method, path, body) }`. */
export async function signInByApi(desk, { username, password }) {
  const answer = await (await call(desk, 'POST', 'api/agent/login', { username, password })).json();
  const token = answer.access_token;
  return { token, call: async (method, path, body) => (await call(desk, method, path, body, bearer(token))).json() };
}

/** An account that has chosen its own password. */
export async function hire(desk, username, name, role = 'agent', more = {}) {
  const admin = await signInByApi(desk, ADMIN);
  await admin.call('POST', 'api/agents', { username, name, role, password: FIRST, ...more });
  const first = await signInByApi(desk, { username, password: FIRST });
  await first.call('POST', 'api/agent/change-password', { old_password: FIRST, new_password: OWN });
  return { username, password: OWN };
}

/** A customer in a browser of their own, by the API: `says`, and `reads` what the session's history is. */
export function customer(desk, session) {
  let cookie = '';
  const send = async (method, path, body) => {
    const response = await call(desk, method, path, body, cookie ? { Cookie: cookie } : {});
    cookie = response.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ') || cookie;
    return response.json();
  };
  return {
    /** The session's id, by which it is found before the views know its name. */
    id: '',
    async says(message, more = {}) {
      const answer = await send('POST', 'api/chat', { user_id: session, message, ...more });
      this.id = answer.session_id;
      return answer;
    },
    saysToPerson: (content) => send('POST', 'api/manual/messages', { session_name: session, role: 'user', content }),
    rates: (score, comment) => send('POST', `api/sessions/${session}/rating`, { score, comment }),
    reads: async () => (await send('GET', `api/sessions/${session}`)).data.session.history.map(({ content }) => content),
  };
}

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const DIST = fileURLToPath(new URL('../../web/dist/workbench/', import.meta.url));

/** While pages are written, `DESK_WORKBENCH=dist` takes them from web/dist instead of the program they are built into. */
async function fromFolder(context) {
  if (process.env.DESK_WORKBENCH !== 'dist') return;
  await context.route(/\/workbench\//, async (route) => {
    const path = join(DIST, new URL(route.request().url()).pathname.slice('/workbench/'.length));
    const file = existsSync(path) && statSync(path).isFile() ? path : join(DIST, 'index.html');
    // Under the policy that the program gives its page.
    const headers = file.endsWith('.html') ? (await route.fetch()).headers() : {};
    return route.fulfill({ body: readFileSync(file), headers: { 'content-security-policy': headers['content-security-policy'] ?? '' }, contentType: TYPES[extname(file)] });
  });
}

/** The workbench's sign-in page. */
export async function openWorkbench(browser, desk, { locale = 'en-GB', path = '', ...options } = {}) {
  const opened = await openPage(browser, locale, 'about:blank', { viewport: { width: 1280, height: 800 }, ...options });
  await fromFolder(opened.page.context());
  await opened.page.goto(`${desk.url}workbench/${path}`);
  return opened;
}

/** Ends with a page, on which nothing went wrong. */
export async function leave({ page, faults }) {
  assert.deepEqual(faults, []);
  await page.context().close();
}

/** Goes to something with the Tab key alone, as who has no mouse. */
export async function tabTo(page, target) {
  await target.waitFor();
  for (let presses = 0; presses < 120; presses += 1) {
    if (await target.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no way to ${target} with the Tab key`);
}

/** Goes there and presses Enter. */
export async function pressOn(page, target) {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

/** Goes to a field and writes there, in place of what was in it. */
export async function writeInto(page, target, text) {
  await tabTo(page, target);
  await page.keyboard.press('Control+a');
  if (text === '') await page.keyboard.press('Delete');
  else await page.keyboard.insertText(text);
}

export async function signIn(page, { username, password }) {
  await page.locator('input[autocomplete=username]').fill(username);
  await page.locator('input[type=password]').fill(password);
  await page.keyboard.press('Enter');
}

/** The workbench of somebody who is signed in and connected. */
export async function workbenchOf(browser, desk, person, options) {
  const opened = await openWorkbench(browser, desk, options);
  await signIn(opened.page, person);
  await opened.page.getByText(/^(Connected|已连接|Verbunden)/).waitFor({ state: 'attached' });
  return opened;
}

/** The code that an authenticator app shows now, or some steps of 30 seconds later. */
export function oneTimeCode(secret, later = 0) {
  const bits = [...secret.replace(/=+$/, '')].map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const digest = createHmac('sha1', key).update(counter).digest();
  const code = digest.readUInt32BE(digest[19] & 15) & 0x7fff_ffff;
  return String(code % 1_000_000).padStart(6, '0');
}
