// Seeded randomness for physics: xorshift32 (Marsaglia, "Xorshift RNGs", 2003), whose whole state is one integer,
// so that a machine can be put aside and go on the same.

export class Noise {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0 || 0x9e3779b9;
    for (let i = 0; i < 8; i++) this.uniform();
  }
  static restore(state: number): Noise {
    const noise = new Noise(1);
    noise.#state = state;
    return noise;
  }
  get state(): number {
    return this.#state;
  }
  /** Uniform in [0, 1). */
  uniform(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 2 ** 32;
  }
  /** About normal, mean 0, standard deviation `sigma`: three uniforms are enough for a sensor. */
  normal(sigma: number): number {
    return (this.uniform() + this.uniform() + this.uniform() - 1.5) * 2 * sigma;
  }
}
