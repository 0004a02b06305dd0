// A road between edge and server that a test can cut, stall, slow down, or harm: TCP in, TCP out. Bytes go through
// untouched and in order, except after `harmNext`. Not here: what a fault must lead to.
import { type AddressInfo, createServer, type Server, type Socket, connect as tcp } from 'node:net';

/** `pass`: bytes go through. `cut`: nothing connects, nothing lives. `stall`: all stays open, no byte moves. */
export type Road = 'pass' | 'cut' | 'stall';

/** How bytes go through a road that passes; nothing given: at once and as they came. */
export interface Shape {
  readonly delayMs?: number;
  readonly bytesPerS?: number;
  /** Chunks are written in pieces of so many bytes. */
  readonly pieceBytes?: number;
}

/** `half`: half of the chunk arrives, then the connection dies. `double`: the chunk arrives twice. */
export type Harm = 'half' | 'double';

export interface Harmed {
  readonly harm: Harm;
  readonly atMs: number;
  /** Unix ms when its connection ended; `null`: it lives. */
  endedMs: number | null;
}

/** Bytes that a slow road lets through at once. */
const SLOW_PIECE_BYTES = 64;

export class LinkProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #target: () => number;
  #road: Road = 'pass';
  #shape: Shape = {};
  #harms: Harm[] = [];
  /** Connections that came so far. */
  connections = 0;
  /** Bytes that came from either side so far, and the instant of the newest (`performance.now()`). */
  bytes = 0;
  newestMs = 0;
  /** Chunks that were harmed so far. */
  readonly harmed: Harmed[] = [];

  private constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer((from) => this.#accept(from));
  }

  /** @param target port on 127.0.0.1, asked anew for each connection. @param host where it is called */
  static async start(target: () => number, host = '127.0.0.1'): Promise<LinkProxy> {
    const proxy = new LinkProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, host, resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Addresses of those that are connected. */
  callers(): (string | undefined)[] {
    return [...this.#pairs].map(([from]) => from.remoteAddress);
  }

  set(road: Road, shape: Shape = {}): void {
    this.#road = road;
    this.#shape = shape;
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        if (road === 'cut') socket.destroy();
        else if (road === 'stall') socket.pause();
        else socket.resume();
      }
    }
  }

  /** Harms the next chunk that comes from either side. */
  harmNext(harm: Harm): void {
    this.#harms.push(harm);
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
    const harmed: Harmed[] = [];
    const end = (): void => {
      this.#pairs.delete(pair);
      from.destroy();
      to.destroy();
      for (const one of harmed) one.endedMs ??= Date.now();
    };
    this.#carry(from, to, harmed, end);
    this.#carry(to, from, harmed, end);
    for (const socket of pair) {
      socket.on('error', end);
      socket.on('close', end);
      if (this.#road === 'stall') socket.pause();
    }
  }

  #carry(from: Socket, to: Socket, harmed: Harmed[], end: () => void): void {
    from.setNoDelay(true);
    let order = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.newestMs = performance.now();
      const dueMs = performance.now() + (this.#shape.delayMs ?? 0);
      const harm = this.#harms.shift();
      order = order.then(async () => {
        await rest(dueMs - performance.now());
        if (harm === undefined) return this.#deliver(chunk, to);
        const one: Harmed = { harm, atMs: Date.now(), endedMs: to.destroyed ? Date.now() : null };
        harmed.push(one);
        this.harmed.push(one);
        if (harm === 'double') {
          await this.#deliver(chunk, to);
          await this.#deliver(chunk, to);
          return;
        }
        await this.#deliver(chunk.subarray(0, chunk.length >> 1), to);
        end();
      });
    });
    from.on('end', () => {
      order = order.then(() => {
        to.end();
      });
    });
  }

  async #deliver(bytes: Buffer, to: Socket): Promise<void> {
    const { bytesPerS, pieceBytes } = this.#shape;
    const size = pieceBytes ?? (bytesPerS === undefined ? Math.max(1, bytes.length) : SLOW_PIECE_BYTES);
    for (let at = 0; at < bytes.length; at += size) {
      if (to.destroyed) return;
      const piece = bytes.subarray(at, at + size);
      await new Promise((resolve) => to.write(piece, resolve));
      if (bytesPerS !== undefined) await rest((1000 * piece.length) / bytesPerS);
      // Without a turn in between, pieces would leave as one segment.
      else if (pieceBytes !== undefined) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function rest(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
