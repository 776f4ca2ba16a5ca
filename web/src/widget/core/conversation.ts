// What the conversation is: the server's messages, this widget's own that are still on their way, and the one answer that
// is growing. Pure: no network, no DOM, no storage.
//
// Invariants: a message is known by its position in the log, so it is there once however often and from wherever it
// arrives; what the server lists is right, and anything older that it no longer lists is gone; at most one answer grows
// at a time, because the assistant answers a session's messages in turn.

import type { Entry, HistoryMessage, Item, Message, QueuePlace, Rating, SessionAnswer } from './shapes.ts';

/** As many messages as the server lists at once: with fewer there are no earlier ones. */
export const PAGE = 50;
/** In these a person has the session, or will have it. */
const WITH_PERSON = new Set(['pending_manual', 'manual_live']);
/** In these the assistant does not answer. */
export const UNANSWERED = new Set([...WITH_PERSON, 'closed']);

/** What a message, or the frame that ends one, offers to say next. */
export function suggestionsOf({ suggestions }: { suggestions?: unknown }): string[] {
  return Array.isArray(suggestions) ? suggestions.filter((text) => typeof text === 'string' && text !== '') : [];
}

export class Conversation {
  /** Position → message, the server's or ours until the server lists it. */
  #messages = new Map<number, Message>();
  /** Position → key of the message that this widget sent. */
  #ownKeys = new Map<number, string>();
  #dividers = new Set<number>();
  /** Answers that are finished, but of which only the server's list will tell where they stand. */
  #unlisted: Entry[] = [];
  status = 'bot_active';
  agentName = '';
  email: string | null = null;
  rating: Rating | null = null;
  queue: QueuePlace | null = null;
  /** Whether the server knows of the session at all. */
  exists = false;
  /** Whether the server has earlier messages than those shown. */
  hasEarlier = false;
  /** Up to here the server's list has been taken in. */
  syncedTo = 0;

  /** Takes in what the server says now; null when it has no such session. */
  sync(answer: SessionAnswer | null): void {
    if (answer === null) {
      this.#messages.clear();
      this.#ownKeys.clear();
      this.#unlisted = [];
      Object.assign(this, { exists: false, hasEarlier: false, status: 'bot_active', agentName: '', syncedTo: 0 });
      Object.assign(this, { email: null, rating: null, queue: null });
      return;
    }
    const history = (answer.session.history ?? []).map(fromHistory);
    const position = answer.position ?? history.at(-1)?.position ?? 0;
    // An answer that was overtaken by a newer one says nothing new.
    if (this.exists && position < this.syncedTo) return;
    const whole = history.length < PAGE;
    const from = whole ? -Infinity : history[0]!.position;
    for (const known of this.#messages.keys()) {
      if (known >= from && known <= position) this.#messages.delete(known);
    }
    // More has happened than one list holds: what we have from before does not join on to it.
    const gap = this.syncedTo < from;
    if (gap) this.#messages.forEach((_, known) => known < from && this.#messages.delete(known));
    if (whole) this.hasEarlier = false;
    else if (gap) this.hasEarlier = true;
    for (const message of history) this.#messages.set(message.position, message);
    this.#unlisted = this.#unlisted.filter((entry) => this.has(entry.position) && !this.#isFinished(entry));
    this.exists = true;
    this.syncedTo = position;
    this.status = answer.session.status ?? this.status;
    this.agentName = answer.session.assigned_agent?.name ?? '';
    this.email = answer.session.user_profile?.email ?? null;
    this.rating = answer.session.rating ?? null;
    this.queue = answer.queue ?? null;
  }

  /** Forgets how far the server was: its log is another one now. */
  forgetPosition(): void {
    this.syncedTo = 0;
    this.#messages.clear();
    this.#ownKeys.clear();
  }

  /** Takes in a page of earlier messages. */
  addEarlier(answer: SessionAnswer | null): void {
    const history = (answer?.session.history ?? []).map(fromHistory);
    for (const message of history) this.#messages.set(message.position, message);
    this.hasEarlier = history.length >= PAGE;
  }

