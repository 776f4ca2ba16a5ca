// A shop's developer with hey-api: chats as a customer, follows the stream, meets a problem, signs in as staff and lists the sessions.
import assert from 'node:assert/strict';

import { client } from './hey-api/client.gen.js';
import { chat, createConversation, listSessions, showSession, signIn, streamChat } from './hey-api/sdk.gen.js';
import type { ChatFrameData } from './hey-api/types.gen.js';

const name = 'clients-hey-api';
let token = '';
client.setConfig({ baseUrl: process.argv[2] ?? '', auth: () => token });
client.interceptors.response.use((response) => {
  token = response.headers.get('X-Visitor-Token') ?? token;
  return response;
});

await createConversation({ body: { user_id: name }, throwOnError: true });
const answered = await chat({
  body: { message: 'How long is the warranty?', user_id: name },
  headers: { 'Idempotency-Key': crypto.randomUUID() },
  throwOnError: true,
});
assert.ok(answered.data.success && answered.data.session_name === name && typeof answered.data.message === 'string');
const later = await chat({ body: { message: 'And later?', user_id: name }, headers: { Prefer: 'respond-async' }, throwOnError: true });
assert.ok(later.response.status === 202 && later.data.message_id !== undefined);

// The document calls a stream a text, and names what its frames hold; this client parses them.
const { stream } = await streamChat({ body: { message: 'And the battery?', user_id: name } });
const kinds: ChatFrameData['type'][] = [];
for await (const frame of stream) kinds.push((frame as unknown as ChatFrameData).type);
assert.deepEqual([kinds.at(0), kinds.at(-1)], ['accepted', 'done']);

const missing = await showSession({ path: { name: 'another' } });
assert.equal(missing.error?.code, 'NOT_FOUND');
assert.equal(missing.response?.status, missing.error?.status);

const password = process.env['DESK_ADMIN_PASSWORD'] ?? '';
const signedIn = await signIn({ body: { username: 'admin', password, device_id: 'the device of hey-api' }, throwOnError: true });
token = signedIn.data.access_token;
const listed = await listSessions({ query: { min_position: answered.data.position, limit: 200 }, throwOnError: true });
assert.ok(listed.data.data.sessions.some((session) => session.session_name === name));
