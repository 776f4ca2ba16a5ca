// One customer's chat: joins what the server says (api, sender, tail) and what is known of the conversation (conversation).
// What it looks like is the view's business.
//
// Invariant: state changes here and in the objects made here, and `changed` is called after each change.

import { storable } from '../../shared/reader.ts';
import { uuid } from '../../shared/uuid.ts';

import type { Api, Bot, Shift } from './api.ts';
import { Conversation } from './conversation.ts';
import { watchPage } from './page_life.ts';
import { backoffMs, wait } from './patience.ts';
import { Problem } from './problem.ts';
import { Refresher } from './refresher.ts';
import { Sender } from './sender.ts';
import * as store from './store.ts';
import { Tail, type LogEvent } from './tail.ts';
import { Typing } from './typing.ts';

/** Who waits for a person is told the place in the queue anew so often. */
const QUEUE_EVERY_MS = 20_000;
/** These change nothing that a customer sees. */
const SILENT_EVENTS = new Set([
  'session.assistant_run_started',
  'session.assistant_failed',
  'session.assistant_reply_withheld',
  'session.command_confirmed',
]);

/** Something that the customer wanted, and why it did not work. */
export interface Notice {
  kind: 'loadFailed' | 'actionFailed';
  error: unknown;
}

export interface ChatHooks {
  changed(): void;
  /** The customer has left in another tab: begin anew with another `Chat`. */
  gone(): void;
  /** What the shop's page passes along with a message. */
  parameters(): Record<string, unknown>;
}

export class Chat {
  readonly session = store.sessionName();
  readonly conversation = new Conversation();
  readonly sender: Sender;
  bot: Bot = {};
  shift: Shift | null = null;
  notice: Notice | null = null;
  isLoaded = false;
  isLoadingEarlier = false;
  isActing = false;
  hasRating = true;
  isRatingSent = false;
  #typing = new Typing(() => this.#changed());
  #isTailOpen = true;
  #isBotMissing = false;
  #isPaused = false;
  #isBegun = false;
  #tail: Tail;
  #refresher: Refresher;
  #end = new AbortController();

