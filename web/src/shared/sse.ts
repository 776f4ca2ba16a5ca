// Server-sent events out of a fetch response, as the HTML standard reads them. We read them ourselves because EventSource
// can neither POST nor send headers, and because a network chunk may end anywhere: inside a line, between CR and LF, or
// inside a UTF-8 sequence.
//
// Invariant: the events do not depend on where the chunks were cut, and an event that was cut off by the end of the
// stream is not delivered.

export interface SseEvent {
  type: string;
  data: string;
  /** Of this frame itself; null where it has none, as ephemeral frames do. */
  id: string | null;
}

export class SseParser {
  #decoder = new TextDecoder();
  #rest = '';
  #endedWithCr = false;
  #type = '';
  #data: string[] = [];
  #id: string | null = null;

  /** @returns the events that these bytes complete. */
  push(bytes: Uint8Array): SseEvent[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  #take(chunk: string): SseEvent[] {
    if (chunk === '') return [];
    // The LF of a CRLF that the last chunk cut in two: its CR has already ended the line.
    let text = this.#endedWithCr && chunk.startsWith('\n') ? chunk.slice(1) : chunk;
    this.#endedWithCr = chunk.endsWith('\r');
    text = this.#rest + text;
    const lines = text.split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): SseEvent | null {
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

  #dispatch(): SseEvent | null {
    const event = { type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#type = '';
    this.#data = [];
    this.#id = null;
    return isEmpty ? null : event;
  }
}

/**
 * Reads a response's body as events until it ends. `onBytes` hears of every chunk, comments included: it is the sign of
 * life that a watchdog needs.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void = () => {},
): AsyncGenerator<SseEvent> {
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
