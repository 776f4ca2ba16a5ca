// Fetches the viewer of the API's page from npm, pinned, and writes it here compressed. Run it with `node api/docs/update.mjs`
// after changing the version; then put the printed sum into README.md and into `api/src/openapi/page.rs`.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const VERSION = '9.3.8';
const INTEGRITY = 'sha512-eCYEbr1Xr8OJZvVCw8SXl9zBCRoLJbhNGuG5IZTHq/RWAOq/O4MafUCuFEyZHsrhLrlUcGZMa64pyhpib8fQKQ==';

const here = new URL('.', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'rapidoc-'));
try {
  const archive = execFileSync('npm', ['pack', '--silent', `rapidoc@${VERSION}`], { cwd: folder, encoding: 'utf8' }).trim();
  const found = `sha512-${createHash('sha512').update(readFileSync(join(folder, archive))).digest('base64')}`;
  if (found !== INTEGRITY) throw new Error(`rapidoc ${VERSION} has the integrity ${found}`);
  execFileSync('tar', ['xzf', archive], { cwd: folder });
  const script = readFileSync(join(folder, 'package/dist/rapidoc-min.js'));
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: script.length };
  writeFileSync(join(here, `rapidoc-${VERSION}.js.gz`), gzipSync(script, { level: 9 }));
  writeFileSync(join(here, `rapidoc-${VERSION}.js.br`), brotliCompressSync(script, { params: quality }));
  const licences = ['LICENSE.txt', 'dist/rapidoc-min.js.LICENSE.txt'].map((name) => readFileSync(join(folder, 'package', name), 'utf8'));
  writeFileSync(join(here, 'rapidoc.LICENSE.txt'), licences.join('\n'));
  console.log(createHash('sha256').update(script).digest('hex'));
} finally {
  rmSync(folder, { recursive: true });
}
