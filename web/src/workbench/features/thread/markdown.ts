// Markdown as the assistant writes it, into HTML that can do nothing: no HTML of the text's own, no images, links that open
// elsewhere and tell nobody where from.
import MarkdownIt from 'markdown-it';

const parser = new MarkdownIt({ html: false, linkify: true, breaks: true });
parser.disable(['image', 'table']);
parser.validateLink = (url) => /^(https?:|mailto:)/i.test(url.trim());
parser.renderer.rules.link_open = (tokens, index, options, _env, self) => {
  tokens[index]?.attrSet('target', '_blank');
  tokens[index]?.attrSet('rel', 'noopener noreferrer nofollow');
  return self.renderToken(tokens, index, options);
};

export const rendered = (text: string): string => parser.render(text);
