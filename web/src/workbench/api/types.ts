// The server's words, under the names that the workbench uses.
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
export type Escalation = NonNullable<Schemas['SessionState']['escalation']>;
export type AgentData = Schemas['AgentData'];
export type Available = Schemas['AvailableData'];
export type QueueEntry = Schemas['QueueEntryData'];
export type Version = Schemas['VersionData'];

export type Person = Schemas['StaffMember'];
export type Rating = NonNullable<Schemas['SessionState']['rating']>;
export type Summary = Schemas['Summary'];
export type SessionState = Schemas['SessionState'];
export type SessionData = Schemas['SessionData'];
export type Note = Schemas['NoteData'];
export type Episode = Schemas['EpisodeData'];
export type Customer = Schemas['CustomerOfSession'];
export type QuickReply = Schemas['QuickReplyData'];
export type Counts = Schemas['CountsData'];
export type FaqEntry = Schemas['FaqEntryData'];
