// A shop at an origin of its own, with a Content-Security-Policy as strict as they come: the pages that a test puts there.
import { createServer } from 'node:http';

/** A page of a shop that embeds the widget. `script` is what the page itself does, as a file of its own. */
export const page = ({ head = '', body = '<h1>Bikes</h1>', tags, language = 'en' }) =>
  `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>Bikes &lt;b&gt;</title><meta name="viewport" content="width=device-width">` +
  `<link rel="icon" href="data:,">${head}${tags}</head><body><main>${body}</main></body></html>`;

export class Shop {
  /** `files`: path → [content type, text]. */
  files = new Map();

  static async start() {
    const shop = new Shop();
    shop.server = createServer((request, response) => shop.#answer(request, response)).listen(0, '127.0.0.1');
    await new Promise((resolve) => shop.server.once('listening', resolve));
    // Another name than the desk's, so that to a browser it is another site.
    shop.origin = `http://localhost:${shop.server.address().port}`;
    return shop;
  }

  /** Puts a page there; answers its address. `desk`: where the widget comes from. */
  put(path, desk, { script = '', style = '', policy, ...parts }) {
    const origin = new URL(desk).origin;
    this.policy = policy ?? `default-src 'none'; script-src 'self' ${origin}; style-src 'self'; connect-src ${origin}; frame-src ${origin}; ` +
      `img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`;
    const tags = `<link rel="stylesheet" href="${path}.css"><script src="${path}.js"></script>${parts.tags ?? `<script src="${origin}/widget.js" async></script>`}`;
    this.files.set(path, ['text/html', page({ ...parts, tags }), this.policy]);
    this.files.set(`${path}.js`, ['text/javascript', script]);
    this.files.set(`${path}.css`, ['text/css', style]);
    return this.origin + path;
  }

  #answer(request, response) {
    const [type, text, policy] = this.files.get(new URL(request.url, this.origin).pathname) ?? [];
    if (!type) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, ...(policy && { 'Content-Security-Policy': policy }) }).end(text);
  }

  end() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
