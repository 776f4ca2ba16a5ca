// Draws the page. Everything that comes from people or from the assistant becomes text nodes, or goes through markdown.js.
//
// Invariants: a message keeps its element for as long as it is shown, so a screen reader's log hears of it once; the
// growing answer stands outside the log and is announced when it is finished; who reads further up is not moved.

import { completed, parse, toNodes } from './markdown.js';
import { TEXTS } from './texts.js';

/** The server's limit, in characters as it counts them: code points. */
const MAX_CHARS = 5_000;
/** From here on the counter is shown. */
const COUNT_FROM = 4_500;
/** So close to the end, in pixels, counts as being there. */
const BOTTOM_SLACK = 48;
/** With this the server begins a notice that nobody may overlook: what to do when a battery smokes. */
const WARNING = '⚠';
const HAN = /\p{Script=Han}/u;

export class View {
  #document;
  #on;
  #parts = {};
  #texts = TEXTS.en;
  #state = null;
  /** Item's id → { node, drawn }. */
  #nodes = new Map();
  #drawnAnswer = '';
  #isAtBottom = true;
  #hasUnseen = false;
  #lastId = '';
  #isTooLong = false;
  #drawnSuggestions;
  #drawnChoices = '[]';

  constructor(document, handlers) {
    this.#document = document;
    this.#on = handlers;
    for (const node of document.querySelectorAll('[id]')) this.#parts[node.id] = node;
    this.#listen();
  }

  setDraft(text) {
    this.#parts.message.value = text;
    this.#drawComposer();
  }

  render(state) {
    const isFirst = this.#state === null;
    const changedLanguage = this.#state?.language !== state.language;
    const wasLoaded = this.#state?.isLoaded;
    const fromEnd = this.#parts.scroller.scrollHeight - this.#parts.scroller.scrollTop;
    const isPrepending = this.#isPrepending(state);
    this.#state = state;
    this.#texts = TEXTS[state.language];
    if (changedLanguage) this.#drawTexts();
    this.#drawBot();
    this.#drawStates();
    this.#drawItems();
    this.#drawGrowing();
    this.#drawChoices();
    this.#drawNotice();
    this.#drawComposer();
    if (isPrepending) {
      this.#parts.scroller.scrollTop = this.#parts.scroller.scrollHeight - fromEnd;
      this.#measure();
    }
    this.#follow();
    if (isFirst) this.#parts.page.hidden = false;
    // What was there from the start is not read out; what comes from now on is.
    if (wasLoaded) this.#parts.log.setAttribute('aria-live', isPrepending ? 'off' : 'polite');
  }

