/** @jsxImportSource preact */
// The button in the corner and the panel that it opens.

import { createRef, Component } from 'preact';

import type { Widget } from '../widget.ts';
import { languageTag } from './format.ts';
import { Icon } from './icons.tsx';
import { Panel } from './Panel.tsx';

export class App extends Component<{ widget: Widget }> {
  #panel = createRef<Panel>();
  #launcher = createRef<HTMLButtonElement>();
  #wasOpen = this.props.widget.isOpen;

  override componentDidUpdate(): void {
    const { isOpen, wantsFocus } = this.props.widget;
    if (isOpen === this.#wasOpen) return;
    this.#wasOpen = isOpen;
    if (!wantsFocus) return;
    if (isOpen) this.#panel.current?.focus();
    else this.#launcher.current?.focus();
  }

  override render() {
    const { widget } = this.props;
    const { texts, language, isPage, isOpen, wasEverOpen, options, unread } = widget;
    const label = isOpen ? texts.closeChat : texts.openChat;
    return (
      <div class={`desk desk-${options.position}${isPage ? ' desk-page' : ''}`} role={isPage ? undefined : 'region'} aria-label={isPage ? undefined : texts.chat} lang={languageTag(language)} data-open={isOpen}>
        {wasEverOpen && <Panel handle={this.#panel} widget={widget} />}
        {!isPage && options.launcher && (
          <button
            type="button"
            class="launcher"
            ref={this.#launcher}
            aria-label={unread > 0 && !isOpen ? `${label}, ${texts.unread(unread)}` : label}
            aria-expanded={isOpen}
            aria-controls={wasEverOpen ? 'desk-panel' : undefined}
            onClick={() => widget.toggle()}
          >
            <Icon name={isOpen ? 'minimise' : 'chat'} />
            {unread > 0 && !isOpen && (
              <span class="badge" aria-hidden="true">
                {unread > 9 ? '9+' : unread}
              </span>
            )}
          </button>
        )}
        <p class="visually-hidden" role="status">
          {unread > 0 && !isOpen ? texts.unread(unread) : ''}
        </p>
      </div>
    );
  }
}
