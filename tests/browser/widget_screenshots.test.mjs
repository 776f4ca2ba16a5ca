// The widget and the demo shop as they look, in both themes and both main languages. With DESK_SCREENSHOTS=docs/screenshots the
// pictures are kept; look at each one that changes.
import assert from 'node:assert/strict';
import { statSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { launch, openPage } from './chromium.mjs';
import { Desk } from './desk.mjs';

const WORDS = {
  en: { locale: 'en-GB', open: 'Open chat', input: 'Message', ask: 'rain and water', next: 'You may ask next', person: 'Talk to a person', hello: 'Hello, I am looking at your order.' },
  zh: { locale: 'zh-CN', open: '打开在线咨询', input: '消息', ask: '下雨天可以骑吗？', next: null, person: '转人工', hello: '您好，我来为您查看订单。' },
};
const PHONE = { width: 400, height: 720 };
const kept = process.env.DESK_SCREENSHOTS;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'desk-screenshots-'));

let desk;
let browser;

before(async () => {
  desk = await Desk.start({ DESK_CHAT_RATE_PER_MINUTE: '0' });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await desk?.end();
  if (!kept) rmSync(folder, { recursive: true });
});

async function picture(page, name) {
  const path = join(folder, `${name}.jpg`);
  await page.screenshot({ path, type: 'jpeg', quality: 72, animations: 'disabled' });
  assert.ok(statSync(path).size > 4_000, `${name} is empty`);
}

for (const theme of ['light', 'dark']) {
  for (const [language, words] of Object.entries(WORDS)) {
    test(`${theme}, ${language}`, async () => {
      const open = (viewport) => openPage(browser, words.locale, desk.url, { viewport, colorScheme: theme });
      const name = (what) => `${what}-${theme}-${language}`;
      const { page: shop } = await open({ width: 1280, height: 800 });
      await shop.getByRole('button', { name: words.open }).click();
      await shop.locator('.chips').first().waitFor();
      await picture(shop, name('shop'));
      const { page } = await open(PHONE);
      await page.getByRole('button', { name: words.open }).click();
      await page.getByRole('textbox', { name: words.input }).fill(words.ask);
      await page.keyboard.press('Enter');
      await page.getByRole('log').locator('.message-assistant').waitFor();
      if (words.next) await page.getByRole('list', { name: words.next }).waitFor();
      await picture(page, name('widget-answer'));
      await page.getByRole('button', { name: words.person }).click();
      await page.locator('[data-state=pending_manual]').waitFor();
      const staff = await desk.staff();
      await staff('PUT', 'api/agent/profile', { name: language === 'zh' ? '小林' : 'Ana' });
      const { data } = await staff('GET', 'api/sessions?status=pending_manual');
      const [{ session_id: id }] = data.sessions;
      await staff('POST', `api/sessions/${id}/takeover`, { from: 'any' });
      await staff('POST', 'api/manual/messages', { session_name: id, role: 'agent', content: words.hello });
      await page.getByRole('log').getByText(words.hello).waitFor();
      await picture(page, name('widget-person'));
    });
  }
}
