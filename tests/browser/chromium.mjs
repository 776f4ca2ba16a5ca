// A page in Chromium that remembers what went wrong on it.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const PATIENCE = 30_000;

const EXECUTABLE = { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS };

export const launch = () => chromium.launch(EXECUTABLE);

/** A browser of its own with these preferences, as people set them, and how to end it. */
export async function launchWith(preferences) {
  const folder = mkdtempSync(join(tmpdir(), 'desk-chromium-'));
  mkdirSync(join(folder, 'Default'));
  writeFileSync(join(folder, 'Default', 'Preferences'), JSON.stringify({ profile: preferences }));
  const context = await chromium.launchPersistentContext(folder, { ...EXECUTABLE, locale: 'en-GB' });
  const end = async () => {
    await context.close();
    // Its processes write to it for some moments more.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  };
  return { context, end };
}

/**
 * A browser as people start it, of which nothing is overridden: only there can a page be hidden and frozen. `port` is where other
 * programs look into it.
 */
export async function launchUntouched() {
  const folder = mkdtempSync(join(tmpdir(), 'desk-chromium-'));
  const args = ['--headless=new', ...ARGUMENTS, `--user-data-dir=${folder}`, '--remote-debugging-port=0', 'about:blank'];
  const child = spawn(EXECUTABLE.executablePath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const address = await new Promise((resolve, reject) => {
    let log = '';
    child.stderr.on('data', (chunk) => {
      log += chunk;
      const [, found] = /DevTools listening on (\S+)/.exec(log) ?? [];
      if (found) resolve(found);
    });
    ended.then(() => reject(new Error(`Chromium ended at its start:\n${log}`)));
  });
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  const end = async () => {
    await browser.close();
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  };
  return { context: browser.contexts()[0], port: Number(new URL(address).port), end };
}

// `faults` gets every script error and every violation of the Content-Security-Policy, `requests` every address asked for.
export async function openPage(browser, locale, url, options = {}) {
  return watched(await (await browser.newContext({ locale, ...options })).newPage(), url);
}

/** The same on a page that is there. */
export async function watched(page, url) {
  page.setDefaultTimeout(PATIENCE);
  const faults = [];
  const requests = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  return { page, faults, requests };
}
