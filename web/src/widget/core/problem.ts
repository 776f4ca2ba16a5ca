// The server's way to say no.

interface ProblemBody {
  code?: string;
  detail?: unknown;
  title?: string;
  error?: string;
}

/** The server said no: `application/problem+json`, or whatever a proxy in between made of it. */
export class Problem extends Error {
  readonly code: string;
  readonly detail: string;

  constructor(
    readonly status: number,
    body: ProblemBody = {},
    readonly retryAfterMs: number | null = null,
  ) {
    super(String(body.detail || body.title || body.error || `HTTP ${status}`));
    this.code = body.code ?? '';
    this.detail = typeof body.detail === 'string' ? body.detail : (body.title ?? body.error ?? '');
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return [408, 425, 429].includes(this.status) || this.status >= 500;
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({}));
  return new Problem(response.status, body ?? {}, retryAfterMs(response.headers.get('Retry-After')));
}

/** `Retry-After` is a number of seconds or a date. */
export function retryAfterMs(value: string | null, now = Date.now()): number | null {
  if (!value) return null;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
