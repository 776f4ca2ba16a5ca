// A shop's developer with openapi-fetch: chats as a customer, reads the session, follows the stream, meets a problem, signs in as staff
// and lists the sessions.
import assert from 'node:assert/strict';

import createClient from 'openapi-fetch';

import type { components, paths } from './schema.js';

type ChatData = components['schemas']['ChatFrameData'];

const baseUrl = process.argv[2] ?? '';
let token = '';
const desk = createClient<paths>({ baseUrl });
desk.use({
  onRequest({ request }) {
    if (token !== '') request.headers.set('Authorization', `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    token = response.headers.get('X-Visitor-Token') ?? token;
  },
});

/** What an answer in the making says, each kind by its type. */
function told(data: ChatData): string {
  switch (data.type) {
    case 'message':
    case 'error':
    case 'manual_message':
      return data.content;
    case 'accepted':
      return data.session_name;
    case 'restart':
    case 'withdrawn':
      return data.run;
    case 'status_change':
      return data.status;
    case 'done':
      return String(data.position);
  }
}

const created = await desk.POST('/api/conversation/create', { body: { user_id: 'clients' } });
assert.ok(created.data?.success && token !== '');

const { data, error } = await desk.POST('/api/chat', {
  body: { message: 'How long is the warranty?', user_id: 'clients', parameters: { cart: [1, { nested: null }] } },
  params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
});
assert.ok(error === undefined && data !== undefined);
assert.ok(data.success && data.session_name === 'clients' && 'message' in data && typeof data.message === 'string');

const stream = await desk.POST('/api/chat/stream', { body: { message: 'And the battery?', user_id: 'clients' }, parseAs: 'text' });
const frames = (stream.data ?? '').split('\n\n').filter((frame) => frame.startsWith('data: '));
const kinds = frames.map((frame) => JSON.parse(frame.slice(6)) as ChatData);
assert.deepEqual([kinds.at(0)?.type, kinds.at(-1)?.type], ['accepted', 'done']);
assert.ok(kinds.every((kind) => told(kind) !== ''));

const shown = await desk.GET('/api/sessions/{name}', { params: { path: { name: 'clients' }, query: { min_position: data.position } } });
const history = (shown.data?.data.session.history ?? []).map(({ content }) => content ?? '');
assert.ok(history.includes('How long is the warranty?'));

const missing = await desk.GET('/api/sessions/{name}', { params: { path: { name: 'another' } } });
assert.equal(missing.error?.code, 'NOT_FOUND');
assert.equal(missing.response.status, missing.error?.status);

const signedIn = await desk.POST('/api/agent/login', {
  body: { username: 'admin', password: process.env['DESK_ADMIN_PASSWORD'] ?? '', device_id: 'the device of openapi-fetch' },
});
token = signedIn.data?.access_token ?? '';
const listed = await desk.GET('/api/sessions', { params: { query: { min_position: data.position, limit: 200 } } });
assert.ok(listed.data?.data.sessions.some((session) => session.session_name === 'clients'));
