/** @jsxImportSource preact */
// The conversation, from the greeting to the answer that is growing.
//
// Invariants: a message keeps its element for as long as it is shown, so a screen reader's log hears of it once; the growing
// answer stands outside the log and is announced when it is finished; who reads further up is not moved.

import { Component, createRef, type RefObject } from 'preact';

import type { Item } from '../core/shapes.ts';
import { completed } from '../core/markdown.ts';
import type { Widget } from '../widget.ts';
import { Answer } from './Answer.tsx';
import { EmailCard, RatingCard } from './cards.tsx';
import { day, languageOf, shopsOwn } from './format.ts';
import { Icon } from './icons.tsx';
import { TranscriptItem, WARNING, type Shown } from './Message.tsx';

/** So close to the end, in pixels, counts as being there. */
const BOTTOM_SLACK = 48;

interface Props {
  widget: Widget;
  handle: RefObject<Transcript | null>;
  botName: string;
  onEdit: (key: string) => void;
  onSend: (text: string) => void;
}

export class Transcript extends Component<Props> {
  #scroller = createRef<HTMLDivElement>();
  #content = createRef<HTMLDivElement>();
  #isAtBottom = true;
  #hasUnseen = false;
  #firstId = '';
  #lastId = '';
  #growingText = '';
  #isPrepending = false;
  #observer: ResizeObserver | undefined;

