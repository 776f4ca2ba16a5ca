// The widget on one page: joins the chat, the panel and what the shop's page does with them.

import { readersLanguages } from '../shared/reader.ts';
import { Api } from './core/api.ts';
import { Chat } from './core/chat.ts';
import { Customer } from './core/customer.ts';
import { Emitter } from './emitter.ts';
import * as store from './core/store.ts';
import { mount } from './mount.ts';
import type { Options } from './options.ts';
import { TEXTS, firstOfOurs, type Language } from './texts/languages.ts';
import type { Texts } from './texts/texts.ts';

/** As much of a page's title as is passed along. */
const MAX_TITLE = 200;

export class Widget {
  readonly emitter: Emitter;
  chat: Chat;
  isOpen = false;
  wasEverOpen = false;
  /** Whether the customer has just opened or closed it, so that the focus goes along. */
  wantsFocus = false;
  #api: Api;
  #customer: Customer;
  #render: () => void;
  #isDrawing = false;
  #toldStatus = '';
  #toldUnread = 0;
  #toldTo: number | null = null;

  constructor(
    readonly options: Options,
    base: string,
    nonce: string,
    emitter: Emitter,
  ) {
    this.emitter = emitter;
    this.#api = new Api(base, () => this.language);
    this.#customer = new Customer(this.#api, {
      changed: () => this.#beginAnew(),
      refused: (code) => emitter.emit('error', { code }),
    });
    this.chat = this.#makeChat();
    this.#watchLanguage();
    document.addEventListener('visibilitychange', () => this.draw());
    if (options.identityToken) void this.#customer.identify(options.identityToken);
    if (this.isPage || (store.wasOpen() ?? options.open)) this.#show(true);
    // Nobody is asked anything before the customer writes or looks; who has a session hears of what is new in it.
    else if (store.hasSession()) this.chat.begin();
    this.#render = mount(this, nonce);
    this.draw();
    emitter.emit('ready', {});
  }

  get isPage(): boolean {
    return this.options.mode === 'page';
  }

  get language(): Language {
    const { language } = this.options;
    return firstOfOurs(language ? [language] : [document.documentElement.lang, ...readersLanguages()]);
  }

  get texts(): Texts {
    return TEXTS[this.language];
  }

  /** Messages that the customer has not seen. */
  get unread(): number {
    return this.chat.isLoaded ? this.chat.conversation.messagesAfter(store.seenTo()).length : 0;
  }

  open(): void {
    this.wantsFocus = true;
    if (!this.isOpen) this.#show(true);
    this.draw();
  }

  close(): void {
    this.wantsFocus = true;
    if (this.isOpen && !this.isPage) this.#show(false);
    this.draw();
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  sendMessage(text: unknown): void {
    if (typeof text === 'string' && text.trim() !== '') this.chat.send(text);
  }

  /** `{ identityToken }`, or null when the customer has signed out of the shop. */
  setUser(user: unknown): void {
    const token = typeof user === 'object' && user !== null ? (user as { identityToken?: unknown }).identityToken : null;
    if (typeof token === 'string') void this.#customer.identify(token);
    else if (user === null) void this.#customer.signOut();
  }

  /** Draws anew, once for all changes until the next frame. */
  draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    // A page in the background has no frames, but hears of messages all the same.
    const soon = document.visibilityState === 'visible' ? requestAnimationFrame : (draw: () => void) => setTimeout(draw, 200);
    soon(() => {
      this.#isDrawing = false;
      const { conversation } = this.chat;
      const isSeen = this.isOpen && document.visibilityState === 'visible' && this.chat.isLoaded;
      if (isSeen && conversation.newestPosition > store.seenTo()) store.setSeenTo(conversation.newestPosition);
      this.#render();
      this.#tell();
    });
  }

  #show(isOpen: boolean): void {
    this.isOpen = isOpen;
    this.wasEverOpen ||= isOpen;
    if (!this.isPage) store.setWasOpen(isOpen);
    if (isOpen) {
      this.chat.begin();
      void this.chat.loadShift();
    }
    this.emitter.emit(isOpen ? 'open' : 'close', {});
  }

  #makeChat(): Chat {
    return new Chat(this.#api, {
      changed: () => this.draw(),
      gone: () => this.#beginAnew(),
      parameters: () => ({
        page_url: location.origin + location.pathname,
        page_title: [...document.title].slice(0, MAX_TITLE).join(''),
        ...this.options.parameters,
      }),
    });
  }

  /** Another customer: nothing of the one before is shown, kept or sent. */
  #beginAnew(): void {
    this.chat.dispose();
    this.#toldTo = null;
    this.chat = this.#makeChat();
    if (this.isOpen) this.chat.begin();
    this.draw();
  }

  /** What the shop's page may want to know. */
  #tell(): void {
    const { conversation, isLoaded } = this.chat;
    if (!isLoaded) return;
    const { status, agentName } = conversation;
    const told = `${status} ${agentName}`;
    if (told !== this.#toldStatus) this.emitter.emit('status', { status, agent: agentName || null });
    this.#toldStatus = told;
    if (this.unread !== this.#toldUnread) this.emitter.emit('unread', { count: this.unread });
    this.#toldUnread = this.unread;
    const from = (this.#toldTo ??= conversation.newestPosition);
    for (const { role, content, position } of conversation.messagesAfter(from)) {
      this.#toldTo = position;
      this.emitter.emit('message', { role, text: content });
    }
  }

  /** A page that changes its language, as shops of one page do, changes ours. */
  #watchLanguage(): void {
    let known = this.language;
    new MutationObserver(() => {
      if (known === this.language) return;
      known = this.language;
      void this.chat.languageChanged();
      this.draw();
    }).observe(document.documentElement, { attributeFilter: ['lang'] });
  }
}
