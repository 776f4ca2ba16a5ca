// Writing: the draft, what `/` and `@` offer, sending, and telling that one types.
import { computed, nextTick, onBeforeUnmount, ref, type ComputedRef, type Ref } from 'vue';

import { useI18n } from 'vue-i18n';

import { asProblem } from '../../api/problem';
import { useActivity } from '../../stores/activity';
import { useDrafts, type Mode } from '../../stores/drafts';
import { useOutbox } from '../../stores/outbox';
import { useQuickReplies } from '../../stores/quick_replies';
import { useTeam } from '../../stores/team';
import { useToasts } from '../../stores/toasts';
import type { Thread } from '../../stores/threads';
import type { QuickReply } from '../../api/types';
import { categoryName } from './category';
import { mentioned, replaced, triggerAt, type Trigger } from './trigger';

export interface Suggestion {
  id: string;
  title: string;
  text: string;
  detail: string;
}

interface Composer {
  text: ComputedRef<string>;
  suggestions: ComputedRef<Suggestion[]>;
  chosen: Ref<number>;
  missing: Ref<string[]>;
  input: (event: Event) => void;
  press: (event: KeyboardEvent) => void;
  look: () => void;
  leave: () => void;
  choose: (index: number) => Promise<void>;
  send: () => void;
}

const SHOWN = 8;

export function useComposer(thread: () => Thread, mode: () => Mode, area: Ref<HTMLTextAreaElement | undefined>): Composer {
  const { t } = useI18n();
  const [drafts, outbox, activity, quickReplies, team, toasts] =
    [useDrafts(), useOutbox(), useActivity(), useQuickReplies(), useTeam(), useToasts()];
  const trigger = ref<Trigger | null>(null);
  const chosen = ref(0);
  const missing = ref<string[]>([]);
  /** The quick reply that the text began as; counted when it is sent. */
  const begunAs = ref<string | null>(null);
  void quickReplies.read().catch(() => {});

  const text = computed(() => drafts.textOf(thread().id, mode()));
  const colleagues = computed(() => team.others.filter(({ username }) => username !== null));

  const offered = computed<{ suggestion: Suggestion; reply?: QuickReply }[]>(() => {
    const { value } = trigger;
    if (!value) return [];
    if (value.kind === 'quick-reply') return quickReplies.matching(value.query).slice(0, SHOWN).map((reply) => ({ suggestion: ofReply(t, reply), reply }));
    const needle = value.query.toLowerCase();
    return colleagues.value
      .filter(({ username, name }) => `${username} ${name}`.toLowerCase().includes(needle))
      .slice(0, SHOWN)
      .map(({ username, name }) => ({ suggestion: { id: username ?? '', title: `@${username}`, text: name ?? '', detail: '' } }));
  });
  const suggestions = computed(() => offered.value.map(({ suggestion }) => suggestion));

  const put = (next: string): void => drafts.write(thread().id, mode(), next);

  function input(event: Event): void {
    put((event.target as HTMLTextAreaElement).value);
    look();
    if (text.value === '') begunAs.value = null;
    if (mode() === 'reply') activity.tellTyping(thread().id, text.value !== '');
  }

  function look(): void {
    const { value } = area;
    trigger.value = value ? triggerAt(value.value, value.selectionStart, mode()) : null;
    chosen.value = 0;
  }

  function leave(): void {
    trigger.value = null;
    if (mode() === 'reply') activity.tellTyping(thread().id, false);
  }

  function press(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const count = suggestions.value.length;
    if (count > 0 && pressInList(event, count)) return event.preventDefault();
    if (event.key === 'Escape') area.value?.blur();
    if (event.key !== 'Enter' || event.shiftKey || event.altKey) return;
    event.preventDefault();
    send();
  }

  function pressInList(event: KeyboardEvent, count: number): boolean {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) chosen.value = (chosen.value + step + count) % count;
    else if (event.key === 'Enter' || event.key === 'Tab') void choose(chosen.value);
    else if (event.key === 'Escape') trigger.value = null;
    else return false;
    return true;
  }

  async function choose(index: number): Promise<void> {
    const [offer, asked, caret] = [offered.value[index], trigger.value, area.value?.selectionStart ?? 0];
    if (!offer || !asked) return;
    trigger.value = null;
    const by = offer.reply ? await render(offer.reply) : `${offer.suggestion.title} `;
    if (by === null) return;
    if (offer.reply) begunAs.value = offer.reply.id;
    const next = replaced(text.value, caret, asked, by);
    put(next.text);
    await nextTick();
    area.value?.focus();
    area.value?.setSelectionRange(next.caret, next.caret);
  }

  async function render(reply: QuickReply): Promise<string | null> {
    try {
      const rendered = await quickReplies.render(reply, thread().id);
      missing.value = rendered.missing ?? [];
      return rendered.text;
    } catch (error) {
      toasts.show(asProblem(error).message, 'danger');
      return null;
    }
  }

  function send(): void {
    const written = text.value.trim();
    if (written === '') return;
    const mentions = mode() === 'note' ? mentioned(written, colleagues.value.map(({ username }) => username ?? '')) : [];
    outbox.send({ session: thread().id, text: written, mode: mode(), quickReply: begunAs.value, mentions });
    put('');
    begunAs.value = null;
    missing.value = [];
    if (mode() === 'reply') activity.tellTyping(thread().id, false);
  }

  onBeforeUnmount(leave);
  return { text, suggestions, chosen, missing, input, press, look, leave, choose, send };
}

const ofReply = (t: (key: string) => string, reply: QuickReply): Suggestion => ({ id: reply.id, title: reply.title, text: reply.content, detail: categoryName(t, reply.category) });
