// What a refusal means to a person, by its stable code. Codes without a text of their own are told in the server's words.
import type { Problem } from '../api/problem';

type Translate = (key: string, named?: Record<string, unknown>) => string;

const KNOWN = new Set([
  'UNREACHABLE', 'ALREADY_TAKEN', 'NOT_THE_OWNER', 'INVALID_STATUS', 'NOT_IN_MANUAL_MODE', 'MANUAL_IN_PROGRESS',
  'TRANSFER_PENDING', 'NO_TRANSFER', 'NOT_ASKED', 'PERMISSION_DENIED', 'CHANGED_MEANWHILE', 'STALE_VERSION',
  'VIEWS_UNAVAILABLE', 'STORE_UNAVAILABLE', 'RATE_LIMITED', 'INVALID_CREDENTIALS', 'UNAUTHORIZED', 'SECOND_FACTOR_REQUIRED',
  'SECOND_FACTOR_WRONG', 'NOT_FOUND', 'FOREIGN_ORIGIN', 'AGENT_EXISTS', 'PASSWORD_INCORRECT', 'OLD_PASSWORD_INCORRECT',
  'PASSWORD_SAME',
]);

export function explain(t: Translate, problem: Problem): string {
  if (KNOWN.has(problem.code)) return t(`problem.${problem.code}`, { name: problem.body.agent_name ?? '?' });
  if (problem.status >= 500) return t('problem.SERVER');
  return problem.body.detail ? inWords(problem) : t('problem.OTHER', { code: problem.code });
}

/** The server begins with the field's name in the API, which stands on screen by another. */
function inWords({ body: { detail = '', field } }: Problem): string {
  const text = field && detail.startsWith(`${field} `) ? detail.slice(field.length + 1) : detail;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether it is a field's, or of something in it: `skills[1]` is of `skills`. */
export function isAbout(problem: Problem, name: string): boolean {
  const field = problem.body.field ?? '';
  return field === name || field.startsWith(`${name}[`) || field.startsWith(`${name}.`);
}
