// Keys that do something on the page. What is bound is also what the sheet behind `?` lists.
//
// Invariant: a single letter does nothing while somebody types; keys with Ctrl, Cmd or Alt always work.
import { onActivated, onBeforeUnmount, onDeactivated, onMounted, shallowReactive } from 'vue';

export interface Binding {
  /** `j`, `shift+t`, `mod+k`, `alt+n`, `?`; `mod` is Cmd on a Mac and Ctrl elsewhere. */
  key: string;
  label: string;
  group: 'general' | 'list' | 'session' | 'composer';
  run: (event: KeyboardEvent) => void;
  isOn?: () => boolean;
}

export const bindings = shallowReactive(new Set<Binding>());

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** What a focused button does by itself. */
const isPressed = (event: KeyboardEvent): boolean =>
  event.key === ' ' && event.target instanceof HTMLElement && event.target.closest('button, a, summary') !== null;

const isDialogOpen = (): boolean => document.querySelector('[role="dialog"][data-state="open"]') !== null;

function matches(key: string, event: KeyboardEvent): boolean {
  const parts = key.split('+');
  const wanted = parts.at(-1) ?? '';
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const isSign = wanted.length === 1 && !/[a-z0-9]/.test(wanted);
  if (parts.includes('mod') !== mod || parts.includes('alt') !== event.altKey) return false;
  // Where `?` or `/` stands on a keyboard is its own matter: with signs, Shift is part of how they are typed.
  if (!isSign && parts.includes('shift') !== event.shiftKey) return false;
  const pressed = event.altKey ? event.code.replace(/^Key/, '').toLowerCase() : event.key.toLowerCase();
  return pressed === wanted;
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  // Out of a field, so that the single letters work again.
  if (event.key === 'Escape' && isTyping(event.target) && !isDialogOpen()) (event.target as HTMLElement).blur();
  for (const binding of bindings) {
    if (!matches(binding.key, event) || binding.isOn?.() === false) continue;
    const hasModifier = /mod|alt/.test(binding.key);
    if (!hasModifier && (isTyping(event.target) || isDialogOpen() || isPressed(event))) continue;
    event.preventDefault();
    binding.run(event);
    return;
  }
}

addEventListener('keydown', press);

export function useKeys(own: Binding[]): void {
  const add = (): void => own.forEach((binding) => bindings.add(binding));
  const remove = (): void => own.forEach((binding) => bindings.delete(binding));
  onMounted(add);
  // A page that is kept while another is shown hears no keys.
  onActivated(add);
  onDeactivated(remove);
  onBeforeUnmount(remove);
}

/** A key as it is written on the reader's keyboard. */
export function written(key: string): string[] {
  const signs: Record<string, string> = isMac ? { mod: '⌘', alt: '⌥', shift: '⇧' } : { mod: 'Ctrl', alt: 'Alt', shift: 'Shift' };
  const named: Record<string, string> = { enter: '↵', escape: 'Esc', ' ': '␣', arrowleft: '←', arrowright: '→' };
  return key.split('+').map((part) => signs[part] ?? named[part] ?? part.toUpperCase());
}

/** As short as it goes, for a button. */
export const hint = (key: string): string => written(key).join('').replace('Shift', '⇧');
