// What the server says when it refuses, and what stands for it where nothing came back at all.
import type { components } from '@shared/api/schema';

export type ProblemBody = Partial<components['schemas']['Problem']> & {
  /** Who has the session, where somebody else was faster. */
  agent_id?: string | null;
  agent_name?: string | null;
  agent_uuid?: string;
  /** The present state of what was to be edited, with 412. */
  current?: unknown;
  retry_after?: number;
  /** Where a document is at fault. */
  line?: number;
};

/** A request that did not do what it should. `code` is stable and what texts are chosen by. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly body: ProblemBody;

  constructor(status: number, code: string, body: ProblemBody = {}) {
    super(body.detail ?? code);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.body = body;
  }

  static unreachable(): Problem {
    return new Problem(0, 'UNREACHABLE');
  }

  static of(status: number, body: unknown): Problem {
    const known: ProblemBody = typeof body === 'object' && body !== null ? (body as ProblemBody) : {};
    return new Problem(status, known.code ?? `HTTP_${status}`, known);
  }

  /** Nothing came back, or the server could not answer: the same request may be sent again. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get isForbidden(): boolean {
    return this.status === 403 && this.code === 'PERMISSION_DENIED';
  }
}

export const asProblem = (error: unknown): Problem => (error instanceof Problem ? error : Problem.unreachable());
