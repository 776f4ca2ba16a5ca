// Who types and who looks at which session, at this moment. Heard of over the stream, and told to the server.
//
// Invariant: what is not said again runs out by itself, so a frame that is lost does no harm.
import { defineStore } from 'pinia';
import { reactive } from 'vue';

import { pathOf, request } from '../api/client';
import type { Answering, Frame } from '../live/frames';

export interface Present {
  key: string;
  name: string | null;
  isCustomer: boolean;
}

const TYPING_MS = 10_000;
const VIEWING_MS = 30_000;
/** Typing is told again after this long. */
const RETELL_MS = 8000;

export const useActivity = defineStore('activity', () => {
  const typing = reactive(new Map<string, Present>());
  const viewing = reactive(new Map<string, Map<string, Present>>());
  const answering = reactive(new Map<string, Answering>());
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  let toldTyping = { session: '', at: 0 };

  function hear(frame: Frame): void {
    if (frame.kind === 'typing') hearTyping(frame.typing);
    else if (frame.kind === 'viewing') hearViewing(frame.viewing);
    else if (frame.kind === 'answering') answering.set(frame.answering.session_id, frame.answering);
    else if (frame.kind === 'event') hearEvent(frame.event.stream.replace(/^session-/, ''), frame.event.type);
  }

  function hearTyping(told: { session_id: string; by: string; agent?: string; agent_name?: string | null; is_typing: boolean }): void {
    if (!told.is_typing) return forget(told.session_id);
    const isCustomer = told.by === 'customer';
    typing.set(told.session_id, { key: told.agent ?? '', name: told.agent_name ?? null, isCustomer });
    later(`typing ${told.session_id}`, TYPING_MS, () => forget(told.session_id));
  }

  function hearViewing(told: { session_id: string; agent: string; agent_name?: string | null; is_viewing: boolean }): void {
    const here = viewing.get(told.session_id) ?? new Map<string, Present>();
    if (told.is_viewing) here.set(told.agent, { key: told.agent, name: told.agent_name ?? null, isCustomer: false });
    else here.delete(told.agent);
    if (here.size > 0) viewing.set(told.session_id, here);
    else viewing.delete(told.session_id);
    if (told.is_viewing) {
      later(`viewing ${told.session_id} ${told.agent}`, VIEWING_MS + 5000, () => hearViewing({ ...told, is_viewing: false }));
    }
  }

  function hearEvent(session: string, type: string): void {
    if (type.endsWith('message_sent')) forget(session);
    if (/assistant_(replied|failed|reply_withheld)/.test(type)) answering.delete(session);
  }

  const forget = (session: string): void => void typing.delete(session);

  function later(key: string, ms: number, run: () => void): void {
    clearTimeout(timers.get(key));
    const ends = (): void => {
      timers.delete(key);
      run();
    };
    timers.set(key, setTimeout(ends, ms));
  }

  /** Told once at the beginning and again now and then; a failure is nobody's concern. */
  function tellTyping(session: string, isTyping: boolean): void {
    const isKnown = toldTyping.session === session && Date.now() - toldTyping.at < RETELL_MS;
    if (isTyping === isKnown && (isTyping || toldTyping.session !== session)) return;
    toldTyping = isTyping ? { session, at: Date.now() } : { session: '', at: 0 };
    request('POST', pathOf`/api/sessions/${session}/typing`, { body: { is_typing: isTyping } }).catch(() => {});
  }

  function tellViewing(session: string, isViewing: boolean): void {
    request('POST', pathOf`/api/sessions/${session}/viewing`, { body: { is_viewing: isViewing } }).catch(() => {});
  }

  return { typing, viewing, answering, hear, tellTyping, tellViewing };
});
