// A way to a desk that a test can spoil: what is on its way stays there, and nobody is told. So a network goes when a lid is
// shut.
import { connect, createServer } from 'node:net';

export class Way {
  #pairs = new Set();

  static async to(port) {
    const way = new Way();
    way.server = createServer((near) => way.#join(near, connect(port, '127.0.0.1'))).listen(0, '127.0.0.1');
    await new Promise((resolve) => way.server.once('listening', resolve));
    way.url = `http://127.0.0.1:${way.server.address().port}/`;
    return way;
  }

  #join(near, far) {
    const pair = { near, far, isStream: false };
    this.#pairs.add(pair);
    far.on('data', (chunk) => {
      if (chunk.includes('\r\ncontent-type: text/event-stream')) pair.isStream = true;
      if (chunk.toString('latin1').endsWith('\r\n0\r\n\r\n')) pair.isStream = false;
    });
    near.pipe(far);
    far.pipe(near);
    const over = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const side of [near, far]) side.on('error', over).on('close', over);
  }

  /** Streams of events stay open and bring nothing any more; other connections are cut. What is opened after it is as ever. */
  goSilent() {
    let streams = 0;
    for (const { near, far, isStream } of this.#pairs) {
      if (!isStream) {
        near.destroy();
        continue;
      }
      streams += 1;
      far.unpipe(near);
      near.unpipe(far);
    }
    return streams;
  }

  end() {
    for (const { near } of this.#pairs) near.destroy();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
