// A session's events from its first, and what it was at any of them. The server folds the past; here it is asked for each
// moment once.
//
// Invariant: what is on screen is of the event under the slider, or says that it is being read; never of another.
import { computed, ref, shallowReactive, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';

import { readEvents } from '@shared/sse';

import { answered, api, authFetch, pathOf } from '../../api/client';
import { asProblem, Problem } from '../../api/problem';
import { SERVER } from '../../api/server';
import type { Envelope, SessionData } from '../../api/types';
import { frameOf } from '../../live/frames';

/** Moments that are kept. */
const KEPT = 400;

export interface Replay {
  events: ShallowRef<Envelope[]>;
  index: Ref<number>;
  event: ComputedRef<Envelope | null>;
  moment: ComputedRef<SessionData | null>;
  isLoading: Ref<boolean>;
  problem: ShallowRef<Problem | null>;
  load: (id: string) => Promise<void>;
  escalations: ComputedRef<number[]>;
}

export function useReplay(): Replay {
  const events = shallowRef<Envelope[]>([]);
  const index = ref(0);
  const isLoading = ref(false);
  const problem = shallowRef<Problem | null>(null);
  const moments = shallowReactive(new Map<number, SessionData>());
  let session = '';

  const event = computed(() => events.value[index.value] ?? null);
  const moment = computed(() => (event.value ? (moments.get(event.value.position) ?? null) : null));
  const escalations = computed(() =>
    events.value.flatMap((candidate, at) => (candidate.type === 'session.escalated' ? [at] : [])),
  );

  async function load(id: string): Promise<void> {
    session = id;
    events.value = [];
    moments.clear();
    index.value = 0;
    isLoading.value = true;
    problem.value = null;
    try {
      const last = await momentAt(id, new Date().toISOString());
      const position = last.at?.position ?? 0;
      events.value = await eventsOf(id, position);
      moments.set(position, last);
    } catch (error) {
      problem.value = asProblem(error);
    } finally {
      isLoading.value = false;
    }
  }

  // The moment on screen first; then the one that comes next, so that playing does not wait.
  watch([index, events], async () => {
    const [here, next] = [events.value[index.value], events.value[index.value + 1]];
    if (here) await read(here.position);
    if (next) await read(next.position);
  });

  async function read(position: number): Promise<void> {
    if (moments.has(position)) return;
    const asked = session;
    try {
      const found = await momentAt(asked, String(position));
      if (asked !== session) return;
      moments.set(position, found);
      for (const old of [...moments.keys()].slice(0, -KEPT)) moments.delete(old);
    } catch (error) {
      problem.value = asProblem(error);
    }
  }

  return { events, index, event, moment, isLoading, problem, load, escalations };
}

async function momentAt(id: string, at: string): Promise<SessionData> {
  const answer = await answered(api.GET('/api/sessions/{name}', { params: { path: { name: id }, query: { at } } }));
  return answer.data as SessionData;
}

/** All of a session's events up to a position, from its stream. */
async function eventsOf(id: string, last: number): Promise<Envelope[]> {
  const abort = new AbortController();
  const url = `${SERVER}${pathOf`/api/sessions/${id}/events`}?after=0`;
  const response = await authFetch(new Request(url, { signal: abort.signal }));
  if (!response.ok || response.body === null) throw Problem.of(response.status, await response.json().catch(() => null));
  const found: Envelope[] = [];
  for await (const raw of readEvents(response.body)) {
    const frame = frameOf(raw);
    if (frame?.kind === 'event') found.push(frame.event);
    if (frame?.kind === 'event' && frame.event.position >= last) break;
  }
  abort.abort();
  return found;
}
