/** Puts the widget into the page: one element of its own at the end of the document, with a shadow root. */

import { h, render } from 'preact';

import tokens from '../shared/tokens.css?inline';

import style from './style.css?inline';
import { App } from './view/App.tsx';
import type { Widget } from './widget.ts';

/** Our colours are set inside, where no rule of the page reaches. */
const CSS = tokens.replaceAll(/:root\[data-theme=(['"]?)dark\1\],\s*/g, '').replaceAll(/:root,\s*/g, '')
  .replaceAll(/:host\(([^)]*)\)/g, '.root$1').replaceAll(':host', '.root') + style;

const TAG = 'fiido-desk';

/** Answers how to draw the widget anew. */
export function mount(widget: Widget, nonce: string): () => void {
  const host = document.createElement(TAG);
  const shadow = host.attachShadow({ mode: 'open' });
  adopt(shadow, nonce);
  const root = document.createElement('div');
  root.className = 'root';
  shadow.append(root);
  // Not in the body: what shops do to it (transforms, replacing all of it) does not concern us.
  document.documentElement.append(host);
  fitKeyboard(root);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', () => widget.draw());
  return () => {
    const { theme } = widget.options;
    root.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme;
    render(h(App, { widget }), root);
  };
}

/** A telephone's keyboard covers a part of the page and does not say so to style sheets: the panel keeps to what is left. */
function fitKeyboard(root: HTMLElement): void {
  const viewport = window.visualViewport;
  const fit = () => {
    // Who has zoomed in wants to see a part of the panel, not a smaller panel.
    const isZoomed = !viewport || viewport.scale > 1.01;
    root.style.setProperty('--visible-height', isZoomed ? '100dvh' : `${viewport.height}px`);
    root.style.setProperty('--visible-top', isZoomed ? '0px' : `${viewport.offsetTop}px`);
  };
  viewport?.addEventListener('resize', fit);
  viewport?.addEventListener('scroll', fit);
}

/** An adopted style sheet is no inline style to a Content-Security-Policy; where there is none, the script's nonce is taken over. */
function adopt(shadow: ShadowRoot, nonce: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    const element = document.createElement('style');
    element.nonce = nonce;
    element.textContent = CSS;
    shadow.append(element);
  }
}
