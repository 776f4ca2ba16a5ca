// The server's routes, as this page needs them: one function per route, and one error type for "no".
//
// Invariants: only this file knows paths and headers; what is thrown is a `Problem` if the server answered, and anything
// else if it could not be reached.

const JSON_TIMEOUT_MS = 20_000;

/** The server said no: `application/problem+json`, or whatever a proxy in between made of it. */
export class Problem extends Error {
  constructor(status, body = {}, retryAfterMs = null) {
    super(body.detail || body.title || body.error || `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? '';
    this.detail = typeof body.detail === 'string' ? body.detail : (body.title ?? body.error ?? '');
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed later. */
  get isTemporary() {
    return [408, 425, 429].includes(this.status) || this.status >= 500;
  }
}

/** `{ name, description, welcome, suggestions, language }` of the shop's assistant, in the page's language. */
export async function fetchBot(language) {
  return (await getJson('/api/bot/info', { 'Accept-Language': language })).bot ?? {};
}

/**
 * A session with its newest messages, or those before a position; null if there is none.
 * `minPosition` waits until the server's view has come that far.
 */
export async function fetchSession(name, { minPosition, before } = {}) {
  const query = new URLSearchParams();
  if (minPosition !== undefined) query.set('min_position', minPosition);
  if (before !== undefined) query.set('before', before);
  try {
    const answer = await getJson(`/api/sessions/${encodeURIComponent(name)}${query.size ? `?${query}` : ''}`);
    return { session: answer.data.session, position: answer.position };
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/**
 * Has the server open the session. It answers with the visitor's cookie, which has to be here before the first message is
 * sent: a message that is repeated without it would be another visitor's, and not be known as a repetition.
 */
export async function createSession(name) {
  await command('/api/conversation/create', { user_id: name });
}

/** Sends a message; answers the response whose body is the stream of the answer. */
export async function openChat({ session, key, text, signal }) {
  const response = await fetch('/api/chat/stream', {
    ...post({ message: text, user_id: session }, key, 'text/event-stream'),
    signal,
  });
  return streamOf(response);
}

/** Sends a message to the person who has the session, or will have it; answers its position. */
export async function sendToPerson({ session, key, text }) {
  const answer = await command('/api/manual/messages', { session_name: session, role: 'user', content: text }, key);
  return answer.position;
}

/** Opens the stream of what happens in a session: after an event's id where there is one, else after a position. */
export async function openEvents({ session, after, lastEventId, signal }) {
  const headers = { Accept: 'text/event-stream' };
  if (lastEventId) headers['Last-Event-ID'] = lastEventId;
  const query = lastEventId ? '' : `?after=${after}`;
  const path = `/api/sessions/${encodeURIComponent(session)}/events${query}`;
  return streamOf(await fetch(path, { credentials: 'same-origin', cache: 'no-store', headers, signal }));
}

/** The assistant forgets what was said before. */
export const startNew = (session, key) => command('/api/conversation/new', { session_id: session }, key);

/** The same, and what was said before is no longer shown. */
export const clear = (session, key) => command('/api/conversation/clear', { session_id: session }, key);

async function command(path, body, key) {
  const signal = AbortSignal.timeout(JSON_TIMEOUT_MS);
  const response = await fetch(path, { ...post(body, key, 'application/json'), signal });
  if (!response.ok) throw await problemOf(response);
  const answer = await response.json();
  // The original's way to say no.
  if (answer.success === false) throw new Problem(response.status, { detail: answer.error });
  return answer;
}

function post(body, key, accept) {
  const headers = { 'Content-Type': 'application/json', Accept: accept };
  if (key) headers['Idempotency-Key'] = key;
  return { method: 'POST', credentials: 'same-origin', cache: 'no-store', headers, body: JSON.stringify(body) };
}

async function getJson(path, headers = {}) {
  const response = await fetch(path, {
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { Accept: 'application/json', ...headers },
    signal: AbortSignal.timeout(JSON_TIMEOUT_MS),
  });
  if (!response.ok) throw await problemOf(response);
  return response.json();
}

async function streamOf(response) {
  if (!response.ok) throw await problemOf(response);
  const type = response.headers.get('Content-Type') ?? '';
  // A captive portal or a proxy's page: nobody of ours answered.
  if (!type.startsWith('text/event-stream')) throw new TypeError(`not an event stream: ${type}`);
  return response;
}

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  return new Problem(response.status, body ?? {}, retryAfterMs(response.headers.get('Retry-After')));
}

/** `Retry-After` is a number of seconds or a date. */
export function retryAfterMs(value, now = Date.now()) {
  if (!value) return null;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
