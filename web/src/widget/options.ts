// What the shop's page says about the widget: attributes of the script, and what `init` is given.

export interface Options {
  /** Without it the page's language, else the browser's. */
  language?: string;
  position: 'left' | 'right';
  theme: 'auto' | 'light' | 'dark';
  /** Whether the panel is open from the start. */
  open: boolean;
  /** Whether there is a button; without it the page opens the panel itself. */
  launcher: boolean;
  /** `page`: the chat fills the window, as in a frame. */
  mode: 'float' | 'page';
  /** The shop's signed word about who the customer is. */
  identityToken?: string;
  /** Passed along with each message, for the people who answer. */
  parameters: Record<string, unknown>;
}

const DEFAULTS: Options = { position: 'right', theme: 'auto', open: false, launcher: true, mode: 'float', parameters: {} };

/** `data-language`, `data-position`, `data-theme`, `data-open`, `data-launcher`, `data-mode`, `data-identity-token`. */
export function optionsOf({ language, position, theme, open, launcher, mode, identityToken }: DOMStringMap): Options {
  return merged(DEFAULTS, {
    language: language || undefined,
    position,
    theme,
    mode,
    open: open === undefined ? undefined : open !== 'false',
    launcher: launcher === undefined ? undefined : launcher !== 'false',
    identityToken: identityToken || undefined,
  });
}

/** What is given counts; what is none of the words that are known does not. */
export function merged(base: Options, given: { [Name in keyof Options]?: unknown }): Options {
  const { language, open, launcher, identityToken, parameters } = given;
  return {
    language: typeof language === 'string' ? language : base.language,
    position: oneOf(['left', 'right'], given.position) ?? base.position,
    theme: oneOf(['auto', 'light', 'dark'], given.theme) ?? base.theme,
    open: typeof open === 'boolean' ? open : base.open,
    launcher: typeof launcher === 'boolean' ? launcher : base.launcher,
    mode: oneOf(['float', 'page'], given.mode) ?? base.mode,
    identityToken: typeof identityToken === 'string' ? identityToken : base.identityToken,
    parameters: isRecord(parameters) ? { ...base.parameters, ...parameters } : base.parameters,
  };
}

const oneOf = <Word extends string>(words: readonly Word[], given: unknown): Word | undefined =>
  words.find((word) => word === given);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
