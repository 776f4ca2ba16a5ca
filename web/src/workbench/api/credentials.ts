// Who is signed in in this browser: one place for all tabs, in localStorage, because a refresh token is good once and two
// tabs must not spend it twice. Device id and language survive a sign-out.
import type { components } from '@shared/api/schema';
import { uuid } from '@shared/uuid';

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

const KEY = 'desk.staff';
const DEVICE = 'desk.staff.device';

export function load(): Credentials | null {
  try {
    const text = localStorage.getItem(KEY);
    return text === null ? null : (JSON.parse(text) as Credentials);
  } catch {
    return null;
  }
}

export function save(credentials: Credentials | null): void {
  if (credentials === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(credentials));
}

export function deviceId(): string {
  const known = localStorage.getItem(DEVICE);
  if (known !== null) return known;
  const made = uuid();
  localStorage.setItem(DEVICE, made);
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
    if (key === KEY || key === null) callback(load());
  });
}
