// A really started `desk` for a browser test: its own data, its own port, killed and started again at will.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = process.env.DESK_PROGRAM ?? new URL('../../target/debug/desk', import.meta.url).pathname;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The password of the account `admin`. */
const ADMIN_PASSWORD = 'only for the browser tests';
/** People are there at every hour. */
const SETTINGS = {
  DESK_ADMIN_PASSWORD: ADMIN_PASSWORD,
  HUMAN_SHIFT_START: '00:00',
  HUMAN_SHIFT_END: '24:00',
  WEEKENDS_DISABLED: 'false',
};

export class Desk {
  /** `settings`: environment variables for it. */
  static async start(settings = {}) {
    const desk = new Desk();
    desk.settings = settings;
    desk.folder = mkdtempSync(join(tmpdir(), 'desk-browser-'));
    desk.port = await freePort();
    desk.url = `http://127.0.0.1:${desk.port}/`;
    await desk.startAgain();
    return desk;
  }

  async startAgain() {
    const args = ['--data-dir', join(this.folder, 'data'), '--listen', `127.0.0.1:${this.port}`];
    // What is set for the tests is no setting of the server.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DESK_')));
    this.child = spawn(PROGRAM, args, { env: { ...env, ...SETTINGS, ...this.settings } });
    let log = '';
    await new Promise((resolve, reject) => {
      const hear = (chunk) => {
        log += chunk;
        if (log.includes('desk is ready')) resolve();
      };
      this.child.stdout.on('data', hear);
      this.child.stderr.on('data', hear);
      this.child.once('error', reject);
      this.child.once('exit', (code) => reject(new Error(`desk ended with ${code} at its start:\n${log}`)));
    });
  }

  /** A member of the team who calls the API: `call(method, path, body)` answers the JSON that comes back. */
  async staff() {
    const signedIn = await this.#call('POST', 'api/agent/login', { username: 'admin', password: ADMIN_PASSWORD });
    this.token = signedIn.access_token;
    return (method, path, body) => this.#call(method, path, body, signedIn.access_token);
  }

  async #call(method, path, body, token) {
    const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async kill() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  async end() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
