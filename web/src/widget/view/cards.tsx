/** @jsxImportSource preact */
// What the customer is asked for, once: an e-mail address outside hours, and a rating at the end.

import { useState } from 'preact/hooks';

import * as store from '../core/store.ts';
import type { Widget } from '../widget.ts';
import { Icon } from './icons.tsx';

const SCORES = [1, 2, 3, 4, 5];

/** The server finds the address in the message and notes it; the person who answers sees it said. */
export function EmailCard({ widget, onSend }: { widget: Widget; onSend: (text: string) => void }) {
  const { chat, texts } = widget;
  const [address, setAddress] = useState('');
  const [isWrong, setWrong] = useState(false);
  const isWanted = chat.conversation.status === 'after_hours_email' && !chat.conversation.email && !store.isDismissed('email');
  if (!isWanted) return null;
  const dismiss = () => {
    store.dismiss('email');
    widget.draw();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const isRight = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address.trim());
    setWrong(!isRight);
    if (!isRight) return;
    onSend(address.trim());
    dismiss();
  };
  return (
    <form class="card" noValidate onSubmit={submit}>
      <p id="email-text">{texts.email.text}</p>
      <label for="email">{texts.email.label}</label>
      <input
        id="email"
        class="field"
        type="email"
        autocomplete="email"
        value={address}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? 'email-wrong' : 'email-text'}
        onInput={({ currentTarget }) => setAddress(currentTarget.value)}
      />
      {isWrong && (
        <p id="email-wrong" class="wrong" role="alert">
          {texts.email.invalid}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="button button-main">
          {texts.email.send}
        </button>
        <button type="button" class="button" onClick={dismiss}>
          {texts.email.later}
        </button>
      </div>
    </form>
  );
}

export function RatingCard({ widget }: { widget: Widget }) {
  const { chat, texts } = widget;
  const { rating } = chat.conversation;
  const [isChanging, setChanging] = useState(false);
  if (!rating || !chat.hasRating || Date.parse(rating.open_until) <= Date.now()) return null;
  if (rating.score !== null && !isChanging) return <RatingGiven widget={widget} score={rating.score} onChange={() => setChanging(true)} />;
  const asked = `rating.${rating.asked_at}`;
  if (rating.score === null && store.isDismissed(asked)) return null;
  const dismiss = () => {
    if (rating.score === null) store.dismiss(asked);
    setChanging(false);
    widget.draw();
  };
  const send = (score: number, comment: string) => void chat.rate(score, comment).then(() => setChanging(false));
  return (
    <RatingForm key={rating.asked_at} {...{ widget, texts, send, dismiss }} score={rating.score ?? 0} comment={rating.comment ?? ''} />
  );
}

function RatingGiven({ widget, score, onChange }: { widget: Widget; score: number; onChange: () => void }) {
  const { chat, texts } = widget;
  // Long past, it is no news any more.
  if (!chat.isRatingSent) return null;
  return (
    <div class="card rating-given" role="status">
      <p>
        {texts.rating.thanks} <span class="visually-hidden">{texts.rating.stars(score)}</span>
        <span aria-hidden="true">{'★'.repeat(score)}</span>
      </p>
      <button type="button" class="button" onClick={onChange}>
        {texts.rating.change}
      </button>
    </div>
  );
}

interface FormProps {
  widget: Widget;
  score: number;
  comment: string;
  send: (score: number, comment: string) => void;
  dismiss: () => void;
}

function RatingForm({ widget, score: given, comment: said, send, dismiss }: FormProps) {
  const { texts, chat } = widget;
  const [score, setScore] = useState(given);
  const [comment, setComment] = useState(said);
  const submit = (event: Event) => {
    event.preventDefault();
    if (score > 0) send(score, comment.trim());
  };
  return (
    <form class="card" onSubmit={submit}>
      <fieldset class="stars">
        <legend>{texts.rating.title}</legend>
        {SCORES.map((value) => (
          <label key={value} class={value <= score ? 'star star-on' : 'star'}>
            <input class="visually-hidden" type="radio" name="score" value={value} checked={value === score} onChange={() => setScore(value)} />
            <span class="visually-hidden">{texts.rating.stars(value)}</span>
            <Icon name="star" />
          </label>
        ))}
      </fieldset>
      {score > 0 && (
        <>
          <label for="comment">{texts.rating.comment}</label>
          <textarea id="comment" class="field" rows={2} maxLength={2000} value={comment} onInput={({ currentTarget }) => setComment(currentTarget.value)} />
        </>
      )}
      <div class="actions">
        <button type="submit" class="button button-main" disabled={score === 0 || chat.isActing}>
          {texts.rating.send}
        </button>
        <button type="button" class="button" onClick={dismiss}>
          {texts.rating.later}
        </button>
      </div>
    </form>
  );
}
