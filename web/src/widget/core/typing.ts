// Who types at this moment. It is told by the one side, shown to the other, and kept nowhere.

import type { TypingFrame } from './tail.ts';

/** So long "is typing" holds, and so often we say it ourselves: each counts as a message to the limit of chats. */
const HOLDS_MS = 10_000;

export class Typing {
  #shown: { name: string; until: number } | null = null;
  #sentAt = 0;
  #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The agent types, or has stopped. */
  show({ is_typing: isTyping, agent_name: name }: TypingFrame): void {
    this.#shown = isTyping ? { name: name ?? '', until: Date.now() + HOLDS_MS } : null;
    if (isTyping) setTimeout(this.#changed, HOLDS_MS + 50);
    this.#changed();
  }

  /** What was typed is there. */
  end(): void {
    this.#shown = null;
  }

  /** The name of the agent who types; null where nobody does. */
  get name(): string | null {
    return this.#shown && this.#shown.until > Date.now() ? this.#shown.name : null;
  }

  /** Whether it is time to say that the customer types. */
  isDue(now = Date.now()): boolean {
    if (now - this.#sentAt < HOLDS_MS) return false;
    this.#sentAt = now;
    return true;
  }

  /** The customer has sent what was typed. */
  sent(): void {
    this.#sentAt = 0;
  }
}
