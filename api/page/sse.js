// Server-sent events out of a fetch response, as the HTML standard reads them. We read them ourselves because EventSource
// can neither POST nor send headers, and because a network chunk may end anywhere: inside a line, between CR and LF, or
// inside a UTF-8 sequence.
//
// Invariant: the events do not depend on where the chunks were cut, and an event that was cut off by the end of the
// stream is not delivered.

/** Takes bytes, gives events `{ type, data, id }`; `id` is the newest one seen, as the standard has it. */
export class SseParser {
  #decoder = new TextDecoder();
  #rest = '';
  #endedWithCr = false;
  #type = '';
  #data = [];
  #id = '';

  /** @returns the events that these bytes complete. */
  push(bytes) {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  #take(text) {
    if (text === '') return [];
    // The LF of a CRLF that the last chunk cut in two: its CR has already ended the line.
    if (this.#endedWithCr && text[0] === '\n') text = text.slice(1);
    if (text !== '') this.#endedWithCr = text.endsWith('\r');
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop();
    const events = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    // Anything else is a comment (`: …`), `retry`, or a field of the future.
    return null;
  }

  #dispatch() {
    const event = { type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id };
    const empty = this.#data.length === 0;
    this.#type = '';
    this.#data = [];
    return empty ? null : event;
  }
}

/**
 * Reads a response's body as events until it ends. `onBytes` hears of every chunk, comments included: it is the sign of
 * life that a watchdog needs.
 */
export async function* readEvents(body, onBytes = () => {}) {
  const parser = new SseParser();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      yield* parser.push(value);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
