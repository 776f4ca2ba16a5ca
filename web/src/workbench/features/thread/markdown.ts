// Markdown as the assistant writes it, into HTML that can do nothing: no HTML of the text's own, no images, links that open
// elsewhere and tell nobody where from.
import MarkdownIt from 'markdown-it';

const parser = new MarkdownIt({ html: false, linkify: true, breaks: true });
parser.disable(['image', 'table']);

const isFigure = (char: string | undefined): boolean => char !== undefined && /[A-Za-z0-9]/.test(char);

/** Between two letters or digits a star is a sign, as in `80*40*65cm`; in Chinese bold begins and ends without a space. */
parser.inline.State = class extends parser.inline.State {
  override scanDelims(start: number, canSplitWord: boolean): ReturnType<(typeof parser.inline.State)['prototype']['scanDelims']> {
    const found = super.scanDelims(start, canSplitWord);
    const isSign = this.src[start] === '*' && isFigure(this.src[start - 1]) && isFigure(this.src[start + found.length]);
    return isSign ? { ...found, can_open: false, can_close: false } : found;
  }
};
parser.validateLink = (url) => /^(https?:|mailto:)/i.test(url.trim());
parser.renderer.rules.link_open = (tokens, index, options, _env, self) => {
  tokens[index]?.attrSet('target', '_blank');
  tokens[index]?.attrSet('rel', 'noopener noreferrer nofollow');
  return self.renderToken(tokens, index, options);
};

export const rendered = (text: string): string => parser.render(text);
