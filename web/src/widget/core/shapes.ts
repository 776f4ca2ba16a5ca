// Messages and sessions, as the server tells them and as the widget keeps them.

export type Role = 'user' | 'assistant' | 'agent' | 'system';

export interface Message {
  position: number;
  role: Role;
  /** Null once erased. */
  content: string | null;
  at: number;
  agentName: string;
  suggestions: string[];
}

export type Phase = 'queued' | 'sending' | 'answering' | 'lost' | 'waiting' | 'failed';

/** Why the server refused a message. */
export interface Failure {
  status: number;
  code: string;
  detail: string;
}

/** What is kept of a message of our own until it is answered. */
export interface StoredEntry {
  key: string;
  text: string;
  /** The newest position that was known when it was written. */
  after: number;
  createdAt: number;
  order: number;
  position?: number;
  failure?: Failure;
  /** What the shop's page passed along when it was written. */
  parameters?: Record<string, unknown>;
}

/** A message of our own that is not yet answered. */
export interface Entry extends StoredEntry {
  phase: Phase;
  answer: string;
  suggestions?: string[];
  retryAt?: number;
  abort?: AbortController;
  isToPerson?: boolean;
  isHandedOver?: boolean;
  /** What was streamed may be notices, which the server lists as messages of their own. */
  hasStatusChanged?: boolean;
  isParked?: boolean;
}

export type Item =
  | ({ kind: 'message'; id: string; entry: Entry | null } & Omit<Message, 'position' | 'suggestions'> & { position?: number })
  | { kind: 'divider'; id: string; position: number };

export interface Rating {
  asked_at: string;
  open_until: string;
  score: number | null;
  comment: string | null;
}

/** What the server says of a session, as far as customers are shown it. */
export interface SessionState {
  status?: string;
  history?: HistoryMessage[];
  assigned_agent?: { name: string | null } | null;
  user_profile?: { email: string | null };
  rating?: Rating | null;
}

export interface QueuePlace {
  position: number;
  estimated_wait_seconds: number | null;
}

export interface SessionAnswer {
  session: SessionState;
  position?: number;
  /** Where it stands among those who wait for a person. */
  queue?: QueuePlace | null;
}

export interface HistoryMessage {
  position: number;
  role: Role;
  content: string | null;
  timestamp: number;
  agent_name?: string | null;
  suggestions?: unknown;
}
