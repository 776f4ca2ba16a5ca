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

export class Desk {
  static async start() {
    const desk = new Desk();
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
    this.child = spawn(PROGRAM, args, { env });
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
