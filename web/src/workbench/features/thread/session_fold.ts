// A session's state on screen, moved on by events. Pure. What an event does not tell (mail, usage) is read again elsewhere.
import type { Envelope, SessionState } from '../../api/types';
import { agentOf, escalationOf, seconds, tagsAfter } from '../inbox/row';

type Data = Record<string, unknown>;
type HandOff = NonNullable<SessionState['hand_off']>;

export function foldSession(state: SessionState, event: Envelope): SessionState {
  const next: SessionState = { ...state, updated_at: seconds(event), ...change(state, event) };
  return next;
}

function change(state: SessionState, event: Envelope): Partial<SessionState> {
  const data: Data = event.data;
  const at = seconds(event);
  switch (event.type) {
    case 'session.escalated': {
      const group = typeof data.group === 'string' ? data.group : null;
      const place = { waiting_since: at, group, priority_class: data.class as HandOff['priority_class'] };
      return { status: 'pending_manual', escalation: escalationOf(event), hand_off: handOff(state, place) };
    }
    case 'session.agent_took_over':
      return owned(state, data, 'agent', at);
    case 'session.transferred':
      return owned(state, data, 'to', at);
    case 'session.released':
    case 'session.escalation_cancelled':
    case 'session.reopened':
      return { ...free(state), status: 'bot_active', escalation: null };
    case 'session.returned_to_queue':
      return { ...free(state), status: 'pending_manual', hand_off: handOff(state, { ...NOBODY, waiting_since: at }) };
    case 'session.closed':
      return { ...free(state), status: 'closed' };
    case 'session.customer_message_sent':
      return state.status === 'closed' ? { status: 'bot_active' } : {};
    case 'session.after_hours_notice_given':
      return { ...free(state), status: 'after_hours_email' };
    default:
      return beside(state, event, data);
  }
}

function beside(state: SessionState, event: Envelope, data: Data): Partial<SessionState> {
  switch (event.type) {
    case 'session.priority_changed':
      return { hand_off: handOff(state, { priority_class: data.class as HandOff['priority_class'] }) };
    case 'session.tags_changed':
      return { tags: tagsAfter(state.tags ?? [], data) };
    case 'session.transfer_declined':
    case 'session.transfer_accepted':
      return { hand_off: handOff(state, { transfer: null }) };
    case 'session.offer_accepted':
    case 'session.offer_expired':
      return { hand_off: handOff(state, { offer: null }) };
    case 'session.profile_changed': {
      const email = event.personal?.email;
      return typeof email === 'string' ? { user_profile: { ...state.user_profile, email } } : {};
    }
    default:
      return {};
  }
}

const NOBODY = { waiting_since: null, taken_over_at: null, live_since: null, offer: null, transfer: null };

function handOff(state: SessionState, fields: Partial<HandOff>): HandOff {
  return { priority_class: 'normal', group: null, ...NOBODY, ...state.hand_off, ...fields };
}

function owned(state: SessionState, data: Data, field: 'agent' | 'to', at: number): Partial<SessionState> {
  const place = { ...NOBODY, taken_over_at: at, live_since: at };
  return { status: 'manual_live', assigned_agent: agentOf(data, field), hand_off: handOff(state, place) };
}

function free(state: SessionState): Partial<SessionState> {
  return { assigned_agent: null, hand_off: handOff(state, NOBODY) };
}
