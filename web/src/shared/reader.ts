// What the browser says of its user, and texts from outside.
//
// Invariant: nothing here throws, whatever a browser, an extension or a page has put there.

/** The reader's languages, the first the dearest; only those that are tags of languages. */
export function readersLanguages(): string[] {
  const { languages, language } = globalThis.navigator ?? {};
  const told: unknown[] = Array.isArray(languages) && languages.length > 0 ? [...languages] : [language];
  return told.filter((tag): tag is string => typeof tag === 'string' && isLanguage(tag));
}

/** `en-US@posix`, as some systems have it, is none. */
function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** Without U+0000, and without halves of characters, as are left where a text was cut: the server takes neither. */
export const storable = (text: string): string => text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '\ufffd');
