// The one way to the server: openapi-fetch over the types of the OpenAPI document, with the token of who is signed in.
//
// Invariant: whatever is refused arrives as a `Problem`; nobody looks at a status code anywhere else.
import createClient from 'openapi-fetch';

import type { paths } from '@shared/api/schema';

import { noteWrite } from './own_writes';
import { Problem } from './problem';
import { SERVER } from './server';
import { accessToken, rejected } from './sign_in';

/** A token may be refused once (revoked, renewed elsewhere); a second refusal of a fresh one is an answer. */
const TRIES = 3;

export async function authFetch(request: Request): Promise<Response> {
  const { url, method, signal } = request;
  // Read once, for each time that it is sent: a request that is copied instead costs a millisecond.
  const body = method === 'GET' ? null : (await request.text()) || null;
  for (let attempt = 1; ; attempt += 1) {
    const token = await accessToken();
    const headers = new Headers(request.headers);
    headers.set('Authorization', `Bearer ${token}`);
    const response = await sendOnce(url, { method, headers, body, signal, credentials: 'omit' });
    if (response.ok && method !== 'GET') await noteWrite(response.clone());
    if (response.status !== 401 || attempt === TRIES) return response;
    await rejected(token);
  }
}

async function sendOnce(url: string, sent: RequestInit): Promise<Response> {
  try {
    return await fetch(url, sent);
  } catch (error) {
    if (sent.signal?.aborted) throw error;
    throw Problem.unreachable();
  }
}

export const api = createClient<paths>({ baseUrl: SERVER, fetch: authFetch });

/** The data of an answer, or its problem thrown. */
export async function answered<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok || data === undefined) throw Problem.of(response.status, error);
  return data;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface RequestExtras {
  body?: unknown;
  key?: string;
  ifMatch?: string | number;
}

/** For routes of which this build's document does not tell yet. */
export async function request<T>(method: Method, path: string, extras: RequestExtras = {}): Promise<T> {
  const headers = new Headers();
  if (extras.body !== undefined) headers.set('Content-Type', 'application/json');
  if (extras.key !== undefined) headers.set('Idempotency-Key', extras.key);
  if (extras.ifMatch !== undefined) headers.set('If-Match', `"${extras.ifMatch}"`);
  const body = extras.body === undefined ? null : JSON.stringify(extras.body);
  const response = await authFetch(new Request(SERVER + path, { method, headers, body }));
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw Problem.of(response.status, answer);
  return answer as T;
}

export const pathOf = (strings: TemplateStringsArray, ...values: string[]): string =>
  strings.reduce((path, part, index) => path + part + encodeURIComponent(values[index] ?? ''), '');