  constructor(
    private readonly api: Api,
    private readonly hooks: ChatHooks,
  ) {
    this.#refresher = new Refresher({
      fetch: (minPosition) => this.api.session(this.session, { minPosition }),
      conversation: this.conversation,
      failed: (error) => this.#notify('loadFailed', error),
      changed: () => this.#changed(),
    });
    this.sender = this.#makeSender();
    this.#tail = this.#makeTail();
  }

  /** Loads, follows and sends; until then nothing is asked of the server. */
  begin(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#listen();
    void this.#begin();
  }

  /** Sends and hears nothing any more. */
  dispose(): void {
    this.#end.abort();
    this.#tail.stop();
    this.sender.stop();
    this.#refresher.stop();
  }

  send(text: string): void {
    const { newestPosition: after } = this.conversation;
    // Nobody types them, but they can be pasted.
    this.sender.send({ key: uuid(), text: storable(text), after, parameters: this.hooks.parameters() });
    this.#typing.sent();
    this.begin();
  }

  /** The customer types: who has the session is told. */
  showTyping(): void {
    // It is of no use later.
    if (this.conversation.status === 'manual_live' && this.#typing.isDue()) this.api.typing(this.session).catch(() => {});
  }

  /** Who types at this moment; null where nobody does. */
  get typingName(): string | null {
    return this.conversation.status === 'manual_live' ? this.#typing.name : null;
  }

  get connection(): 'offline' | 'reconnecting' | 'connected' | 'connecting' {
    if (!navigator.onLine) return 'offline';
    const isLost = this.#refresher.isFailing || this.#isBotMissing || (this.#tail.isStarted && !this.#isTailOpen);
    if (isLost || this.sender.entries.some((entry) => entry.phase === 'lost')) return 'reconnecting';
    return this.isLoaded ? 'connected' : 'connecting';
  }

  startNew = () => this.#act(() => this.api.startNew(this.session, uuid()), (position) => this.#divide(position));
  clear = () => this.#act(() => this.api.clear(this.session, uuid()));
  askForPerson = () => this.#act(async () => {
    if (!store.token()) await this.api.createSession(this.session);
    return this.api.askForPerson(this.session, uuid());
  });
  cancelPerson = () => this.#act(() => this.api.cancelPerson(this.session, uuid()));
  close = () => this.#act(() => this.api.close(this.session, uuid()));

  async rate(score: number, comment: string): Promise<void> {
    await this.#act(async () => {
      try {
        const answer = await this.api.rate(this.session, score, comment, uuid());
        this.isRatingSent = true;
        return answer;
      } catch (error) {
        // This server knows no ratings, or none is wanted any more.
        if (!(error instanceof Problem) || error.status !== 404) throw error;
        this.hasRating = false;
        return { position: 0 };
      }
    });
  }

  async loadEarlier(): Promise<void> {
    if (this.isLoadingEarlier) return;
    this.isLoadingEarlier = true;
    this.#changed();
    try {
      this.conversation.addEarlier(await this.api.session(this.session, { before: this.conversation.oldestPosition }));
    } catch (error) {
      this.#notify('loadFailed', error);
    }
    this.isLoadingEarlier = false;
    this.#changed();
  }

  dismissNotice(): void {
    this.notice = null;
    this.#changed();
  }

  async languageChanged(): Promise<void> {
    if (this.#isBegun) await this.#loadBot();
  }

  #changed(): void {
    if (!this.#end.signal.aborted) this.hooks.changed();
  }

  #notify(kind: Notice['kind'], error: unknown): void {
    this.notice = { kind, error };
    this.#changed();
  }

  #makeSender(): Sender {
    const { session, conversation } = this;
    return new Sender({
      open: async (entry, signal) => {
        if (!conversation.exists) await this.api.createSession(session);
        conversation.exists = true;
        return this.api.openChat(session, entry, signal);
      },
      sendToPerson: (entry) => this.api.sendToPerson(session, entry),
      isWithPerson: () => conversation.isWithPerson,
      store: {
        keep: (entry) => store.keepPending(session, entry),
        drop: (key) => store.dropPending(session, key),
      },
      hooks: {
        accepted: (entry) => {
          conversation.accepted(entry, entry.position);
          if (!this.#tail.isStarted && !this.#isPaused) this.#tail.start(conversation.syncedTo || entry.position);
        },
        answered: (entry, position) => {
          // Then the list will tell what it was that was said: a reply, notices, or both.
          conversation.answered(entry, entry.hasStatusChanged ? undefined : position, Date.now());
          void this.#refresher.refresh(position ?? entry.position);
        },
        statusChanged: ({ status, agent_info: agent }) => {
          conversation.status = status ?? conversation.status;
          conversation.agentName = agent?.agent_name ?? '';
          void this.#refresher.refresh();
        },
        changed: () => this.#changed(),
      },
    });
  }

  #makeTail(): Tail {
    return new Tail({
      open: (place) => this.api.openEvents(this.session, place),
      hooks: {
        event: (event) => this.#hear(event),
        typing: (frame) => this.#typing.show(frame),
        reset: async () => {
          this.conversation.forgetPosition();
          this.#refresher.forget();
          await this.#refresher.refresh();
          this.#follow();
        },
        gone: () => void this.#refresher.refresh(),
        state: (isOpen) => {
          this.#isTailOpen = isOpen;
          this.#changed();
        },
      },
    });
  }

  /** Something happened. Our own messages and their answers are known already, or will be in a moment. */
  #hear(event: LogEvent): void {
    if (event.type === 'session.context_started' && event.data?.cleared === false) this.#divide(event.position);
    if (event.type === 'session.agent_message_sent') this.#typing.end();
    if (!SILENT_EVENTS.has(event.type)) this.#refresher.hear(event.position);
  }

  #divide(position: number): void {
    store.addDivider(this.session, position);
    this.conversation.addDivider(position);
    this.#changed();
  }

  /** A button was pressed. It is not repeated behind the customer's back: the customer sees why not, and presses again. */
  async #act(command: () => Promise<{ position: number }>, done: (position: number) => void = () => {}): Promise<void> {
    this.begin();
    this.isActing = true;
    this.notice = null;
    this.#changed();
    try {
      const { position } = await command();
      if (Number.isFinite(position)) done(position);
      await this.#refresher.refresh(position);
      if (!this.#tail.isStarted && !this.#isPaused) this.#follow();
    } catch (error) {
      this.#notify('actionFailed', error);
    }
    this.isActing = false;
    this.#changed();
  }

  #follow(): void {
    if (this.conversation.exists && !this.#isPaused && !this.#end.signal.aborted) this.#tail.start(this.conversation.syncedTo);
  }

  async #loadBot(): Promise<void> {
    for (let attempt = 0; !this.#end.signal.aborted; attempt += 1) {
      try {
        this.bot = await this.api.bot();
        this.#isBotMissing = false;
        return this.#changed();
      } catch (error) {
        // The widget has texts of its own; only without a server is there nothing to go on with.
        if (error instanceof Problem && !error.isTemporary) return;
        this.#isBotMissing = true;
        this.#changed();
        const ms = (error instanceof Problem && error.retryAfterMs) || 0;
        await wait(Math.max(backoffMs(attempt), ms), { signal: this.#end.signal });
      }
    }
  }

  /** Whether people work is good to know, and nothing depends on it. */
  async loadShift(): Promise<void> {
    this.shift = await this.api.shift().catch(() => this.shift);
    this.#changed();
  }

  async #begin(): Promise<void> {
    const { session, conversation } = this;
    this.sender.restore(store.pendingMessages(session));
    for (const entry of this.sender.entries) if (entry.position !== undefined) conversation.accepted(entry, entry.position);
    for (const position of store.dividers(session)) conversation.addDivider(position);
    this.#changed();
    void this.loadShift();
    await Promise.all([this.#loadBot(), this.#refresher.refresh()]);
    if (this.#end.signal.aborted) return;
    this.isLoaded = true;
    this.#follow();
    this.sender.start();
    this.#changed();
  }

  #listen(): void {
    const { signal } = this.#end;
    const resume = (isStale: boolean) => void this.#resume(isStale);
    watchPage({ changed: () => this.#changed(), pause: () => this.#pause(), resume }, signal);
    addEventListener('storage', ({ key, newValue }) => {
      if (key === null || (key === store.SESSION_KEY && newValue !== this.session)) this.hooks.gone();
    }, { signal });
    const stopHearing = store.onPendingDropped(this.session, (key) => this.sender.droppedElsewhere(key));
    // A wait is shown with the seconds that are left.
    const seconds = setInterval(() => this.sender.entries.some((entry) => entry.phase === 'waiting') && this.#changed(), 1000);
    const isWaiting = () => this.conversation.status === 'pending_manual' && !this.#isPaused;
    const queue = setInterval(() => isWaiting() && void this.#refresher.refresh(), QUEUE_EVERY_MS);
    signal.addEventListener('abort', () => {
      stopHearing();
      clearInterval(seconds);
      clearInterval(queue);
    });
  }

  #pause(): void {
    this.#isPaused = true;
    this.#tail.stop();
  }

  async #resume(isStale: boolean): Promise<void> {
    if (!(this.#isPaused || isStale) || !this.isLoaded) return;
    this.#isPaused = false;
    await this.#refresher.refresh();
    this.#follow();
  }
}
