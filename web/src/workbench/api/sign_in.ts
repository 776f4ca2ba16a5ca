// Signing in, renewing the tokens, and waiting for a person to sign in again.
//
// Invariant: a request that meets an ended sign-in is not lost. It waits here until the same person is signed in again, and
// is then sent; what was typed stays where it is.
import { reactive } from 'vue';

import type { components } from '@shared/api/schema';

import * as credentials from './credentials';
import type { Credentials, Permission } from './credentials';
import { Problem } from './problem';
import { SERVER } from './server';

type LoginAnswer = components['schemas']['LoginAnswer'];

/** Renewed this long before its end, so that no request leaves with a token that ends on its way. */
const EARLY_MS = 30_000;

export const account = reactive({
  current: credentials.load() as Credentials | null,
  /** The sign-in is over, and requests wait for the next. */
  isExpired: false,
});

let waiting: (() => void)[] = [];

credentials.onChange((changed) => {
  const isOther = changed !== null && account.current !== null && changed.me.id !== account.current.me.id;
  // Another person in another tab: nothing of the page on screen is theirs.
  if (isOther || changed === null) location.reload();
  else take(changed);
});

export const may = (permission: Permission): boolean => account.current?.permissions.includes(permission) ?? false;

export async function signIn(username: string, password: string, code: string | null): Promise<void> {
  const body = { username, password, device_id: credentials.deviceId(), ...(code && { code }) };
  take(credentials.fromAnswer(await post<LoginAnswer>('/api/agent/login', body)));
}

export async function changeFirstPassword(old_password: string, new_password: string): Promise<void> {
  const { current } = account;
  if (current === null) return;
  await post('/api/agent/change-password', { old_password, new_password }, current.access);
  take({ ...current, mustChangePassword: false });
}

export async function signOut(): Promise<void> {
  const token = account.current?.access;
  if (token) await post('/api/agent/logout', {}, token).catch(() => {});
  credentials.save(null);
  account.current = null;
  account.isExpired = false;
}

/** A token to send a request with; waits where somebody has to sign in first. */
export async function accessToken(): Promise<string> {
  for (;;) {
    const { current } = account;
    if (current === null || account.isExpired) await new Promise<void>((resolve) => waiting.push(resolve));
    else if (Date.now() < current.endsAt - EARLY_MS) return current.access;
    else await renew(current.access);
  }
}

/** The server refused this token: it is renewed, unless another tab or request has done so. */
export const rejected = (token: string): Promise<void> => renew(token);

function take(next: Credentials): void {
  credentials.save(next);
  account.current = next;
  account.isExpired = false;
  const ready = waiting;
  waiting = [];
  for (const resolve of ready) resolve();
}

/** One at a time in the whole browser: the refresh token is good once. */
async function renew(old: string): Promise<void> {
  const locks: LockManager | undefined = navigator.locks;
  if (locks) await locks.request('desk-renew', () => renewOnce(old));
  else await renewOnce(old);
}

async function renewOnce(old: string): Promise<void> {
  const known = credentials.load();
  if (known === null) {
    account.isExpired = true;
    return;
  }
  if (known.access !== old) return take(known);
  try {
    take(credentials.fromAnswer(await post<LoginAnswer>('/api/agent/refresh', { refresh_token: known.refresh })));
  } catch (error) {
    if (error instanceof Problem && !error.isPassing) account.isExpired = true;
    else throw error;
  }
}

async function post<T>(path: string, body: unknown, token?: string): Promise<T> {
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
  let response: Response;
  try {
    response = await fetch(SERVER + path, { method: 'POST', headers, body: JSON.stringify(body), credentials: 'omit' });
  } catch {
    throw Problem.unreachable();
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw Problem.of(response.status, answer);
  return answer as T;
}
