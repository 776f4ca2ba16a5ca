// What comes over the workbench's stream, told apart.
import type { SseEvent } from '@shared/sse';

import type { Envelope } from '../api/types';

export interface Typing {
  session_id: string;
  by: 'agent' | 'customer';
  agent?: string;
  agent_name?: string | null;
  is_typing: boolean;
}

export interface Viewing {
  session_id: string;
  agent: string;
  agent_name?: string | null;
  is_viewing: boolean;
}

/** The assistant's answer in the making, as far as it goes; ephemeral. */
export interface Answering {
  session_id: string;
  run: string;
  attempt: number;
  text: string;
}

export interface Visibility {
  session_id: string;
  position: number;
  reason?: 'owner' | 'offer' | 'transfer';
}

export type Frame =
  | { kind: 'event'; event: Envelope }
  | { kind: 'typing'; typing: Typing }
  | { kind: 'viewing'; viewing: Viewing }
  | { kind: 'answering'; answering: Answering }
  | { kind: 'visible'; visibility: Visibility }
  | { kind: 'hidden'; visibility: Visibility }
  | { kind: 'reset' }
  | { kind: 'reauthenticate' };

/** Null for frames of a later server, which mean nothing here yet. */
export function frameOf(raw: SseEvent): Frame | null {
  const data: unknown = parsed(raw.data);
  switch (raw.type) {
    case 'typing':
      return { kind: 'typing', typing: data as Typing };
    case 'viewing':
      return { kind: 'viewing', viewing: data as Viewing };
    case 'answering':
      return { kind: 'answering', answering: data as Answering };
    case 'session_visible':
      return { kind: 'visible', visibility: data as Visibility };
    case 'session_hidden':
      return { kind: 'hidden', visibility: data as Visibility };
    case 'reset':
      return { kind: 'reset' };
    case 'reauthenticate':
      return { kind: 'reauthenticate' };
    default:
      return raw.id === null || data === null ? null : { kind: 'event', event: data as Envelope };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const SESSION = 'session-';

/** The session that an event is of; null for accounts and settings. */
export const sessionOf = (event: Envelope): string | null =>
  event.stream.startsWith(SESSION) ? event.stream.slice(SESSION.length) : null;
