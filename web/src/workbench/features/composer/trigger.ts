// What a text field's `/` and `@` ask for, from the text before the caret. Pure.

export interface Trigger {
  kind: 'quick-reply' | 'mention';
  query: string;
  /** Where the sign stands. */
  start: number;
}

export function triggerAt(text: string, caret: number, mode: 'reply' | 'note'): Trigger | null {
  const before = text.slice(0, caret);
  // A slash opens the list at the beginning of a line alone: "and/or" does not.
  const slash = /(?:^|\n)\/([^\n]{0,30})$/.exec(before);
  if (slash && mode === 'reply') {
    const query = slash[1] ?? '';
    return { kind: 'quick-reply', query, start: caret - query.length - 1 };
  }
  const at = /(?:^|[\s(（，,])@([^\s@]{0,30})$/.exec(before);
  if (at && mode === 'note') {
    const query = at[1] ?? '';
    return { kind: 'mention', query, start: caret - query.length - 1 };
  }
  return null;
}

/** The text with what was asked for in its place, and where the caret goes. */
export function replaced(text: string, caret: number, trigger: Trigger, by: string): { text: string; caret: number } {
  return { text: text.slice(0, trigger.start) + by + text.slice(caret), caret: trigger.start + by.length };
}

/** Who a note names, of those who can be named. */
export function mentioned(text: string, names: string[]): string[] {
  return names.filter((name) => new RegExp(`@${escaped(name)}(?![\\p{L}\\p{N}_.-])`, 'u').test(text));
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
