// A shop's developer with orval: functions ask, and zod's schemas check each answer.
import assert from 'node:assert/strict';

import { chat, createConversation, listSessions, showSession, signIn, streamChat } from './orval/fetch.js';
import { ChatResponse, ListSessionsResponse, ShowSessionResponse, SignInResponse } from './orval/zod.js';

const name = 'clients-orval';
const json = { 'Content-Type': 'application/json' };
const created = await createConversation({ user_id: name });
const as = (token: string): RequestInit => ({ headers: { ...json, Authorization: `Bearer ${token}` } });
const customer = as(created.headers.get('X-Visitor-Token') ?? '');

const answered = await chat({ message: 'How long is the warranty?', user_id: name }, undefined, customer);
assert.ok(answered.status === 200);
const answer = ChatResponse.parse(answered.data);
assert.ok(answer.success && answer.session_name === name && typeof answer.message === 'string');
