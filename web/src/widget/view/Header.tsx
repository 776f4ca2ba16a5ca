/** @jsxImportSource preact */
// Who answers, and what can be done with the conversation.

import { createRef, Component } from 'preact';

import type { Widget } from '../widget.ts';
import type { StatusName } from '../texts/texts.ts';
import { Icon } from './icons.tsx';

export type Question = 'clear' | 'end';

interface Props {
  widget: Widget;
  botName: string;
  onAsk: (question: Question) => void;
}

export function Header({ widget, botName, onAsk }: Props) {
  const { chat, texts, isPage } = widget;
  const { status, agentName } = chat.conversation;
  const Title = isPage ? 'h1' : 'h2';
  const statusText = (texts.status[status as StatusName] ?? texts.status.bot_active)(agentName);
  return (
    <div class="head">
      <div class="names">
        <Title id="desk-title">{botName}</Title>
        <p class="state" role="status" data-state={status}>
          <span class="dot" aria-hidden="true" />
          <span>{statusText}</span>
        </p>
      </div>
      <Menu widget={widget} botName={botName} onAsk={onAsk} />
      {!isPage && (
        <button type="button" class="icon-button" aria-label={texts.closeChat} title={texts.closeChat} onClick={() => widget.close()}>
          <Icon name="minimise" />
        </button>
      )}
    </div>
  );
}

/** A button with a menu, by the arrow keys as well. */
class Menu extends Component<Props, { isOpen: boolean }> {
  override state = { isOpen: false };
  #box = createRef<HTMLDivElement>();
  #button = createRef<HTMLButtonElement>();

  #toggle = () => {
    const isOpen = !this.state.isOpen;
    this.setState({ isOpen }, () => isOpen && this.#items()[0]?.focus());
  };

  #items = () => [...(this.#box.current?.querySelectorAll<HTMLButtonElement>('[role=menuitem]') ?? [])];

  #close(): void {
    this.setState({ isOpen: false });
    this.#button.current?.focus();
  }

  #pressed = (event: KeyboardEvent) => {
    if (!this.state.isOpen) return;
    const items = this.#items();
    const at = items.indexOf((this.#box.current!.getRootNode() as ShadowRoot).activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) items.at(to % items.length)?.focus();
    else if (event.key !== 'Escape') return;
    else this.#close();
    event.preventDefault();
    event.stopPropagation();
  };

  #left = ({ relatedTarget }: FocusEvent) => {
    if (!this.#box.current?.contains(relatedTarget as Node | null)) this.setState({ isOpen: false });
  };

  #run(action: () => void): void {
    this.#close();
    action();
  }

  override render() {
    const { widget, onAsk } = this.props;
    const { chat, texts } = widget;
    const isEmpty = !chat.conversation.exists || chat.conversation.isEmpty;
    const isOff = isEmpty || chat.isActing;
    const isClosed = chat.conversation.status === 'closed';
    return (
      <div class="menu-box" ref={this.#box} onKeyDown={this.#pressed} onFocusOut={this.#left}>
        <button
          type="button"
          class="icon-button"
          ref={this.#button}
          aria-label={texts.actions}
          title={texts.actions}
          aria-haspopup="menu"
          aria-expanded={this.state.isOpen}
          onClick={this.#toggle}
        >
          <Icon name="menu" />
        </button>
        {this.state.isOpen && (
          <div class="menu" role="menu" aria-label={texts.actions}>
            <Choice icon="plus" text={texts.newConversation} isOff={isOff} onPick={() => this.#run(() => void chat.startNew())} />
            <Choice icon="end" text={texts.end} isOff={isOff || isClosed} onPick={() => this.#run(() => onAsk('end'))} />
            <Choice icon="trash" text={texts.clear} isOff={isOff} onPick={() => this.#run(() => onAsk('clear'))} />
          </div>
        )}
      </div>
    );
  }
}

interface ChoiceProps {
  icon: 'plus' | 'end' | 'trash';
  text: string;
  isOff: boolean;
  onPick: () => void;
}

function Choice({ icon, text, isOff, onPick }: ChoiceProps) {
  return (
    <button type="button" role="menuitem" aria-disabled={isOff} onClick={() => !isOff && onPick()}>
      <Icon name={icon} />
      {text}
    </button>
  );
}
