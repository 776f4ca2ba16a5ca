// What a language's texts are. A text with parameters is a function.

import type { Phase } from '../core/shapes.ts';

export type StatusName = 'bot_active' | 'pending_manual' | 'manual_live' | 'after_hours_email' | 'closed';
export type ConnectionName = 'connecting' | 'connected' | 'reconnecting' | 'offline';

export interface Texts {
  chat: string;
  botName: string;
  welcome: string;
  suggestionsLabel: string;
  suggestions: string[];
  choicesLabel: string;
  choices: (count: number) => string;
  openChat: string;
  closeChat: string;
  unread: (count: number) => string;
  transcript: string;
  actions: string;
  newConversation: string;
  clear: string;
  clearTitle: string;
  clearText: string;
  end: string;
  endTitle: string;
  endText: string;
  cancel: string;
  askPerson: string;
  stopWaiting: string;
  queue: (position: number) => string;
  queueMinutes: (minutes: number) => string;
  closedUntil: (time: string) => string;
  closedNow: string;
  email: { label: string; text: string; send: string; later: string; invalid: string };
  rating: {
    title: string;
    stars: (score: number) => string;
    comment: string;
    send: string;
    later: string;
    thanks: string;
    change: string;
  };
  earlier: string;
  loadingEarlier: string;
  newMessages: string;
  inputLabel: string;
  placeholder: string;
  placeholderPending: string;
  placeholderClosed: string;
  send: string;
  hint: string;
  left: (count: number) => string;
  tooLong: (count: number) => string;
  you: string;
  agent: string;
  system: string;
  erased: string;
  newContext: string;
  typing: string;
  agentTyping: (name: string) => string;
  opensNewTab: string;
  today: string;
  yesterday: string;
  status: Record<StatusName, (name: string) => string>;
  connection: Record<ConnectionName, string>;
  phase: Partial<Record<Phase, (seconds: number) => string>>;
  failed: (reason: string) => string;
  unanswered: (reason: string) => string;
  edit: string;
  retry: string;
  actionFailed: (reason: string) => string;
  loadFailed: (reason: string) => string;
  dismiss: string;
  reasons: { handedOver: string; busyPerson: string; foreignOrigin: string; unreachable: string; tooOften: string; unknown: string };
}
