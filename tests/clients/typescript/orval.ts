// A shop's developer with orval: functions ask, and zod's schemas check what is answered. Chats as a customer, follows the stream, meets
// a problem, signs in as staff and lists the sessions.
import assert from 'node:assert/strict';

import { chat, createConversation, listSessions, showSession, signIn, streamChat } from './orval/fetch.js';
import type { ChatFrameData } from './orval/fetch.js';
import * as answers from './orval/zod.js';

const name = 'clients-orval';
const as = (token: string): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } });

const created = await createConversation({ user_id: name });
const customer = as(created.headers.get('X-Visitor-Token') ?? '');
const answered = await chat({ message: 'How long is the warranty?', user_id: name }, customer);
assert.equal(answered.status, 200);
const answer = answers.ChatResponse.parse(answered.data);
assert.ok(answer.success && answer.session_name === name && typeof answer.message === 'string');

const shown = await showSession(name, { min_position: answer.position }, customer);
const { session } = answers.ShowSessionResponse.parse(shown.data).data;
assert.ok(session.history.some((said) => said.content === 'How long is the warranty?'));

const streamed = await streamChat({ message: 'And the battery?', user_id: name }, customer);
assert.ok(streamed.status === 200);
const frames = streamed.data.split('\n\n').filter((frame) => frame.startsWith('data: '));
const kinds = frames.map((frame) => (JSON.parse(frame.slice(6)) as ChatFrameData).type);
assert.deepEqual([kinds.at(0), kinds.at(-1)], ['accepted', 'done']);

const missing = await showSession('another', undefined, customer);
assert.ok(missing.status === 404 && missing.data.code === 'NOT_FOUND');

const password = process.env['DESK_ADMIN_PASSWORD'] ?? '';
const signedIn = await signIn({ username: 'admin', password, device_id: 'the device of orval' });
const staff = as(answers.SignInResponse.parse(signedIn.data).access_token);
const listed = await listSessions({ min_position: answer.position, limit: 200 }, staff);
const rows = answers.ListSessionsResponse.parse(listed.data).data.sessions;
assert.ok(rows.some((row) => row.session_name === name));
