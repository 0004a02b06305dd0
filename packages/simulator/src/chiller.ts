// A water-cooled chiller on R134a: its load follows the hour and the weather, an inverter follows the load, and the
// COP follows from the lift between evaporation and condensation.
import { type Episode, hourOfDay, Machine } from './physics.ts';

/** Until evaporation and superheat have settled, after which limits hold. */
const START_UP_S = 300;

export class Chiller extends Machine {
  constructor(options: { seed: number; utcMs: number; story?: readonly Episode[]; fouling?: number }) {
    super(
      options.seed,
      options.utcMs,
      {
        state: 2,
        foul: options.fouling ?? 0,
        ext: 12,
        load_: 50,
        out: 7,
        src: 18,
        ev: 3,
        cd: 32,
        sh: 6,
        oil: 48,
        motor: 62,
        amb: 19,
        tank: 7.4,
        hours: 18_400,
        starts: 2210,
        energy: 1_240_000,
        sp_out: 7,
        weather: 0,
        since: START_UP_S,
      },
      options.story ?? [],
    );
  }

  protected advance(dt: number): void {
    const v = this.v;
    const hour = hourOfDay(this.utcMs);
    const hot = this.during('hot');
    // Weather: a slow random walk of the day's mean, about a daily wave.
    v.weather = this.get('weather') * (1 - dt / 250_000) + this.noise.normal(0.012) * Math.sqrt(dt);
    const ext = this.lag(
      'ext',
      13 + this.get('weather') + 5 * Math.sin(((hour - 9) / 12) * Math.PI),
      1800,
      dt,
    );
    const wanted = (hour > 5.5 && hour < 21 ? 42 : 22) + Math.max(0, ext - 8) * 2.6;
    const night = hour > 1 && hour < 3.2;
    const before = v.state;
    const run = !night;
    v.since = run === (before !== 0) ? this.get('since') + dt : 0;
    v.state = run ? (this.get('since') < START_UP_S ? 1 : 2) : 0;
    if (before === 0 && run) v.starts = this.get('starts') + 1;
    const load = this.lag('load_', run ? Math.min(96, wanted) : 0, run ? 240 : 40, dt);
    const share = load / 100;
    const out = this.lag('out', run ? 7 + (hot ? 1.2 : 0) : 9, run ? 260 : 5200, dt);
    const src = this.lag('src', 16 + ext * 0.22, 7000, dt);
    const delta = run ? 1.4 + 4.2 * share : 0.2;
    const ev = this.lag('ev', run ? out - 2.6 - 2.2 * share : 11, run ? 120 : 1800, dt);
    const cd = this.lag('cd', run ? src + 7 + 9 * share + (hot ? 12 : 0) : src + 1, run ? 160 : 1500, dt);
    const sh = this.lag('sh', run ? 5.8 + 0.6 * Math.sin(this.utcMs / 190_000) : 1, 60, dt);
    const cool = run ? 182 * share : 0;
    const lift = Math.max(8, cd - ev);
    const cop = run ? Math.max(1.5, (0.56 * (ev + 273.15)) / lift + 0.2) : 0;
    const capped = Math.min(7.2, cop);
    const power = run ? 1.1 + cool / Math.max(1.5, capped) : 0.18;
    const amb = this.lag('amb', 18.5 + ext * 0.1, 9000, dt);
    const oil = this.lag('oil', run ? amb + 22 + 12 * share : amb + 14, 1600, dt);
    const motor = this.lag('motor', run ? amb + 30 + 26 * share : amb + 3, 1100, dt);
    const tank = this.lag('tank', out + delta * 0.25, 1500, dt);
    v.hours = this.get('hours') + (run ? dt / 3600 : 0);
    v.energy = this.get('energy') + (power * dt) / 3600;

    v.status = run ? 3 : 4;
    this.show('t_out', out, 0.04);
    this.show('t_in', out + delta, 0.05);
    this.show('t_src_in', src, 0.04);
    this.show('t_src_out', run ? src + 4.4 * share + 1.2 : src, 0.05);
    this.show('t_ev', ev, 0.06);
    this.show('t_cd', cd, 0.06);
    this.show('p_lp', pressureBar(ev), 0.008);
    this.show('p_hp', pressureBar(cd), 0.02);
    this.show('superheat', sh, 0.08);
    this.show('subcool', run ? 4.1 + 1.2 * share : 0.5, 0.06);
    v.cop = run ? Math.max(0, capped + this.noise.normal(0.02)) : 0;
    this.show('t_suc', ev + sh, 0.06);
    this.show('t_dis', run ? cd + 14 + 12 * share : cd + 2, 0.08);
    this.show('t_liq', run ? cd - 4.6 : cd, 0.05);
    this.show('t_oil', oil, 0.04);
    this.show('t_motor', motor, 0.05);
    this.show('t_amb', amb, 0.03);
    this.show('t_ext', ext, 0.04);
    this.show('t_tank', tank, 0.03);
    this.show('q_ev', run ? 25.4 : 24.9, 0.1);
    this.show('q_cd', run ? 30.2 : 0, run ? 0.12 : 0);
    this.show('dp_ev', 31.5, 0.15);
    this.show('dp_cd', run ? 38.2 : 0, run ? 0.18 : 0);
    this.show('load', load, run ? 0.15 : 0);
    this.show('p_cool', cool, run ? 0.4 : 0);
    this.show('power', power, 0.03);
    this.show('i_comp', run ? power * 1.62 : 0, run ? 0.1 : 0);
    this.show('n_comp', run ? 1500 + 2100 * share : 0, run ? 3 : 0);
    this.show('eev', run ? 22 + 55 * share : 0, run ? 0.2 : 0);
    this.show('voltage', 401 + 2.5 * Math.sin(this.utcMs / 5.3e6), 0.3);
  }
}

/** Saturation pressure of R134a, bar absolute, by a fit that is right within 1 % from −20 to 70 °C. */
function pressureBar(celsius: number): number {
  return Math.exp(10.2 - 2434 / (celsius + 253));
}