  /** Our message is on the server's disk. */
  accepted(entry: Entry, position: number): void {
    this.#ownKeys.set(position, entry.key);
    this.exists = true;
    if (this.#messages.has(position)) return;
    const { text: content, createdAt: at } = entry;
    this.#messages.set(position, { position, role: 'user', content, at, agentName: '', suggestions: [] });
  }

  /** The answer is on the server's disk. */
  answered(entry: Entry, position: number | undefined, at: number): void {
    if (entry.answer === '') return;
    if (position === undefined) {
      this.#unlisted.push({ ...entry, phase: 'answering' });
      return;
    }
    if (this.#messages.has(position)) return;
    const { answer: content, suggestions = [] } = entry;
    this.#messages.set(position, { position, role: 'assistant', content, at, agentName: '', suggestions });
  }

  /** Whether a person answers what is said now, at once or in a while. */
  get isWithPerson(): boolean {
    return WITH_PERSON.has(this.status);
  }

  addDivider(position: number): void {
    this.#dividers.add(position);
  }

  has(position: number | undefined): boolean {
    return position !== undefined && this.#messages.has(position);
  }

  get oldestPosition(): number | undefined {
    return this.#messages.size ? Math.min(...this.#messages.keys()) : undefined;
  }

  get newestPosition(): number {
    return Math.max(this.syncedTo, ...this.#messages.keys());
  }

  get isEmpty(): boolean {
    return this.#messages.size === 0;
  }

  /** Messages of others after a position, oldest first. */
  messagesAfter(position: number): Message[] {
    const others = [...this.#messages.values()].filter((message) => message.role !== 'user' && message.position > position);
    return others.sort((a, b) => a.position - b.position);
  }

  /**
   * What is to be shown, from the top: `{ kind: 'message' | 'divider', id, … }`. `outbox` are the widget's own messages
   * that are not yet answered: `{ key, text, after, createdAt, position?, … }`.
   */
  items(outbox: Entry[]): Item[] {
    const claims = this.#claims(outbox);
    const byKey = new Map(outbox.map((entry) => [entry.key, entry]));
    const positions = [...this.#messages.keys()].sort((a, b) => a - b);
    const messages: Item[] = positions.map((position) => {
      const key = claims.get(position) ?? this.#ownKeys.get(position);
      const message = this.#messages.get(position)!;
      return { kind: 'message', id: key ?? `at-${position}`, ...message, entry: (key !== undefined && byKey.get(key)) || null };
    });
    const claimed = new Set(claims.values());
    // One that the server has taken is shown where the server lists it, or nowhere: it has been cleared.
    const unsent = outbox.filter((entry) => entry.position === undefined && !claimed.has(entry.key));
    return [...this.#withDividers(messages), ...unsent.map(fromOutbox)];
  }

  /**
   * Ours whose confirmation was lost on the way, found in the server's list: same text, newer than all that was known
   * when it was written. The repeated request will tell for certain; until then it must not be shown twice.
   */
  #claims(outbox: Entry[]): Map<number, string> {
    const claims = new Map<number, string>();
    const taken = new Set(this.#ownKeys.keys());
    for (const entry of outbox) if (entry.position !== undefined) taken.add(entry.position);
    for (const entry of outbox) {
      if (entry.position !== undefined) {
        if (this.has(entry.position)) claims.set(entry.position, entry.key);
        continue;
      }
      const match = [...this.#messages.values()]
        .filter((m) => m.role === 'user' && m.content === entry.text && m.position > entry.after && !taken.has(m.position))
        .sort((a, b) => a.position - b.position)[0];
      if (!match) continue;
      taken.add(match.position);
      claims.set(match.position, entry.key);
    }
    return claims;
  }

  /** Dividers stand between messages: two in a row are one, and none stands at the top. */
  #withDividers(messages: Item[]): Item[] {
    const dividers = [...this.#dividers].sort((a, b) => a - b);
    const items: Item[] = [];
    for (const message of messages) {
      const passed = dividers.filter((position) => position < (message.position ?? Infinity));
      dividers.splice(0, passed.length);
      if (passed.length > 0 && items.length > 0) items.push(dividerAt(passed.at(-1)!));
      items.push(message);
    }
    if (dividers.length > 0 && items.length > 0) items.push(dividerAt(dividers.at(-1)!));
    return items;
  }

  /** What the newest answer offers to say next, until somebody has said something, or the assistant began anew. */
  suggestions(outbox: Entry[]): string[] {
    if (outbox.length > 0 || UNANSWERED.has(this.status)) return [];
    const said = [...this.#messages.values()].filter((message) => message.role !== 'system');
    const newest = said.sort((a, b) => b.position - a.position)[0];
    const isOver = [...this.#dividers].some((position) => newest && position > newest.position);
    return newest && !isOver ? newest.suggestions : [];
  }

  /**
   * The answer that is growing: `{ text, entry }`, or null. Several streams may bring the same one, and one may bring it
   * again after another has finished it.
   */
  growing(outbox: Entry[]): { text: string; entry: Entry } | null {
    const candidates = [...outbox, ...this.#unlisted].filter((entry) => entry.answer && !this.#isFinished(entry));
    // One that is being received goes before one whose connection is lost, a longer one before a shorter one.
    const rank = (entry: Entry) => (entry.phase === 'answering' ? 1e9 : 0) + entry.answer.length;
    const best = candidates.sort((a, b) => rank(b) - rank(a))[0];
    return best ? { text: best.answer, entry: best } : null;
  }

  #isFinished(entry: Entry): boolean {
    for (const message of this.#messages.values()) {
      const { role, content, position } = message;
      const isLater = role !== 'user' && content && position > (entry.position ?? Infinity);
      // Of several notices that were streamed as one text the first will do.
      const isNotice = entry.hasStatusChanged && role === 'system';
      if (isLater && (content.startsWith(entry.answer) || (isNotice && entry.answer.startsWith(content)))) return true;
    }
    return false;
  }
}

function fromHistory(message: HistoryMessage): Message {
  return {
    position: message.position,
    role: message.role,
    content: message.content ?? null,
    at: message.timestamp * 1000,
    agentName: message.agent_name ?? '',
    suggestions: message.role === 'assistant' ? suggestionsOf(message) : [],
  };
}

const fromOutbox = (entry: Entry): Item => ({
  kind: 'message', id: entry.key, position: undefined, role: 'user', content: entry.text, at: entry.createdAt,
  agentName: '', entry,
});

const dividerAt = (position: number): Item => ({ kind: 'divider', id: `divider-${position}`, position });
