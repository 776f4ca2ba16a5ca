// Who is signed in in this browser: one place for all tabs, because a refresh token is good once and two tabs must not spend it
// twice. Device id and language survive a sign-out.
import type { components } from '@shared/api/schema';
import { isObject } from '@shared/storage';
import { uuid } from '@shared/uuid';

import { storage } from './storage';

export type Me = components['schemas']['AgentData'];
export type Permission = components['schemas']['Permission'];
type LoginAnswer = components['schemas']['LoginAnswer'];

export interface Credentials {
  access: string;
  refresh: string;
  /** When the access token ends, in milliseconds of this browser's clock. */
  endsAt: number;
  me: Me;
  permissions: Permission[];
  mustChangePassword: boolean;
}

const KEY = 'staff';
const DEVICE = 'device';

export function load(): Credentials | null {
  const known = storage.readJson(KEY);
  return isCredentials(known) ? known : null;
}

/** What an earlier version of ours wrote, or somebody else, may lack anything. */
function isCredentials(known: unknown): known is Credentials {
  if (!isObject(known) || !isObject(known.me)) return false;
  const texts = [known.access, known.refresh, known.me.id, known.me.role];
  return texts.every((text) => typeof text === 'string') && Number.isFinite(known.endsAt) && Array.isArray(known.permissions);
}

export function save(credentials: Credentials | null): void {
  storage.write(KEY, credentials === null ? '' : JSON.stringify(credentials));
}

export function deviceId(): string {
  const known = storage.read(DEVICE);
  if (known !== null && /^[\w-]{1,64}$/.test(known)) return known;
  const made = uuid();
  storage.write(DEVICE, made);
  return made;
}

export const fromAnswer = (answer: LoginAnswer): Credentials => ({
  access: answer.access_token,
  refresh: answer.refresh_token,
  endsAt: Date.now() + answer.expires_in * 1000,
  me: answer.agent,
  permissions: answer.permissions,
  mustChangePassword: answer.must_change_password,
});

/** Calls back when another tab signed in, out, or renewed the tokens. */
export function onChange(callback: (credentials: Credentials | null) => void): void {
  addEventListener('storage', ({ key }) => {
    if (key === storage.fullKey(KEY) || key === null) callback(load());
  });
}
