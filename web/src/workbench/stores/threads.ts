// The sessions that were opened, with their messages: the one on screen and those before it, so that going back is at once.
//
// Invariants: a thread's position is that of the newest event in it, and an event at or before it changes nothing. A command's
// answer may be ahead of that: what is read of an earlier state never takes its place.
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive } from 'vue';

import { answered, api } from '../api/client';
import { asProblem, type Problem } from '../api/problem';
import type { Envelope, SessionData, SessionState } from '../api/types';
import {
  activityItem, activityOf, factsOf, merged, messageItem, messageOf, type ActivityItem, type AnswerFacts, type MessageItem,
} from '../features/thread/items';
import { foldSession } from '../features/thread/session_fold';
import { sessionOf, type Frame } from '../live/frames';
import { throttle } from './throttle';

export interface Thread {
  id: string;
  session: SessionState | null;
  placed: (MessageItem | ActivityItem)[];
  position: number;
  /** Of which position `session` is. */
  statePosition: number;
  /** The first messages of pages: they keep their head when older ones come before them, so that nothing moves. */
  seams: Set<string>;
  hasOlder: boolean;
  isLoading: boolean;
  isLoadingOlder: boolean;
  problem: Problem | null;
}

const PAGE = 50;
/** Threads that are kept. */
const KEPT = 30;
/** What an event does not tell in full. */
const NEEDS_READING = /mail_|profile_changed|offer_made|transfer_requested|rating_/;

export const useThreads = defineStore('threads', () => {
  // Shallow: ten thousand messages are not watched one by one.
  const threads = shallowReactive(new Map<string, Thread>());
  const openId = ref<string | null>(null);
  const open = computed(() => (openId.value === null ? null : (threads.get(openId.value) ?? null)));

  function show(id: string | null): void {
    openId.value = id;
    if (id === null) return;
    const known = threads.get(id);
    threads.delete(id);
    threads.set(id, known ?? empty(id));
    for (const old of [...threads.keys()].slice(0, -KEPT)) threads.delete(old);
    void read(id);
  }

  async function read(id: string, atLeast?: number): Promise<void> {
    const thread = threads.get(id);
    if (!thread) return;
    thread.isLoading = true;
    try {
      const query = atLeast === undefined ? {} : { min_position: atLeast };
      const answer = await answered(api.GET('/api/sessions/{name}', { params: { path: { name: id }, query } }));
      take(thread, answer.data as SessionData, answer.position);
      thread.problem = null;
    } catch (error) {
      thread.problem = asProblem(error);
    } finally {
      thread.isLoading = false;
    }
  }

  function take(thread: Thread, data: SessionData, position: number): void {
    const isKnown = thread.session !== null;
    const seam = thread.placed.at(-1)?.position ?? 0;
    const items = itemsOf(data);
    const oldest = data.session.history[0]?.position ?? 0;
    // More happened while it was off screen than one page holds: begin anew, rather than show a gap.
    if (isKnown && oldest > seam && data.session.history.length === PAGE) thread.placed = [];
    if (!isKnown || thread.placed.length === 0) thread.hasOlder = data.session.history.length === PAGE;
    thread.placed = merged(thread.placed, since(items, thread.hasOlder ? oldest : 0)) as Thread['placed'];
    setState(thread, data.session, position);
    thread.position = Math.max(thread.position, position);
  }

  async function readOlder(id: string): Promise<void> {
    const thread = threads.get(id);
    const first = thread?.placed.find((item) => item.kind === 'message');
    const before = first?.position;
    if (!thread?.hasOlder || thread.isLoadingOlder || before === undefined) return;
    thread.isLoadingOlder = true;
    try {
      const params = { path: { name: id }, query: { before } };
      const { data } = await answered(api.GET('/api/sessions/{name}', { params }));
      const { history } = data.session;
      thread.hasOlder = history.length === PAGE;
      const from = thread.hasOlder ? (history[0]?.position ?? 0) : 0;
      const items = itemsOf(data as SessionData).filter((item) => item.position < before);
      if (first) thread.seams.add(first.key);
      thread.placed = merged(thread.placed, since(items, from)) as Thread['placed'];
    } catch {
      // The next scroll to the top asks again.
    } finally {
      thread.isLoadingOlder = false;
    }
  }

  function hear(frame: Frame): void {
    if (frame.kind === 'event') apply(frame.event);
    if (frame.kind === 'reset') {
      threads.clear();
      if (openId.value !== null) show(openId.value);
    }
  }

  function apply(event: Envelope): void {
    const id = sessionOf(event);
    const thread = id === null ? undefined : threads.get(id);
    if (!thread?.session || event.position <= thread.position) return;
    thread.position = event.position;
    if (event.position > thread.statePosition) setState(thread, foldSession(thread.session, event), event.position);
    const item = messageOf(event) ?? activityOf(event);
    if (item) thread.placed = merged(thread.placed, [item]) as Thread['placed'];
    if (NEEDS_READING.test(event.type) && thread.id === openId.value) void readOpen();
  }

  const readOpen = throttle(1000, async () => {
    if (openId.value !== null) await read(openId.value, open.value?.position);
  });

  /** After a command: the server's answer is the newest there is. */
  function put(id: string, session: SessionState, position: number): void {
    const thread = threads.get(id);
    if (thread) setState(thread, { ...thread.session, ...session }, position);
  }

  /** A thread of which nothing but the list's row is known: enough to act on it, without looking into it. */
  function stand(id: string, row: Pick<SessionState, 'status' | 'assigned_agent'>): Thread {
    return { ...empty(id), session: { ...row } as SessionState };
  }

  /** A message of our own whose position the server has told, before the stream brings it. */
  function place(id: string, item: MessageItem): void {
    const thread = threads.get(id);
    if (thread) thread.placed = merged(thread.placed, [item]) as Thread['placed'];
  }

  return { threads, open, openId, show, read, readOlder, hear, put, place, stand };
});

function setState(thread: Thread, session: SessionState, position: number): void {
  if (position < thread.statePosition) return;
  thread.session = session;
  thread.statePosition = position;
}

const empty = (id: string): Thread =>
  shallowReactive({
    id, session: null, placed: [], position: 0, statePosition: 0, seams: new Set(), hasOlder: false, isLoading: false, isLoadingOlder: false, problem: null,
  });

const since = <T extends { position: number }>(items: T[], position: number): T[] =>
  items.filter((item) => item.position >= position);

function itemsOf(data: SessionData): Thread['placed'] {
  const facts = new Map<string, AnswerFacts>();
  const activity: ActivityItem[] = [];
  for (const entry of data.audit_trail ?? []) {
    const details = (entry.details ?? {}) as Record<string, unknown>;
    if (entry.action === 'session.assistant_replied') facts.set(String(details.message), factsOf(details, entry.operator));
    const item = activityItem(entry);
    if (item) activity.push(item);
  }
  const messages = data.session.history.map((message) => messageItem(message, facts.get(message.message_id) ?? null));
  return [...messages, ...activity];
}