  override componentDidMount(): void {
    this.props.handle.current = this;
    // The keyboard of a telephone comes up, the input or a card grows: who was at the end stays there.
    this.#observer = new ResizeObserver(() => this.#follow());
    for (const box of [this.#scroller, this.#content]) this.#observer.observe(box.current!);
    this.#follow();
  }

  override componentWillUnmount(): void {
    this.#observer?.disconnect();
  }

  /** How far from the end one reads: older messages that come in above do not change it. */
  override getSnapshotBeforeUpdate(): number {
    const { scrollHeight, scrollTop } = this.#scroller.current!;
    return scrollHeight - scrollTop;
  }

  override componentDidUpdate(_props: Props, _state: object, fromEnd: number): void {
    const scroller = this.#scroller.current!;
    if (this.#isPrepending) {
      scroller.scrollTop = scroller.scrollHeight - fromEnd;
      this.#measure();
    }
    this.#follow();
  }

  focus(): void {
    this.#scroller.current?.focus();
  }

  /** The customer has said something: what comes now is to be seen. */
  toBottom(): void {
    this.#isAtBottom = true;
    this.#follow();
  }

  #measure(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller.current!;
    this.#isAtBottom = scrollHeight - scrollTop - clientHeight < BOTTOM_SLACK;
  }

  #follow(): void {
    const scroller = this.#scroller.current;
    // The greeting alone is read from its beginning.
    if (!scroller || !this.#isAtBottom) return;
    if (this.#lastId !== '') scroller.scrollTop = scroller.scrollHeight;
    this.#setUnseen(false);
  }

  #setUnseen(hasUnseen: boolean): void {
    if (this.#hasUnseen === hasUnseen) return;
    this.#hasUnseen = hasUnseen;
    this.forceUpdate();
  }

  #scrolled = () => {
    this.#measure();
    if (this.#isAtBottom) this.#setUnseen(false);
  };

  /** What has come since it was last drawn. */
  #note(items: Item[], growing: string): void {
    const [first, last] = [items[0]?.id ?? '', items.at(-1)];
    this.#isPrepending = this.#firstId !== '' && first !== this.#firstId && items.some(({ id }) => id === this.#firstId);
    const isNew = last && last.id !== this.#lastId && !(last.kind === 'message' && last.entry);
    if ((isNew || (growing !== '' && growing !== this.#growingText)) && !this.#isAtBottom) this.#hasUnseen = true;
    this.#firstId = first;
    this.#lastId = last?.id ?? '';
    this.#growingText = growing;
  }

  override render({ widget, botName, onEdit, onSend }: Props) {
    const { chat, texts, language } = widget;
    const { conversation, sender } = chat;
    const items = conversation.items(sender.entries);
    const growing = conversation.growing(sender.entries);
    this.#note(items, growing?.text ?? '');
    const focus = () => this.focus();
    const live = chat.isLoaded && !this.#isPrepending ? 'polite' : 'off';
    return (
      <div class="transcript">
        <div class="scroller" role="region" tabIndex={0} aria-label={texts.transcript} ref={this.#scroller} onScroll={this.#scrolled}>
          <div class="content" ref={this.#content}>
            {conversation.hasEarlier ? <Earlier widget={widget} onGone={focus} /> : <Welcome widget={widget} isEmpty={items.length === 0} onSend={onSend} />}
            {/* What was there from the start is not read out; what comes from now on is. */}
            <div role="log" aria-live={live} aria-relevant="additions" aria-label={texts.transcript}>
              <ol class="messages">
                {withDays(items, widget).map((item) => (
                  <TranscriptItem
                    key={item.id}
                    item={item}
                    {...{ botName, language, texts, onEdit }}
                    onRetry={(key) => chat.sender.retry(key)}
                  />
                ))}
              </ol>
            </div>
            <Growing widget={widget} text={growing?.text ?? ''} isLost={growing?.entry.phase === 'lost'} />
            <Choices widget={widget} onSend={onSend} onGone={focus} />
            <EmailCard widget={widget} onSend={onSend} />
            <RatingCard widget={widget} />
          </div>
        </div>
        {this.#hasUnseen && (
          <button type="button" class="button newer" onClick={() => this.toBottom()}>
            <Icon name="down" />
            {texts.newMessages}
          </button>
        )}
      </div>
    );
  }
}

function withDays(items: Item[], { language, texts }: Widget): Shown[] {
  const shown: Shown[] = [];
  let current = '';
  for (const item of items) {
    const label = item.kind === 'message' && item.at ? day(item.at, language, texts) : '';
    if (item.kind === 'message' && label && label !== current) {
      // The first is left out when it is today: that goes without saying.
      const id = `day-${new Date(item.at).toDateString()}`;
      if (current !== '' || label !== texts.today) shown.push({ kind: 'day', id, label });
      current = label;
    }
    shown.push(item);
  }
  return shown;
}

function Earlier({ widget: { chat, texts }, onGone }: { widget: Widget; onGone: () => void }) {
  const load = () => void chat.loadEarlier().then(() => !chat.conversation.hasEarlier && onGone());
  return (
    <button type="button" class="button earlier" aria-disabled={chat.isLoadingEarlier} onClick={load}>
      {chat.isLoadingEarlier ? texts.loadingEarlier : texts.earlier}
    </button>
  );
}

function Welcome({ widget, isEmpty, onSend }: { widget: Widget; isEmpty: boolean; onSend: Props['onSend'] }) {
  const { chat, texts, language } = widget;
  const { bot } = chat;
  // The shop's questions; our own until they are there, and where the shop has none in this language.
  const isTheirs = bot.language === language && Array.isArray(bot.suggestions);
  const questions = isTheirs ? (bot.suggestions ?? []) : texts.suggestions;
  return (
    <section class="welcome">
      <div class="message message-assistant">
        <div class="bubble">
          <p>{shopsOwn(bot.welcome, language) ?? texts.welcome}</p>
        </div>
      </div>
      {chat.isLoaded && isEmpty && <Chips label={texts.suggestionsLabel} questions={questions} widget={widget} onSend={onSend} />}
    </section>
  );
}

interface ChipsProps {
  label: string;
  questions: string[];
  widget: Widget;
  onSend: Props['onSend'];
}

function Chips({ label, questions, widget, onSend }: ChipsProps) {
  if (questions.length === 0) return null;
  return (
    <ul class="chips" aria-label={label}>
      {questions.map((question) => (
        <li key={question}>
          <button type="button" class="chip" dir="auto" lang={languageOf(question, widget.language)} onClick={() => onSend(question)}>
            {question}
          </button>
        </li>
      ))}
    </ul>
  );
}

/**
 * They stand outside the log: what is taken away from a message there would be read out again. The focus is not left on what
 * disappears, and does not go to the input, where telephones would bring up the keyboard.
 */
class Choices extends Component<{ widget: Widget; onSend: Props['onSend']; onGone: () => void }> {
  #box = createRef<HTMLDivElement>();
  #hadFocus = false;

  override getSnapshotBeforeUpdate(): null {
    const box = this.#box.current;
    const root = box?.getRootNode() as ShadowRoot | undefined;
    this.#hadFocus = Boolean(box && root?.activeElement && box.contains(root.activeElement));
    return null;
  }

  override componentDidUpdate(): void {
    const box = this.#box.current;
    if (this.#hadFocus && !box?.contains((box.getRootNode() as ShadowRoot).activeElement)) this.props.onGone();
  }

  override render() {
    const { widget, onSend } = this.props;
    const { chat, texts } = widget;
    const choices = chat.conversation.suggestions(chat.sender.entries);
    return (
      <div ref={this.#box} class="choices">
        <Chips label={texts.choicesLabel} questions={choices} widget={widget} onSend={onSend} />
      </div>
    );
  }
}

function Growing({ widget, text, isLost }: { widget: Widget; text: string; isLost: boolean }) {
  const { chat, texts, language } = widget;
  const isThinking = chat.sender.entries.some(({ phase, position, answer }) => phase === 'answering' && position !== undefined && answer === '');
  const typing = chat.typingName;
  if (!text && !isThinking && typing === null) return null;
  return (
    <div class={`message message-assistant${text.startsWith(WARNING) ? ' message-warning' : ''}`} aria-live="off">
      <div class="bubble">
        {text ? <Answer text={completed(text)} language={language} newTab={texts.opensNewTab} /> : <Dots text={typing === null ? texts.typing : texts.agentTyping(typing)} />}
      </div>
      {isLost && <p class="meta phase">{texts.phase.lost?.(0)}</p>}
      {!text && typing !== null && <p class="meta">{texts.agentTyping(typing)}</p>}
    </div>
  );
}

function Dots({ text }: { text: string }) {
  return (
    <p class="dots">
      <span class="visually-hidden">{text}</span>
      <i />
      <i />
      <i />
    </p>
  );
}
