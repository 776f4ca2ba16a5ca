// The server's words, under the names that the workbench uses. What the document of this build lacks is written by hand and
// optional, so that a server without it is a workbench without it.
import type { components } from '@shared/api/schema';

type Schemas = components['schemas'];

export type Status = Schemas['SessionStatus'];
export type Role = Schemas['Role'];
export type AgentStatus = Schemas['AgentStatus'];
export type PriorityClass = Schemas['PriorityClass'];
export type Message = Schemas['Message'];
export type AuditEntry = Schemas['AuditTrailEntry'];
/** The document says `object` of both; what is in them depends on the type. */
export type Envelope = Omit<Schemas['Envelope'], 'data' | 'personal'> & {
  data: Record<string, unknown>;
  personal?: Record<string, unknown> | null;
};
export type Agent = Schemas['Agent'];
export type Escalation = Schemas['Escalation'];
export type AgentData = Schemas['AgentData'];
export type Available = Schemas['AvailableData'];
export type QueueEntry = Schemas['QueueEntryData'];
export type Version = Schemas['VersionData'];

/** Somebody of staff, as the newer routes name them. */
export interface Person {
  agent_id: string | null;
  agent_uuid: string;
  name: string | null;
}

export interface Rating {
  asked_at: string;
  open_until: string;
  score: number | null;
  comment: string | null;
}

interface Extras {
  tags?: string[];
  class?: PriorityClass | null;
  notes?: number;
  rating?: Rating | null;
  unread?: number;
}

export type Summary = Schemas['Summary'] & Extras;
export type SessionState = Schemas['SessionState'] & Extras;
export type SessionData = Omit<Schemas['SessionData'], 'session'> & { session: SessionState };

export interface Note {
  id: string;
  /** Null once removed or erased. */
  text: string | null;
  author: Person;
  mentions: Person[];
  created_at: string;
  edited_at: string | null;
  version: number;
  removed: boolean;
  history: { text: string | null; at: string }[];
}

export interface Episode {
  session_id: string;
  session_name: string | null;
  episode: number;
  started_at: string;
  ended_at: string | null;
  messages: number;
  escalation_reason: string | null;
  agents: Person[];
  rating: number | null;
}

export interface Customer {
  visitor: string;
  customer_id: string | null;
  name: string | null;
  email: string | null;
  language: string | null;
  vip: boolean;
  parameters: Record<string, unknown>;
  first_seen_at: string;
  sessions: number;
  episodes: Episode[];
}

export interface QuickReply {
  id: string;
  title: string;
  content: string;
  category: string;
  language: string;
  scope: 'shared' | 'personal';
  owner: Person | string | null;
  variables: string[];
  use_count: number;
  version: number;
  /** Null as the program brings it. */
  updated_at: string | null;
}

export interface Counts {
  mine: number;
  queue: number;
  live: number;
  after_hours: number;
  all: number;
}

export interface FaqEntry {
  id: string;
  title: string;
  languages: string[];
  questions: string[];
  file: string;
}
