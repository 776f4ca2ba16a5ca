// What is written and not yet sent, for each session and mode: in this browser at once, on the server a moment later, so that
// it is there at another desk as well.
import { defineStore } from 'pinia';
import { reactive } from 'vue';

import { pathOf, request } from '../api/client';
import { account } from '../api/sign_in';
import { storage } from '../api/storage';

export type Mode = 'reply' | 'note';

const PAUSE_MS = 800;

export const useDrafts = defineStore('drafts', () => {
  const prefix = `draft.${account.current?.me.id ?? ''}.`;
  const texts = reactive(new Map<string, string>());
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  for (const key of storage.keysFrom(prefix)) texts.set(key.slice(prefix.length), storage.read(key) ?? '');

  const keyOf = (session: string, mode: Mode): string => `${session}.${mode}`;
  const textOf = (session: string, mode: Mode): string => texts.get(keyOf(session, mode)) ?? '';

  function write(session: string, mode: Mode, text: string): void {
    keep(keyOf(session, mode), text);
    clearTimeout(timers.get(keyOf(session, mode)));
    timers.set(keyOf(session, mode), setTimeout(() => void save(session, mode), PAUSE_MS));
  }

  function keep(key: string, text: string): void {
    if (text === '') texts.delete(key);
    else texts.set(key, text);
    storage.write(prefix + key, text);
  }

  async function save(session: string, mode: Mode): Promise<void> {
    const path = pathOf`/api/sessions/${session}/drafts/${mode}`;
    const text = textOf(session, mode);
    // This browser has it in any case; the next change tries again.
    await request('PUT', path, { body: { text } }).catch(() => {});
  }

  /** From the server, unless something is written here. */
  async function read(session: string, mode: Mode): Promise<void> {
    if (textOf(session, mode) !== '') return;
    const path = pathOf`/api/sessions/${session}/drafts/${mode}`;
    const answer = await request<{ data: { text: string } | null }>('GET', path).catch(() => null);
    const text = answer?.data?.text;
    if (text && textOf(session, mode) === '') keep(keyOf(session, mode), text);
  }

  return { texts, textOf, write, read };
});
