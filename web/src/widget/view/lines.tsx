/** @jsxImportSource preact */
// What is going on beside the conversation: the connection, the queue, working hours, what did not work, and the question
// before something is lost.

import { useEffect, useRef } from 'preact/hooks';

import type { Texts } from '../texts/texts.ts';
import type { Widget } from '../widget.ts';
import { opening, reasonOf } from './format.ts';
import type { Question } from './Header.tsx';
import { Icon } from './icons.tsx';

export function Lines({ widget }: { widget: Widget }) {
  const { chat, texts } = widget;
  const { connection } = chat;
  return (
    <div class="lines">
      <p class="line line-connection" role="status" data-state={connection}>
        {chat.isLoaded && connection === 'connected' ? '' : texts.connection[connection]}
      </p>
      <Waiting widget={widget} />
    </div>
  );
}

/** Where one stands in the queue; that nobody works; or the way to a person. */
function Waiting({ widget }: { widget: Widget }) {
  const { chat, texts } = widget;
  const { status, queue } = chat.conversation;
  if (status === 'pending_manual') {
    const minutes = Math.max(1, Math.ceil((queue?.estimated_wait_seconds ?? 0) / 60));
    return (
      <div class="line">
        <p role="status">
          {queue && texts.queue(queue.position)}
          {queue?.estimated_wait_seconds != null && ` · ${texts.queueMinutes(minutes)}`}
        </p>
        <button type="button" class="button" disabled={chat.isActing} onClick={() => void chat.cancelPerson()}>
          {texts.stopWaiting}
        </button>
      </div>
    );
  }
  if (status === 'manual_live') return null;
  return (
    <div class="line">
      <p>{chat.shift && !chat.shift.is_in_shift ? closedText(widget) : ''}</p>
      {status === 'bot_active' && (
        <button type="button" class="button" disabled={chat.isActing} onClick={() => void chat.askForPerson()}>
          <Icon name="person" />
          {texts.askPerson}
        </button>
      )}
    </div>
  );
}

function closedText({ chat, texts, language }: Widget): string {
  const at = chat.shift?.next_opening_at;
  return at ? texts.closedUntil(opening(Date.parse(at), language)) : texts.closedNow;
}

export function NoticeBox({ widget: { chat, texts } }: { widget: Widget }) {
  const { notice } = chat;
  if (!notice) return null;
  return (
    <div class="notice">
      <p role="alert">{texts[notice.kind](reasonOf(notice.error, texts))}</p>
      <button type="button" class="icon-button" aria-label={texts.dismiss} title={texts.dismiss} onClick={() => chat.dismissNotice()}>
        <Icon name="close" />
      </button>
    </div>
  );
}

interface ConfirmProps {
  question: Question;
  texts: Texts;
  onAnswer: (isYes: boolean) => void;
}

/** The rest of the panel is inert meanwhile. */
export function Confirm({ question, texts, onAnswer }: ConfirmProps) {
  const cancel = useRef<HTMLButtonElement>(null);
  useEffect(() => cancel.current?.focus(), []);
  const [title, text, yes] =
    question === 'clear' ? [texts.clearTitle, texts.clearText, texts.clear] : [texts.endTitle, texts.endText, texts.end];
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onAnswer(false);
  };
  return (
    <div class="veil">
      <div class="confirm" role="alertdialog" aria-modal="true" aria-labelledby="confirm-title" aria-describedby="confirm-text" onKeyDown={pressed}>
        <h2 id="confirm-title">{title}</h2>
        <p id="confirm-text">{text}</p>
        <div class="actions">
          <button type="button" class="button" ref={cancel} onClick={() => onAnswer(false)}>
            {texts.cancel}
          </button>
          <button type="button" class="button button-danger" onClick={() => onAnswer(true)}>
            {yes}
          </button>
        </div>
      </div>
    </div>
  );
}
