/** @jsxImportSource preact */
// One item of the transcript. It is drawn again only when something of it has changed, so that a growing answer below does not
// cost the whole conversation.

import { Component } from 'preact';

import type { Entry, Item } from '../core/shapes.ts';
import type { Language } from '../texts/languages.ts';
import type { Texts } from '../texts/texts.ts';
import { Answer } from './Answer.tsx';
import { clock, languageOf, reasonOf } from './format.ts';

/** With this the server begins a notice that nobody may overlook: what to do when a battery smokes. */
export const WARNING = '⚠';

type MessageItem = Extract<Item, { kind: 'message' }>;
export type Shown = Item | { kind: 'day'; id: string; label: string };

interface Props {
  item: Shown;
  botName: string;
  language: Language;
  texts: Texts;
  onEdit: (key: string) => void;
  onRetry: (key: string) => void;
}

const secondsLeft = ({ retryAt }: Entry) => Math.max(0, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));

/** Everything that an item's look depends on. */
function lookOf({ item, botName, language }: Props): string {
  if (item.kind !== 'message') return JSON.stringify([language, item]);
  const { phase, failure, position, answer } = item.entry ?? {};
  const seconds = phase === 'waiting' ? secondsLeft(item.entry!) : 0;
  const { role, content, at, agentName } = item;
  const isAnswered = Boolean(answer);
  return JSON.stringify([language, botName, role, content, at, agentName, phase, isAnswered, seconds, failure, position]);
}

export class TranscriptItem extends Component<Props> {
  #look = lookOf(this.props);

  override shouldComponentUpdate(next: Props): boolean {
    const look = lookOf(next);
    const isAnother = look !== this.#look;
    this.#look = look;
    return isAnother;
  }

  override render() {
    const { item, texts } = this.props;
    if (item.kind === 'message') return <MessageRow {...this.props} item={item} />;
    return (
      <li class="divider">
        <span>{item.kind === 'day' ? item.label : texts.newContext}</span>
      </li>
    );
  }
}

function MessageRow({ item, ...props }: Props & { item: MessageItem }) {
  const isWarning = item.role !== 'user' && item.content?.startsWith(WARNING);
  return (
    <li class={`message message-${item.role}${isWarning ? ' message-warning' : ''}`}>
      <div class="bubble">
        <Author item={item} {...props} />
        <Content item={item} {...props} />
      </div>
      <Meta item={item} {...props} />
      {item.entry?.phase === 'failed' && <NotSent entry={item.entry} {...props} />}
    </li>
  );
}

type PartProps = Omit<Props, 'item'> & { item: MessageItem };

/** Sides and colours tell the customer and the assistant apart; a person is named. */
function Author({ item: { role, agentName }, texts, botName }: PartProps) {
  if (role === 'agent') return <p class="author">{agentName || texts.agent}</p>;
  const name = { user: texts.you, system: texts.system, assistant: botName }[role];
  return <p class="visually-hidden">{name}: </p>;
}

function Content({ item: { role, content }, language, texts }: PartProps) {
  if (content === null) return <p class="erased">{texts.erased}</p>;
  if (role === 'assistant') return <Answer text={content} language={language} newTab={texts.opensNewTab} />;
  return (
    <p class="plain" dir="auto" lang={languageOf(content, language)}>
      {content}
    </p>
  );
}

function Meta({ item: { at, entry }, language, texts }: PartProps) {
  const phase = entry && phaseText(entry, texts);
  return (
    <p class="meta">
      <time dateTime={new Date(at).toISOString()}>{clock(at, language)}</time>
      {phase && <span class="phase">{phase}</span>}
    </p>
  );
}

function phaseText(entry: Entry, texts: Texts): string {
  if (entry.phase === 'queued' && entry.position !== undefined) return '';
  // Below an answer that is cut off it says so; it need not say it twice.
  if (entry.phase === 'lost' && entry.answer) return '';
  return texts.phase[entry.phase]?.(secondsLeft(entry)) ?? '';
}

function NotSent({ entry, texts, onEdit, onRetry }: { entry: Entry } & Omit<Props, 'item'>) {
  const isTaken = entry.position !== undefined;
  const reason = reasonOf(entry.failure, texts);
  return (
    <div class="failure">
      <p>{isTaken ? texts.unanswered(reason) : texts.failed(reason)}</p>
      <div class="actions">
        {/* What the server has taken can be asked about again, but no longer changed. */}
        {!isTaken && (
          <button type="button" class="button" onClick={() => onEdit(entry.key)}>
            {texts.edit}
          </button>
        )}
        <button type="button" class="button" onClick={() => onRetry(entry.key)}>
          {texts.retry}
        </button>
      </div>
    </div>
  );
}
