// The sessions that this browser knows of, as rows, and the lists that show them. Rows come from the server's list and are
// moved on by the live stream.
//
// Invariant: a list is always a filter and an order over the rows; nothing else decides what is shown.
import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef, triggerRef } from 'vue';

import { asProblem, type Problem } from '../api/problem';
import { account } from '../api/sign_in';
import type { Counts, Envelope } from '../api/types';
import { fold, openedRow, rowOf, type Row } from '../features/inbox/row';
import { compare, isFiltered, isIn, NO_FILTER, passes, type Filter, type View } from '../features/inbox/views';
import { sessionOf, type Frame } from '../live/frames';
import { fetchAsked, fetchCounts, fetchPage, type Page } from './session_pages';
import { throttle } from './throttle';

const MOVES = /escalat|took_over|transfer|released|returned|closed|reopened|after_hours|opened|offer/;
/** How often lists and counts are asked for again while things happen. */
const REFRESH_MS = 1500;
/** How soon an event is in the list, and how often the list is drawn while more of them come. */
const [SOON_MS, EVERY_MS] = [16, 150];

export const useSessions = defineStore('sessions', () => {
  const rows = shallowRef(new Map<string, Row>());
  const view = ref<View>('mine');
  const filter = reactive<Filter>({ ...NO_FILTER });
  const page = reactive({ isLoading: false, problem: null as Problem | null, total: 0, next: null as string | null });
  /** The answer's sessions where the server has to look, as for words in messages. */
  const matched = shallowRef<Set<string> | null>(null);
  const serverCounts = ref<Counts | null>(null);
  const openId = ref<string | null>(null);
  let generation = 0;
  /** Of the newest event that was heard of. */
  let newest = 0;

  const viewer = computed(() => ({ id: account.current?.me.id ?? '', skills: account.current?.me.skills ?? [] }));

  const wanted = computed(() => {
    // Read once, not for each of thousands of rows: what is reactive is slow to read.
    const [list, person, found, asked] = [view.value, viewer.value, matched.value, { ...filter }];
    const shown: Row[] = [];
    for (const row of rows.value.values()) {
      if (isIn(list, row, person) && passes(asked, row) && (found?.has(row.session_id) ?? true)) shown.push(row);
    }
    return shown.sort(compare(list, asked.sort)).map((row) => row.session_id);
  });

  const counts = computed(() => {
    const { value } = serverCounts;
    const person = viewer.value;
    const counted = (name: View): number => [...rows.value.values()].filter((row) => isIn(name, row, person)).length;
    return { mine: value?.mine ?? counted('mine'), queue: value?.queue ?? counted('queue'), all: value?.all ?? page.total };
  });

  /** Reads the list anew from its first page; gives the position that it is of. */
  async function load(): Promise<number> {
    generation += 1;
    page.next = null;
    const position = await more(true);
    return position;
  }

  async function more(isFirst = false): Promise<number> {
    const mine = generation;
    page.isLoading = true;
    try {
      const answer = await fetchPage(view.value, filter, isFirst ? null : page.next);
      if (mine !== generation) return answer.position;
      take(answer, isFirst);
      // Not before: while it is tried again, what was wrong stays on screen.
      page.problem = null;
      return answer.position;
    } catch (error) {
      if (mine === generation) page.problem = asProblem(error);
      return 0;
    } finally {
      if (mine === generation) page.isLoading = false;
    }
  }

  function take(answer: Page, isFirst: boolean): void {
    for (const summary of answer.sessions) put(rowOf(summary, answer.position));
    page.total = answer.total;
    page.next = answer.next;
    if (isFiltered(filter)) {
      const before = isFirst || matched.value === null ? [] : matched.value;
      matched.value = new Set([...before, ...answer.sessions.map((summary) => summary.session_id)]);
    } else {
      matched.value = null;
    }
    triggerRef(rows);
    void refreshCounts();
  }

  function put(row: Row): void {
    const known = rows.value.get(row.session_id);
    if (known && known.position > row.position) return;
    // What the list does not tell stays as events told it.
    rows.value.set(row.session_id, seen({ ...row, offer: known?.offer ?? null, transfer: known?.transfer ?? null }));
  }

  const refreshCounts = throttle(REFRESH_MS, async () => {
    serverCounts.value = await fetchCounts(newest).catch(() => serverCounts.value);
  });
  const refresh = throttle(REFRESH_MS, async () => {
    const answer = await fetchPage(view.value, filter, null, newest).catch(() => null);
    if (answer) for (const summary of answer.sessions) put(rowOf(summary, answer.position));
    triggerRef(rows);
  });

  // Frames come by the hundred in a second: what comes alone is shown at once, of more the list is drawn some times a second.
  let pending: Frame[] = [];
  let drawn = 0;
  function hear(frame: Frame): void {
    if (pending.length === 0) setTimeout(flush, Math.max(SOON_MS, drawn + EVERY_MS - performance.now()));
    pending.push(frame);
  }

  function flush(): void {
    drawn = performance.now();
    const frames = pending;
    pending = [];
    for (const frame of frames) {
      if (frame.kind === 'event') apply(frame.event);
      else if (frame.kind === 'visible') void refresh();
      else if (frame.kind === 'reset') forget();
    }
    triggerRef(rows);
  }

  /** Another log: what rows say is of the one before. */
  function forget(): void {
    rows.value = new Map();
    newest = 0;
    void load();
  }

  function apply(event: Envelope): void {
    const id = sessionOf(event);
    if (id === null) return;
    newest = event.position;
    const row = rows.value.get(id);
    if (row) rows.value.set(id, seen(fold(row, event)));
    else if (event.type === 'session.opened') rows.value.set(id, openedRow(event, id));
    else void refresh();
    if (MOVES.test(event.type)) void refreshCounts();
  }

  /** What comes into the session on screen is read at once. */
  const seen = (row: Row): Row =>
    row.session_id === openId.value && !document.hidden && row.unread ? { ...row, unread: 0 } : row;

  function setRead(id: string): void {
    const row = rows.value.get(id);
    if (!row?.unread) return;
    rows.value.set(id, { ...row, unread: 0 });
    triggerRef(rows);
  }

  function update(id: string, change: Partial<Row>): void {
    const row = rows.value.get(id);
    if (!row) return;
    rows.value.set(id, { ...row, ...change });
    triggerRef(rows);
  }

  /** Transfers that wait for this person's answer, and of which the stream told before this page was there. */
  async function readAsked(): Promise<void> {
    const asked = await fetchAsked().catch(() => []);
    if (asked.some(({ id }) => !rows.value.has(id))) {
      const answer = await fetchPage('all', { ...NO_FILTER, status: 'manual_live' }, null).catch(() => null);
      for (const summary of answer?.sessions ?? []) put(rowOf(summary, answer?.position ?? 0));
    }
    for (const { id, transfer } of asked) update(id, { transfer });
  }

  /** After rows were put one by one. */
  const touch = (): void => triggerRef(rows);

  return { rows, view, filter, page, wanted, counts, viewer, openId, load, more, hear, setRead, update, put, touch, refresh, readAsked };
});
