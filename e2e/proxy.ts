// A road between edge and server that a test can cut, stall or slow down: TCP in, TCP out, bytes untouched.
import { type AddressInfo, createServer, type Server, type Socket, connect as tcp } from 'node:net';

/** `pass`: bytes go through. `cut`: nothing connects, nothing lives. `stall`: all stays open, no byte moves. */
export type Road = 'pass' | 'cut' | 'stall';

export class LinkProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #target: () => number;
  #road: Road = 'pass';
  #delayMs = 0;
  /** Connections that came so far. */
  connections = 0;

  private constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer((from) => this.#accept(from));
  }

  /** @param target port on 127.0.0.1, asked anew for each connection. */
  static async start(target: () => number): Promise<LinkProxy> {
    const proxy = new LinkProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set(road: Road, delayMs = 0): void {
    this.#road = road;
    this.#delayMs = delayMs;
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        if (road === 'cut') socket.destroy();
        else if (road === 'stall') socket.pause();
        else socket.resume();
      }
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.set('cut');
    await closed;
  }

  #accept(from: Socket): void {
    this.connections++;
    if (this.#road === 'cut') {
      from.destroy();
      return;
    }
    const to = tcp(this.#target(), '127.0.0.1');
    const pair = [from, to] as const;
    this.#pairs.add(pair);
    this.#carry(from, to);
    this.#carry(to, from);
    const end = (): void => {
      this.#pairs.delete(pair);
      from.destroy();
      to.destroy();
    };
    for (const socket of pair) {
      socket.on('error', end);
      socket.on('close', end);
      if (this.#road === 'stall') socket.pause();
    }
  }

  #carry(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    let order = Promise.resolve();
    from.on('data', (chunk) => {
      const dueMs = performance.now() + this.#delayMs;
      order = order.then(async () => {
        const waitMs = dueMs - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        if (!to.destroyed) to.write(chunk);
      });
    });
    from.on('end', () => {
      order = order.then(() => {
        to.end();
      });
    });
  }
}
