/** @jsxImportSource preact */
// The panel: header, conversation, what is going on, input.

import { Component, createRef, type RefObject } from 'preact';

import type { Widget } from '../widget.ts';
import { Composer } from './Composer.tsx';
import { Header, type Question } from './Header.tsx';
import { Confirm, Lines, NoticeBox } from './lines.tsx';
import { shopsOwn } from './format.ts';
import { Transcript } from './Transcript.tsx';

/** As the style sheet has it: on a telephone there is nothing beside the panel. */
const coversPage = () => matchMedia('(max-width: 520px)').matches;

interface Props {
  widget: Widget;
  handle: RefObject<Panel | null>;
}

export class Panel extends Component<Props, { question: Question | null }> {
  override state: { question: Question | null } = { question: null };
  #composer = createRef<Composer>();
  #transcript = createRef<Transcript>();

  override componentDidMount(): void {
    this.props.handle.current = this;
    if (this.props.widget.wantsFocus) this.focus();
  }

  /** On telephones not the input: their keyboard would cover what there is to read. */
  focus(): void {
    const isTouched = matchMedia('(pointer: coarse)').matches;
    (isTouched ? this.#transcript : this.#composer).current?.focus();
  }

  #send = (text: string) => {
    this.props.widget.chat.send(text);
    this.#transcript.current?.toBottom();
  };

  #edit = (key: string) => {
    const text = this.props.widget.chat.sender.withdraw(key);
    if (text !== null) this.#composer.current?.putBack(text);
  };

  #answer = (isYes: boolean) => {
    const { question } = this.state;
    const { chat } = this.props.widget;
    this.setState({ question: null }, () => this.focus());
    if (isYes) void (question === 'clear' ? chat.clear() : chat.close());
  };

  override render() {
    const { widget } = this.props;
    const { chat, texts, language, isPage, isOpen } = widget;
    const { question } = this.state;
    const botName = shopsOwn(chat.bot.name, language) ?? texts.botName;
    const choices = chat.conversation.suggestions(chat.sender.entries).length;
    return (
      <div
        id="desk-panel"
        class="panel"
        role={isPage ? 'main' : 'dialog'}
        aria-labelledby="desk-title"
        aria-modal={(!isPage && coversPage()) || undefined}
        hidden={!isOpen}
        onKeyDown={(event) => event.key === 'Escape' && !isPage && widget.close()}
      >
        <div class="panel-body" inert={question !== null}>
          <Header widget={widget} botName={botName} onAsk={(asked) => this.setState({ question: asked })} />
          <Lines widget={widget} />
          <Transcript key={`log ${chat.session}`} handle={this.#transcript} widget={widget} botName={botName} onEdit={this.#edit} onSend={this.#send} />
          <div class="bottom">
            <NoticeBox widget={widget} />
            <Composer key={`input ${chat.session}`} handle={this.#composer} widget={widget} onSend={this.#send} />
          </div>
          {/* What was there from the start is not announced. */}
          <p class="visually-hidden" role="status">
            {chat.isLoaded && choices > 0 ? texts.choices(choices) : ''}
          </p>
        </div>
        {question && <Confirm question={question} texts={texts} onAnswer={this.#answer} />}
      </div>
    );
  }
}
