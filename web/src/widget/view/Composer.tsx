/** @jsxImportSource preact */
// Where the customer writes.

import { Component, createRef, type RefObject } from 'preact';

import * as store from '../core/store.ts';
import type { Widget } from '../widget.ts';
import { Icon } from './icons.tsx';

/** The server's limit, in characters as it counts them: code points. */
const MAX_CHARS = 5_000;
/** From here on the counter is shown. */
const COUNT_FROM = 4_500;

interface Props {
  widget: Widget;
  /** For the panel: a component's `ref` is a prop like any other. */
  handle: RefObject<Composer | null>;
  onSend: (text: string) => void;
}

export class Composer extends Component<Props, { text: string }> {
  override state = { text: store.draft() };
  #input = createRef<HTMLTextAreaElement>();

  focus(): void {
    this.#input.current?.focus();
  }

  /** Puts a text back that was not sent: nothing that was typed is lost, neither of the two. */
  putBack(text: string): void {
    this.#write(this.state.text.trim() === '' ? text : `${text}\n${this.state.text}`);
    this.focus();
  }

  override componentDidMount(): void {
    this.props.handle.current = this;
    this.#fit();
  }

  override componentDidUpdate(): void {
    this.#fit();
  }

  /** As high as its text; the style sheet sets the limits. */
  #fit(): void {
    const input = this.#input.current;
    if (!input || CSS.supports('field-sizing', 'content')) return;
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight}px`;
  }

  #write(text: string): void {
    this.setState({ text });
    store.setDraft(text);
  }

  #typed = ({ currentTarget }: { currentTarget: HTMLTextAreaElement }) => {
    this.#write(currentTarget.value);
    if (currentTarget.value.trim() !== '') this.props.widget.chat.showTyping();
  };

  #pressed = (event: KeyboardEvent) => {
    // 229: Safari ends the composition before it tells of the key that ended it.
    const isComposing = event.isComposing || event.keyCode === 229;
    if (event.key !== 'Enter' || event.shiftKey || isComposing) return;
    event.preventDefault();
    this.#submit();
  };

  #submit = (event?: Event) => {
    event?.preventDefault();
    const { text } = this.state;
    if (text.trim() === '' || [...text].length > MAX_CHARS) return;
    this.#write('');
    this.props.onSend(text);
    this.focus();
  };

  override render({ widget: { chat, texts } }: Props, { text }: { text: string }) {
    const count = [...text].length;
    const isTooLong = count > MAX_CHARS;
    const { status } = chat.conversation;
    const placeholders: Record<string, string> = { pending_manual: texts.placeholderPending, closed: texts.placeholderClosed };
    return (
      <form class="composer-form" autocomplete="off" onSubmit={this.#submit}>
        <div class="composer">
          <label class="visually-hidden" for="message">
            {texts.inputLabel}
          </label>
          <textarea
            id="message"
            ref={this.#input}
            rows={1}
            enterkeyhint="send"
            aria-describedby="hint counter"
            aria-invalid={isTooLong}
            placeholder={placeholders[status] ?? texts.placeholder}
            value={text}
            onInput={this.#typed}
            onKeyDown={this.#pressed}
          />
          <button type="submit" class="send" aria-label={texts.send} title={texts.send} disabled={isTooLong || text.trim() === ''}>
            <Icon name="send" />
          </button>
        </div>
        <div class="below">
          <p id="hint" class="hint">
            {texts.hint}
          </p>
          <p id="counter" class={isTooLong ? 'wrong' : ''}>
            {count >= COUNT_FROM && (isTooLong ? texts.tooLong(count - MAX_CHARS) : texts.left(MAX_CHARS - count))}
          </p>
          {/* Said once when the limit is crossed, not with every key. */}
          <p class="visually-hidden" role="status">
            {isTooLong ? texts.tooLong(1) : ''}
          </p>
        </div>
      </form>
    );
  }
}
