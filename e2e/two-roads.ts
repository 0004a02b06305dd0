// A box with two ways to the same server, as a Pi has that hangs on a cable and has a modem: a network namespace with two
// virtual interfaces, whose other ends are on this machine. Routes are set as NetworkManager sets them: each its own
// metric, gone with its link. Only root can make it. Not here: what goes over it.
import { execFileSync } from 'node:child_process';
import type { Outcome } from '@vigie/config';

/** The lower metric is taken; NetworkManager's own for a cable and for a modem. */
const METRICS = { cable: 100, modem: 700 } as const;
export type RoadName = keyof typeof METRICS;

export class TwoRoads {
  readonly #name = `vigie-roads-${process.pid}`;
  readonly #net = `10.${64 + (process.pid % 128)}.250`;
  /** Of the server, reached over either. */
  readonly serverAddress = `${this.#net}.9`;
  /** Makes a program run inside. */
  readonly within = ['ip', 'netns', 'exec', this.#name];

  private constructor() {}

  /** The message says why not. */
  static make(): Outcome<TwoRoads> {
    const roads = new TwoRoads();
    try {
      ip('netns', 'add', roads.#name);
      ip('address', 'add', `${roads.serverAddress}/32`, 'dev', 'lo');
      roads.#inside('link', 'set', 'lo', 'up');
      for (const road of Object.keys(METRICS) as RoadName[]) {
        const [host, box] = [roads.#host(road), roads.address(road)];
        ip('link', 'add', roads.#device(road), 'type', 'veth', 'peer', 'name', road, 'netns', roads.#name);
        ip('address', 'add', `${host}/30`, 'dev', roads.#device(road));
        ip('link', 'set', roads.#device(road), 'up');
        roads.#inside('address', 'add', `${box}/30`, 'dev', road);
        roads.set(road, 'up');
      }
      return { ok: true, value: roads };
    } catch (error) {
      roads.remove();
      return { ok: false, message: String(error) };
    }
  }

  /** Of the box on that road. */
  address(road: RoadName): string {
    return `${this.#net}.${road === 'cable' ? 2 : 6}`;
  }

  set(road: RoadName, state: 'up' | 'down'): void {
    this.#inside('link', 'set', road, state);
    if (state === 'down') return;
    this.#inside('route', 'add', 'default', 'via', this.#host(road), 'metric', String(METRICS[road]));
  }

  remove(): void {
    // Takes the pairs with it.
    quietly('netns', 'del', this.#name);
    quietly('address', 'del', `${this.serverAddress}/32`, 'dev', 'lo');
  }

  #host(road: RoadName): string {
    return `${this.#net}.${road === 'cable' ? 1 : 5}`;
  }
  #device(road: RoadName): string {
    return `vr${process.pid}${road[0]}`;
  }
  #inside(...args: string[]): void {
    ip('-n', this.#name, ...args);
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function quietly(...args: string[]): void {
  try {
    ip(...args);
  } catch {
    // Never made, or gone already.
  }
}
