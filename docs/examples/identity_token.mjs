// Signs an identity token for a customer of the shop, with nothing but Node's own library (HS256).
//
//     IDENTITY_SECRET=<the key's "k" in identity_keys_file> node identity_token.mjs 4711
//
// Call it on the shop's server, when a signed-in customer opens a page with the chat; never in the browser.

import { createHmac, randomUUID } from 'node:crypto';

export function identityToken({ secret, kid, customer, audience = 'fiido-desk' }) {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'HS256', typ: 'JWT', kid };
  const claims = {
    aud: audience,
    iat: now,
    exp: now + 300, // at most 600
    jti: randomUUID(), // a new one for every token: each is good once
    ...customer,
  };
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = createHmac('sha256', secret).update(parts.join('.')).digest('base64url');
  return [...parts, signature].join('.');
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const secret = Buffer.from(process.env.IDENTITY_SECRET, 'base64url');
  // What the shop's own session says of the customer, never what the browser sends.
  const customer = { sub: process.argv[2], email: 'ming@example.com', name: '王小明', vip: true };
  console.log(identityToken({ secret, kid: process.env.IDENTITY_KID ?? 'shop-1', customer }));
}
