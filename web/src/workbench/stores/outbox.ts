// What was written and is not yet on the server's disk. Kept in this browser until it is, under the key with which it was
// first sent: however often it is sent again, it is one message.
import { defineStore } from 'pinia';
import { computed, reactive } from 'vue';

import { isObject } from '@shared/storage';
import { uuid } from '@shared/uuid';

import { pathOf, request } from '../api/client';
import { asProblem, type Problem } from '../api/problem';
import { account } from '../api/sign_in';
import { storage } from '../api/storage';
import type { Message, Note } from '../api/types';
import { messageItem, type PendingItem } from '../features/thread/items';
import { useNotes } from './notes';
import { useThreads } from './threads';

export interface Draft {
  session: string;
  text: string;
  mode: 'reply' | 'note';
  quickReply: string | null;
  mentions: string[];
}

interface Entry extends Draft {
  key: string;
  at: number;
  state: PendingItem['state'];
  reason: string;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 20_000;

interface MessageAnswer {
  data: { message_id: string; timestamp: number };
  position: number;
}

/** What an earlier version of ours wrote, or somebody else, may lack anything. */
function isEntry(entry: unknown): entry is Entry {
  if (!isObject(entry)) return false;
  const { key, session, text, reason, at, mode, state, mentions } = entry;
  const isAnything = [key, session, text, reason].every((value) => typeof value === 'string') && Number.isFinite(at);
  return isAnything && (mode === 'reply' || mode === 'note') && (state === 'sending' || state === 'failed') && Array.isArray(mentions);
}

export const useOutbox = defineStore('outbox', () => {
  const threads = useThreads();
  const notes = useNotes();
  const storeKey = (): string => `outbox.${account.current?.me.id ?? ''}`;
  const stored = storage.readJson(storeKey());
  const entries = reactive<Entry[]>(Array.isArray(stored) ? stored.filter(isEntry) : []);
  const save = (): void => storage.write(storeKey(), JSON.stringify(entries));

  /** What of it belongs into a thread. */
  const itemsFor = computed(() => (session: string): PendingItem[] =>
    entries
      .filter((entry) => entry.session === session)
      .map(({ key, at, text, mode, state, reason }) => ({ kind: 'pending', key: `p${key}`, at, text, mode, state, reason })),
  );

  function send(draft: Draft): void {
    entries.push({ ...draft, key: uuid(), at: Date.now() / 1000, state: 'sending', reason: '' });
    save();
    const entry = entries.at(-1);
    if (entry) void deliver(entry);
  }

  /** What a closed window left behind. */
  function resume(): void {
    for (const entry of entries) if (entry.state === 'sending') void deliver(entry);
  }

  function retry(itemKey: string): void {
    const entry = entries.find(({ key }) => `p${key}` === itemKey);
    if (entry) void deliver(entry);
  }

  /** Gives the text back, for the field it came from. */
  function discard(itemKey: string): string {
    const index = entries.findIndex(({ key }) => `p${key}` === itemKey);
    const [entry] = index < 0 ? [] : entries.splice(index, 1);
    save();
    return entry?.text ?? '';
  }

  async function deliver(entry: Entry): Promise<void> {
    entry.state = 'sending';
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const problem = await attempt(entry);
      if (problem === null) return;
      if (!problem.isPassing) return fail(entry, problem);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  function fail(entry: Entry, problem: Problem): void {
    entry.state = 'failed';
    entry.reason = problem.code;
    save();
  }

  async function attempt(entry: Entry): Promise<Problem | null> {
    try {
      if (entry.mode === 'reply') await sendReply(entry);
      else await sendNote(entry);
      entries.splice(entries.indexOf(entry), 1);
      save();
      return null;
    } catch (error) {
      return asProblem(error);
    }
  }

  async function sendReply(entry: Entry): Promise<void> {
    const { session, text, key, quickReply } = entry;
    const body = { session_name: session, role: 'agent', content: text, ...(quickReply && { quick_reply: quickReply }) };
    const { data, position } = await request<MessageAnswer>('POST', '/api/manual/messages', { body, key });
    const me = account.current?.me;
    const message = {
      role: 'agent', content: text, timestamp: data.timestamp, message_id: data.message_id, position,
      agent_id: me?.username ?? null, agent_name: me?.name ?? null, agent_uuid: me?.id,
    } as Message;
    threads.place(session, messageItem(message, null));
  }

  async function sendNote(entry: Entry): Promise<void> {
    const { session, text, key, mentions } = entry;
    const body = { text, ...(mentions.length > 0 && { mentions }) };
    const { data } = await request<{ data: Note }>('POST', pathOf`/api/sessions/${session}/notes`, { body, key });
    notes.put(session, data);
  }

  return { entries, itemsFor, send, resume, retry, discard };
});