  #drawTexts() {
    const [texts, parts] = [this.#texts, this.#parts];
    this.#document.documentElement.lang = this.#state.language === 'zh' ? 'zh-CN' : 'en';
    for (const node of this.#document.querySelectorAll('[data-text]')) node.textContent = texts[node.dataset.text];
    for (const node of this.#document.querySelectorAll('[data-label]')) {
      node.setAttribute('aria-label', texts[node.dataset.label]);
      if (node.hasAttribute('title')) node.title = texts[node.dataset.label];
    }
    parts.language.lang = this.#state.language === 'zh' ? 'en' : 'zh-CN';
  }

  /** The shop's questions; the page's own until they are there, and where the shop has none in this language. */
  #drawSuggestions() {
    const { bot, language } = this.#state;
    const isOurs = bot.language === language && Array.isArray(bot.suggestions);
    const questions = isOurs ? bot.suggestions : this.#texts.suggestions;
    const look = JSON.stringify(questions);
    if (look === this.#drawnSuggestions) return;
    this.#drawnSuggestions = look;
    this.#parts.suggestions.replaceChildren(...questions.map((question) => this.#suggestion(question)));
  }

  /**
   * They stand outside the log: what is taken away from a message there would be read out again. The focus is not left on
   * what disappears, and does not go to the input, where telephones would bring up the keyboard.
   */
  #drawChoices() {
    const { choices, isLoaded } = this.#state;
    const list = this.#parts.choices;
    const look = JSON.stringify(choices);
    if (look === this.#drawnChoices) return;
    this.#drawnChoices = look;
    if (list.contains(this.#document.activeElement)) this.#parts.scroller.focus();
    list.hidden = choices.length === 0;
    list.replaceChildren(...choices.map((question) => this.#suggestion(question)));
    // What was there from the start is not announced.
    this.#setText('announcement', isLoaded && choices.length > 0 ? this.#texts.choices(choices.length) : '');
  }

  #suggestion(question) {
    const button = this.#element('button', 'chip', question);
    button.type = 'button';
    button.dir = 'auto';
    button.lang = languageOf(question);
    button.addEventListener('click', () => this.#send(question));
    const item = this.#element('li');
    item.append(button);
    return item;
  }

  #drawBot() {
    this.#drawSuggestions();
    const { bot } = this.#state;
    const { botName, botDescription, welcome, pageTitle } = this.#texts;
    this.#setText('bot-name', this.#shopsOwn(bot.name) ?? botName);
    this.#setText('bot-description', this.#shopsOwn(bot.description) ?? botDescription);
    this.#setText('welcome-text', this.#shopsOwn(bot.welcome) ?? welcome);
    this.#document.title = pageTitle(this.#parts['bot-name'].textContent);
  }

  /** The shop's text, but not a Chinese one for those who read English: the shop sets only one. */
  #shopsOwn(text) {
    return !text || (this.#state.language === 'en' && HAN.test(text)) ? undefined : text;
  }

  #drawStates() {
    const { status, agentName, connection, exists, hasEarlier, isLoadingEarlier, isActing, items, isLoaded } = this.#state;
    const [texts, parts] = [this.#texts, this.#parts];
    parts.status.dataset.state = status;
    this.#setText('status-text', (texts.status[status] ?? texts.status.bot_active)(agentName));
    parts.connection.dataset.state = connection;
    this.#setText('connection-text', texts.connection[connection]);
    parts['new-conversation'].disabled = !exists || isActing;
    parts.clear.disabled = !exists || isActing;
    // The focus is not left on what disappears.
    if (!hasEarlier && this.#document.activeElement === parts.earlier) parts.scroller.focus();
    parts.earlier.hidden = !hasEarlier;
    parts.earlier.setAttribute('aria-disabled', String(isLoadingEarlier));
    this.#setText('earlier', isLoadingEarlier ? texts.loadingEarlier : texts.earlier);
    parts.welcome.hidden = hasEarlier;
    parts.suggestions.hidden = !isLoaded || items.length > 0 || status === 'pending_manual';
  }

  #drawNotice() {
    const { notice } = this.#state;
    this.#parts.notice.hidden = !notice;
    this.#setText('notice-text', notice ? this.#texts[notice.kind](this.#reason(notice.error)) : '');
  }

  /** Why the server said no, in the reader's words where we have them, else in the server's. */
  #reason({ code, detail, status }) {
    const { reasons } = this.#texts;
    if (status === undefined) return reasons.UNREACHABLE;
    return reasons[code] ?? (detail || reasons.UNKNOWN);
  }

  #isPrepending(state) {
    const old = this.#state?.items[0]?.id;
    return old !== undefined && state.items[0]?.id !== old && state.items.some((item) => item.id === old);
  }

  #drawItems() {
    const items = this.#withDays(this.#state.items);
    const list = this.#parts.messages;
    const kept = new Map();
    items.forEach((item, index) => {
      const known = this.#nodes.get(item.id) ?? { node: this.#element('li'), drawn: '' };
      const look = this.#look(item);
      if (known.drawn !== look) this.#fill(known.node, item);
      known.drawn = look;
      if (list.children[index] !== known.node) list.insertBefore(known.node, list.children[index] ?? null);
      kept.set(item.id, known);
    });
    while (list.children.length > items.length) list.lastChild.remove();
    this.#nodes = kept;
    const last = items.at(-1);
    if (last && last.id !== this.#lastId && !last.entry) this.#hasUnseen = true;
    this.#lastId = last?.id ?? '';
  }

  /** Everything that an item's look depends on. */
  #look(item) {
    const { phase, failure, position } = item.entry ?? {};
    const seconds = phase === 'waiting' ? this.#secondsLeft(item.entry) : 0;
    const { kind, role, content, at, agentName, label } = item;
    const { language } = this.#state;
    return JSON.stringify([language, kind, role, content, at, agentName, label, phase, seconds, failure, position]);
  }

  #fill(node, item) {
    if (item.kind !== 'message') {
      node.className = 'divider';
      node.replaceChildren(this.#element('span', '', item.kind === 'day' ? item.label : this.#texts.newContext));
      return;
    }
    const isWarning = item.role !== 'user' && item.content?.startsWith(WARNING);
    node.className = `message message-${item.role}${isWarning ? ' message-warning' : ''}`;
    const bubble = this.#element('div', 'bubble');
    bubble.append(this.#author(item), ...this.#content(item));
    const parts = [bubble, this.#meta(item)];
    if (item.entry?.phase === 'failed') parts.push(this.#failure(item.entry));
    node.replaceChildren(...parts);
  }

  #author({ role, agentName }) {
    const { you, agent, system } = this.#texts;
    const name = { user: you, system, agent: agentName || agent }[role] ?? this.#parts['bot-name'].textContent;
    // Sides and colours tell the customer and the assistant apart; a person is named.
    return this.#element('p', role === 'agent' ? 'author' : 'visually-hidden', `${name}${role === 'agent' ? '' : ': '}`);
  }

  #content({ role, content }) {
    if (content === null) return [this.#element('p', 'erased', this.#texts.erased)];
    if (role === 'assistant') return [this.#answer(content)];
    const text = this.#element('p', 'plain', content);
    text.dir = 'auto';
    text.lang = languageOf(content);
    return [text];
  }

  #answer(text) {
    const answer = this.#element('div', 'answer');
    answer.dir = 'auto';
    answer.lang = languageOf(text);
    answer.append(...toNodes(parse(text), this.#document, this.#texts.opensNewTab));
    return answer;
  }

  #meta({ at, entry }) {
    const meta = this.#element('p', 'meta');
    const time = this.#element('time', '', this.#format(at, { hour: '2-digit', minute: '2-digit' }));
    time.dateTime = new Date(at).toISOString();
    meta.append(time);
    const phase = this.#phaseText(entry);
    if (phase) meta.append(this.#element('span', 'phase', phase));
    return meta;
  }

  #phaseText(entry) {
    const text = this.#texts.phase[entry?.phase];
    if (!text) return '';
    if (entry.phase === 'queued' && entry.position !== undefined) return '';
    // Below an answer that is cut off it says so; it need not say it twice.
    if (entry.phase === 'lost' && entry.answer) return '';
    return text(entry.phase === 'waiting' ? this.#secondsLeft(entry) : undefined);
  }

  #secondsLeft = ({ retryAt }) => Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));

  #failure(entry) {
    const { failed, unanswered, edit, retry } = this.#texts;
    const isTaken = entry.position !== undefined;
    const box = this.#element('div', 'failure');
    box.append(this.#element('p', '', (isTaken ? unanswered : failed)(this.#reason(entry.failure))));
    const actions = this.#element('div', 'failure-actions');
    // What the server has taken can be asked about again, but no longer changed.
    if (!isTaken) actions.append(this.#action(edit, () => this.#edit(entry.key)));
    actions.append(this.#action(retry, () => this.#on.retry(entry.key)));
    box.append(actions);
    return box;
  }

  #action(text, onClick) {
    const button = this.#element('button', 'button button-small', text);
    button.type = 'button';
    button.addEventListener('click', onClick);
    return button;
  }

  #edit(key) {
    const text = this.#on.edit(key);
    if (text === null) return;
    const { message } = this.#parts;
    // Nothing that was typed is lost, neither of the two.
    message.value = message.value.trim() === '' ? text : `${text}\n${message.value}`;
    this.#on.draft(message.value);
    this.#drawComposer();
    message.focus();
  }

  #withDays(items) {
    const shown = [];
    let day = '';
    for (const item of items) {
      const label = item.at && this.#day(item.at);
      if (label && label !== day) {
        // The first is left out when it is today: that goes without saying.
        if (day !== '' || label !== this.#texts.today) shown.push({ kind: 'day', id: `day-${new Date(item.at).toDateString()}`, label });
        day = label;
      }
      shown.push(item);
    }
    return shown;
  }

  #day(at) {
    const date = new Date(at).toDateString();
    const now = Date.now();
    if (date === new Date(now).toDateString()) return this.#texts.today;
    if (date === new Date(now - 86_400_000).toDateString()) return this.#texts.yesterday;
    return this.#format(at, { year: 'numeric', month: 'long', day: 'numeric' });
  }

  #format(at, options) {
    // In the reader's own variety of the language, which decides between 15:00 and 3 pm.
    const own = navigator.languages.find((tag) => tag.toLowerCase().split('-')[0] === this.#state.language);
    return new Intl.DateTimeFormat(own ?? this.#state.language, options).format(at);
  }

  #drawGrowing() {
    const { growing, isTyping } = this.#state;
    const [texts, parts] = [this.#texts, this.#parts];
    parts.growing.hidden = !growing && !isTyping;
    parts['growing-dots'].hidden = Boolean(growing) || !isTyping;
    parts['growing-phase'].hidden = growing?.entry.phase !== 'lost';
    this.#setText('growing-phase', texts.phase.lost());
    const text = growing?.text ?? '';
    if (text === this.#drawnAnswer) return;
    this.#drawnAnswer = text;
    parts.growing.classList.toggle('message-warning', text.startsWith(WARNING));
    parts['growing-text'].replaceChildren(...(text ? [this.#answer(completed(text))] : []));
    if (text) this.#hasUnseen = true;
  }

  #measure() {
    const { scrollHeight, scrollTop, clientHeight } = this.#parts.scroller;
    this.#isAtBottom = scrollHeight - scrollTop - clientHeight < BOTTOM_SLACK;
  }

  #follow() {
    const { scroller } = this.#parts;
    // The greeting alone is read from its beginning.
    const isEmpty = !this.#state?.items.length;
    if (this.#isAtBottom && !isEmpty) scroller.scrollTop = scroller.scrollHeight;
    this.#showNewer(this.#hasUnseen && !this.#isAtBottom);
  }

  #showNewer(isShown) {
    this.#hasUnseen = isShown;
    this.#parts.newer.hidden = !isShown;
  }

  #toBottom() {
    this.#isAtBottom = true;
    this.#follow();
  }

  #drawComposer() {
    const { message, counter, send } = this.#parts;
    const texts = this.#texts;
    const count = [...message.value].length;
    const isTooLong = count > MAX_CHARS;
    const status = this.#state?.status;
    message.placeholder = { pending_manual: texts.placeholderPending, closed: texts.placeholderClosed }[status] ?? texts.placeholder;
    message.setAttribute('aria-invalid', String(isTooLong));
    counter.hidden = count < COUNT_FROM;
    counter.classList.toggle('is-too-long', isTooLong);
    this.#setText('counter', isTooLong ? texts.tooLong(count - MAX_CHARS) : texts.left(MAX_CHARS - count));
    // Said once when the limit is crossed, not with every key.
    if (isTooLong !== this.#isTooLong) this.#setText('announcement', isTooLong ? texts.tooLong(count - MAX_CHARS) : '');
    this.#isTooLong = isTooLong;
    send.disabled = isTooLong || message.value.trim() === '';
    this.#fitInput();
  }

  /** As high as its text; the style sheet sets the limits. */
  #fitInput() {
    const { message } = this.#parts;
    if (CSS.supports('field-sizing', 'content')) return;
    message.style.height = 'auto';
    message.style.height = `${message.scrollHeight}px`;
  }

  #submit() {
    if (this.#parts.send.disabled) return;
    const text = this.#parts.message.value;
    this.#parts.message.value = '';
    this.#send(text);
    this.#drawComposer();
    this.#parts.message.focus();
  }

  /** The server refuses U+0000 and halves of surrogate pairs; nobody types them, but they can be pasted. */
  #send(text) {
    this.#isAtBottom = true;
    this.#on.send(text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '\ufffd'));
  }

  #listen() {
    const { composer, message, scroller, newer, earlier, language, dismiss, clear } = this.#parts;
    const dialog = this.#parts['clear-dialog'];
    composer.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    message.addEventListener('input', () => {
      this.#drawComposer();
      this.#on.draft(message.value);
    });
    message.addEventListener('keydown', (event) => {
      // 229: Safari ends the composition before it tells of the key that ended it.
      const isComposing = event.isComposing || event.keyCode === 229;
      if (event.key !== 'Enter' || event.shiftKey || isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    scroller.addEventListener('scroll', () => {
      this.#measure();
      if (this.#isAtBottom) this.#showNewer(false);
    }, { passive: true });
    // The keyboard of a telephone comes up, the input grows: who was at the end stays there.
    new ResizeObserver(() => this.#follow()).observe(scroller);
    newer.addEventListener('click', () => {
      this.#toBottom();
      message.focus();
    });
    earlier.addEventListener('click', () => this.#on.earlier());
    language.addEventListener('click', () => this.#on.switchLanguage());
    dismiss.addEventListener('click', () => this.#on.dismiss());
    this.#parts['new-conversation'].addEventListener('click', () => this.#on.startNew());
    clear.addEventListener('click', () => dialog.showModal());
    this.#parts['clear-cancel'].addEventListener('click', () => dialog.close());
    this.#parts['clear-confirm'].addEventListener('click', () => {
      dialog.close();
      this.#on.clear();
    });
  }

  #element(name, className = '', text = '') {
    const node = this.#document.createElement(name);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  /** Sets a text only if it is another: a live region speaks of every change. */
  #setText(id, text) {
    if (this.#parts[id].textContent !== text) this.#parts[id].textContent = text;
  }
}

/** For fonts and screen readers. */
const languageOf = (text) => (HAN.test(text) ? 'zh-CN' : 'en');
