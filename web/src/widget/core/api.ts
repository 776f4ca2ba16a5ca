// The server's routes, as the widget needs them: one function per route.
//
// Invariants: only this file knows paths and headers; what is thrown is a `Problem` if the server answered, and anything
// else if it could not be reached. Who the visitor is goes in a header, never in a cookie, so it is the same on every
// shop's page and whatever the browser thinks of cookies.

import { storable } from '../../shared/reader.ts';
import type { Entry, SessionAnswer } from './shapes.ts';
import { Problem, problemOf } from './problem.ts';
import * as store from './store.ts';
import type { Place } from './tail.ts';

const JSON_TIMEOUT_MS = 20_000;

/** The shop's assistant, in the page's language. */
export interface Bot {
  name?: string;
  description?: string;
  welcome?: string;
  suggestions?: string[];
  language?: string;
}

/** Whether people work, and when they do again. */
export interface Shift {
  is_in_shift: boolean;
  next_opening_at: string | null;
}

interface Command {
  success?: boolean;
  error?: string | null;
  position: number;
}

interface Call {
  method?: 'GET' | 'POST';
  body?: unknown;
  key?: string;
  accept?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const path = (session: string, rest = '') => `/api/sessions/${encodeURIComponent(session)}${rest}`;

export class Api {
  #base: string;
  #language: () => string;

  /** `base`: where the server is, without a slash at its end. */
  constructor(base: string, language: () => string) {
    this.#base = base;
    this.#language = language;
  }

  async bot(): Promise<Bot> {
    return (await this.#json<{ bot?: Bot }>('/api/bot/info')).bot ?? {};
  }

  async shift(): Promise<Shift> {
    return (await this.#json<{ data: Shift }>('/api/shift/status')).data;
  }

  /**
   * A session with its newest messages, or those before a position; null if there is none.
   * `minPosition` waits until the server's view has come that far.
   */
  async session(name: string, { minPosition, before }: { minPosition?: number; before?: number } = {}): Promise<SessionAnswer | null> {
    // Without a token no session is ours.
    if (!store.token()) return null;
    const query = new URLSearchParams();
    if (minPosition !== undefined) query.set('min_position', String(minPosition));
    if (before !== undefined) query.set('before', String(before));
    try {
      const answer = await this.#json<{ data: SessionAnswer; position: number; queue?: SessionAnswer['queue'] }>(
        `${path(name)}?${query}`,
      );
      return { session: answer.data.session, position: answer.position, queue: answer.queue };
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  /**
   * Has the server open the session. It answers with the visitor's token, which has to be here before the first message is
   * sent: a message that is repeated without it would be another visitor's, and not be known as a repetition.
   */
  async createSession(name: string): Promise<void> {
    await this.#command('/api/conversation/create', { user_id: name });
  }

  /** Sends a message; answers the response whose body is the stream of the answer. */
  async openChat(session: string, { key, text, parameters }: Entry, signal: AbortSignal): Promise<Response> {
    const body = { message: text, user_id: session, ...(parameters && { parameters }) };
    return streamOf(await this.#fetch('/api/chat/stream', { method: 'POST', body, key, accept: 'text/event-stream', signal }));
  }

  /** Sends a message to the person who has the session, or will have it; answers its position. */
  async sendToPerson(session: string, { key, text }: Entry): Promise<number> {
    const body = { session_name: session, role: 'user', content: text };
    return (await this.#command('/api/manual/messages', body, key)).position;
  }

  /** Opens the stream of what happens in a session: after an event's id where there is one, else after a position. */
  async openEvents(session: string, { after, lastEventId, signal }: Place & { signal: AbortSignal }): Promise<Response> {
    const headers: Record<string, string> = lastEventId ? { 'Last-Event-ID': lastEventId } : {};
    const query = lastEventId ? '' : `?after=${after}`;
    return streamOf(await this.#fetch(path(session, `/events${query}`), { headers, accept: 'text/event-stream', signal }));
  }

  /** The assistant forgets what was said before. */
  startNew = (session: string, key: string) => this.#command('/api/conversation/new', { session_id: session }, key);

  /** The same, and what was said before is no longer shown. */
  clear = (session: string, key: string) => this.#command('/api/conversation/clear', { session_id: session }, key);

  askForPerson = (session: string, key: string) => this.#command('/api/manual/escalate', { session_name: session }, key);

  cancelPerson = (session: string, key: string) => this.#command(path(session, '/cancel-escalation'), {}, key);

  close = (session: string, key: string) => this.#command(path(session, '/close'), {}, key);

  rate(session: string, score: number, comment: string, key: string): Promise<Command> {
    return this.#command(path(session, '/rating'), { score, ...(comment && { comment }) }, key);
  }

  typing = (session: string) => this.#command(path(session, '/typing'), { is_typing: true });

  /** Says who the visitor is, by the shop's signed word. */
  identify = (identityToken: string) => this.#command('/api/customer/identify', { identity_token: identityToken });

  signOut = () => this.#command('/api/customer/sign-out', {});

  async #command(route: string, body: unknown, key?: string): Promise<Command> {
    const answer = await this.#json<Command>(route, { method: 'POST', body, key });
    // The original's way to say no.
    if (answer.success === false) throw new Problem(200, { detail: answer.error ?? '' });
    return answer;
  }

  async #json<T>(route: string, call: Call = {}): Promise<T> {
    const response = await this.#fetch(route, { signal: AbortSignal.timeout(JSON_TIMEOUT_MS), ...call });
    if (!response.ok) throw await problemOf(response);
    return response.json();
  }

  /** Once more where the token turns out to be over, or another tab has got one at the same moment. */
  async #fetch(route: string, call: Call): Promise<Response> {
    const token = store.token();
    const response = await this.#request(route, call, token);
    const issued = response.headers.get('X-Visitor-Token');
    const isOver = response.status === 401 && token !== null && !route.startsWith('/api/customer/');
    if (isOver && store.token() === token) store.setToken('');
    const wasOvertaken = issued !== null && token === null && store.token() !== null;
    if (issued && !wasOvertaken) store.setToken(issued);
    if (!isOver && !wasOvertaken) return response;
    response.body?.cancel().catch(() => {});
    return this.#request(route, call, store.token()).then((again) => {
      const issuedNow = again.headers.get('X-Visitor-Token');
      if (issuedNow) store.setToken(issuedNow);
      return again;
    });
  }

  #request(route: string, { method = 'GET', body, key, accept, headers, signal }: Call, token: string | null): Promise<Response> {
    const all: Record<string, string> = { Accept: accept ?? 'application/json', 'Accept-Language': this.#language(), ...headers };
    if (token) all.Authorization = `Bearer ${token}`;
    if (key) all['Idempotency-Key'] = key;
    if (body !== undefined) all['Content-Type'] = 'application/json';
    const init: RequestInit = { method, headers: all, credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer', signal };
    return fetch(this.#base + route, body === undefined ? init : { ...init, body: JSON.stringify(body, texts) });
  }
}

/** Whatever the shop's page passes along. */
const texts = (_: string, value: unknown) => (typeof value === 'string' ? storable(value) : value);

async function streamOf(response: Response): Promise<Response> {
  if (!response.ok) throw await problemOf(response);
  const type = response.headers.get('Content-Type') ?? '';
  // A captive portal or a proxy's page: nobody of ours answered.
  if (!type.startsWith('text/event-stream')) throw new TypeError(`not an event stream: ${type}`);
  return response;
}
