// Serves dist/ under /workbench/ and hands everything else to a desk, for trying the pages out while they are built:
//   node scripts/preview.mjs [port, 18124] [desk, http://127.0.0.1:18123]
// With the Content-Security-Policy that the desk sends, so that what it forbids is seen here.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const [port = '18124', desk = 'http://127.0.0.1:18123'] = process.argv.slice(2);
const ROOT = fileURLToPath(new URL('../dist/workbench/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function file(path) {
  const found = join(ROOT, normalize(path.slice('/workbench'.length)));
  return existsSync(found) && statSync(found).isFile() ? found : join(ROOT, 'index.html');
}

createServer((incoming, outgoing) => {
  const { pathname } = new URL(incoming.url, 'http://localhost');
  if (pathname.startsWith('/workbench')) {
    const path = file(pathname);
    outgoing.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-security-policy': POLICY });
    createReadStream(path).pipe(outgoing);
    return;
  }
  const { hostname, port: to } = new URL(desk);
  const asked = request({ hostname, port: to, path: incoming.url, method: incoming.method, headers: incoming.headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    // A stream's head has to go out before its first event.
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  });
  asked.on('error', () => outgoing.destroy());
  outgoing.on('close', () => asked.destroy());
  incoming.pipe(asked);
}).listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/workbench/ before ${desk}`));
