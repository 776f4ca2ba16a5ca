// Times, days and reasons in the reader's words.

import { readersLanguages } from '../../shared/reader.ts';
import { Problem } from '../core/problem.ts';
import type { Failure } from '../core/shapes.ts';
import type { Language } from '../texts/languages.ts';
import type { Texts } from '../texts/texts.ts';

const HAN = /\p{Script=Han}/u;

/** For fonts and screen readers, where it is plain to see that a text is not in the reader's language. */
export const languageOf = (text: string, language: Language) => (HAN.test(text) ? 'zh-CN' : language === 'zh' ? 'en' : undefined);

/** As `<html lang>` has it. */
export const languageTag = (language: Language) => (language === 'zh' ? 'zh-CN' : language);

/** The shop's text, but not a Chinese one for those who read something else: the shop sets only one. */
export const shopsOwn = (text: string | undefined, language: Language) =>
  text && (language === 'zh' || !HAN.test(text)) ? text : undefined;

export function format(at: number, language: Language, options: Intl.DateTimeFormatOptions): string {
  // In the reader's own variety of the language, which decides between 15:00 and 3 pm.
  const own = readersLanguages().find((tag) => tag.toLowerCase().split('-')[0] === language);
  return new Intl.DateTimeFormat(own ?? languageTag(language), options).format(at);
}

export const clock = (at: number, language: Language) => format(at, language, { hour: '2-digit', minute: '2-digit' });

/** When people are back: the time alone if it is today. */
export function opening(at: number, language: Language): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return format(at, language, { ...(!isToday && { weekday: 'long' as const }), hour: '2-digit', minute: '2-digit' });
}

export function day(at: number, language: Language, texts: Texts): string {
  const date = new Date(at).toDateString();
  // By the calendar: a day may have 23 hours or 25.
  const before = new Date();
  if (date === before.toDateString()) return texts.today;
  before.setDate(before.getDate() - 1);
  if (date === before.toDateString()) return texts.yesterday;
  return format(at, language, { year: 'numeric', month: 'long', day: 'numeric' });
}

/** Why the server said no, in the reader's words where we have them, else in the server's. */
export function reasonOf(error: unknown, texts: Texts): string {
  const { reasons } = texts;
  if (!(error instanceof Problem) && !isFailure(error)) return reasons.unreachable;
  const { code, detail, status } = error;
  if (status === 429) return reasons.tooOften;
  if (code === 'SESSION_IN_MANUAL_MODE' || code === 'NOT_IN_MANUAL_MODE') return reasons.handedOver;
  if (code === 'MANUAL_IN_PROGRESS') return reasons.busyPerson;
  if (code === 'FOREIGN_ORIGIN') return reasons.foreignOrigin;
  return detail || reasons.unknown;
}

const isFailure = (error: unknown): error is Failure =>
  typeof error === 'object' && error !== null && 'code' in error && 'detail' in error && 'status' in error;
