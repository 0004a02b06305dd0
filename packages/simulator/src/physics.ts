// What every simulated machine has: named quantities that move towards targets, a story of things going wrong,
// and a state that can be put aside and taken up again. Deterministic for a seed and a sequence of steps.
// Not here: the machines themselves (turbevap.ts, chiller.ts), registers and Modbus.
import { Noise } from './noise.ts';

/** Something that happens to a machine between two instants (Unix ms). */
export type Episode =
  /** The edge is without power: no rows. The machine itself runs on. */
  | { readonly kind: 'edge-off'; readonly fromMs: number; readonly toMs: number }
  /** A sensor does not answer. */
  | {
      readonly kind: 'sensor-fault';
      readonly fromMs: number;
      readonly toMs: number;
      readonly channel: string;
    }
  /** The exchanger fouls at many times its usual pace; it is cleaned when the episode ends. */
  | { readonly kind: 'fouling'; readonly fromMs: number; readonly toMs: number }
  /** Cooling is lost in part: temperatures and pressures rise. */
  | { readonly kind: 'hot'; readonly fromMs: number; readonly toMs: number };

export interface Snapshot {
  readonly utcMs: number;
  readonly noise: number;
  readonly values: Readonly<Record<string, number>>;
}

export abstract class Machine {
  utcMs: number;
  protected noise: Noise;
  /** Hidden and visible quantities by name, in physical units. */
  protected readonly v: Record<string, number>;
  readonly #story: readonly Episode[];

  constructor(
    seed: number,
    utcMs: number,
    initial: Readonly<Record<string, number>>,
    story: readonly Episode[],
  ) {
    this.noise = new Noise(seed);
    this.utcMs = utcMs;
    this.v = { ...initial };
    this.#story = story;
  }

  /** Advances by `dtMs`, at most a minute. */
  step(dtMs: number): void {
    this.utcMs += dtMs;
    this.advance(dtMs / 1000);
  }

  protected abstract advance(dtSeconds: number): void;

  /** Reading of a channel as its sensor gives it, before the register's resolution; `null` when it is broken. */
  read(channel: string): number | null {
    for (const episode of this.#story) {
      if (episode.kind === 'sensor-fault' && episode.channel === channel && this.within(episode)) return null;
    }
    return this.v[channel] ?? null;
  }

  protected during(kind: Episode['kind']): boolean {
    return this.#story.some((episode) => episode.kind === kind && this.within(episode));
  }

  get edgeOff(): boolean {
    return this.during('edge-off');
  }

  private within(episode: Episode): boolean {
    return this.utcMs >= episode.fromMs && this.utcMs < episode.toMs;
  }

  get(name: string): number {
    return this.v[name] ?? 0;
  }

  /** First-order lag of `name` towards `target` with time constant `tau` seconds. */
  protected lag(name: string, target: number, tau: number, dt: number): number {
    const before = this.get(name);
    const after = before + (target - before) * (1 - Math.exp(-dt / tau));
    this.v[name] = after;
    return after;
  }

  /** Shows a hidden quantity through a sensor with noise. */
  protected show(channel: string, value: number, sigma: number): void {
    this.v[channel] = value + this.noise.normal(sigma);
  }

  snapshot(): Snapshot {
    return { utcMs: this.utcMs, noise: this.noise.state, values: { ...this.v } };
  }

  restore(snapshot: Snapshot): void {
    this.utcMs = snapshot.utcMs;
    this.noise = Noise.restore(snapshot.noise);
    Object.assign(this.v, snapshot.values);
  }
}

/** Saturation temperature of water, °C, at a pressure in mbar (Magnus form, Alduchov & Eskridge 1996). */
export function saturationC(mbar: number): number {
  const x = Math.log(mbar / 6.1094);
  return (243.04 * x) / (17.625 - x);
}

/** Hours of the day, local enough for a load that follows it. */
export function hourOfDay(utcMs: number): number {
  return (utcMs / 3_600_000 + 1) % 24;
}
