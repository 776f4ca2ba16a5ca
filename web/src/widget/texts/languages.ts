// The languages that the widget speaks, and which one it speaks here.

import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { it } from './it.ts';
import type { Texts } from './texts.ts';
import { zh } from './zh.ts';

export const TEXTS = { zh, en, de, fr, es, it } satisfies Record<string, Texts>;

export type Language = keyof typeof TEXTS;

/** The first of these tags (`de-AT`) that is a language of ours, else English. */
export function firstOfOurs(tags: readonly (string | null | undefined)[]): Language {
  const codes = tags.map((tag) => tag?.trim().toLowerCase().split(/[-_]/)[0] ?? '');
  return codes.find((code): code is Language => Object.hasOwn(TEXTS, code)) ?? 'en';
}
