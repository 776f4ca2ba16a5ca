// The workbench in the reader's language. English is the master: the others have its shape, or they do not compile.
import { createI18n } from 'vue-i18n';

import type en from './en';

export const LOCALES = { en: 'English', 'zh-CN': '简体中文', de: 'Deutsch' } as const;
export type Locale = keyof typeof LOCALES;
export type Messages = typeof en;

const LOADERS: Record<Locale, () => Promise<{ default: Messages }>> = {
  en: () => import('./en'),
  'zh-CN': () => import('./zh-CN'),
  de: () => import('./de'),
};

export const i18n = createI18n<false>({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: {}, missingWarn: false });

const isLocale = (text: string): text is Locale => text in LOADERS;

/** What was chosen, else what the browser prefers. */
export function preferred(chosen: string): Locale {
  if (isLocale(chosen)) return chosen;
  for (const language of navigator.languages) {
    if (language.startsWith('zh')) return 'zh-CN';
    if (language.startsWith('de')) return 'de';
    if (language.startsWith('en')) return 'en';
  }
  return 'en';
}

export async function use(locale: Locale): Promise<void> {
  const { default: messages } = await LOADERS[locale]();
  i18n.global.setLocaleMessage(locale, messages as never);
  i18n.global.locale.value = locale;
  document.documentElement.lang = locale;
}
