// The script that a shop embeds: makes `FiidoDesk` of what the page has called before, and starts the widget.

import { Emitter, type EventName } from './emitter.ts';
import { merged, optionsOf } from './options.ts';
import { Widget } from './widget.ts';

/** What the page calls. Before the script has come it is an array of calls: `['open']`, `['on', 'message', listener]`. */
export interface FiidoDesk {
  init(options?: object): void;
  open(): void;
  close(): void;
  sendMessage(text: string): void;
  setUser(user: { identityToken: string } | null): void;
  on(event: EventName, listener: (detail: unknown) => void): () => void;
  push(...calls: unknown[][]): void;
}

type Page = typeof window & { FiidoDesk?: FiidoDesk | unknown[][] };

const METHODS = ['init', 'open', 'close', 'sendMessage', 'setUser', 'on'] as const;

function start(page: Page, script: HTMLScriptElement): void {
  const before = page.FiidoDesk;
  // The script stands twice in the page: one widget is enough.
  if (before && !Array.isArray(before)) return;
  const base = new URL('.', script.src).href.replace(/\/$/, '');
  // Browsers hide the attribute; the property has it.
  const { nonce = '' } = script;
  const emitter = new Emitter();
  let given = optionsOf(script.dataset);
  let widget: Widget | null = null;
  const waiting: ((widget: Widget) => void)[] = [];
  const withWidget = (call: (widget: Widget) => void) => void (widget ? call(widget) : waiting.push(call));
  const init = (options: object = {}) => {
    if (widget) return;
    given = merged(given, options);
    widget = new Widget(given, base, nonce, emitter);
    for (const call of waiting.splice(0)) call(widget);
  };
  const desk: FiidoDesk = {
    init,
    open: () => withWidget((it) => it.open()),
    close: () => withWidget((it) => it.close()),
    sendMessage: (text) => withWidget((it) => it.sendMessage(text)),
    setUser: (user) => withWidget((it) => it.setUser(user)),
    on: (event, listener) => emitter.on(event, listener),
    push: (...calls) => calls.forEach(([method, ...rest]) => run(desk, method, rest)),
  };
  page.FiidoDesk = desk;
  desk.push(...(before ?? []));
  if (script.dataset.manual !== undefined) return;
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => init());
  else init();
}

function run(desk: FiidoDesk, method: unknown, rest: unknown[]): void {
  const known = METHODS.find((name) => name === method);
  if (known) (desk[known] as (...all: unknown[]) => void)(...rest);
}

// A module has no current script; then it is the one of our name.
const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
if (script instanceof HTMLScriptElement) start(window, script);
