// Turbevap: a batch of effluent is drawn in by vacuum, evaporates at about 35 °C under 50 mbar while a high-speed
// compressor lifts the vapour to heat the boiler, and leaves as distillate; the concentrate is drained.
// Fouling of the exchanger grows with running time, takes distillate and raises the exchanger's difference.
import { type Episode, hourOfDay, Machine, saturationC } from './physics.ts';

const FILL_S = 420;
/** Until vacuum, flow and temperatures are those of evaporation, in which limits hold. */
const START_UP_S = 1500;
const EVAPORATE_S = 5.5 * 3600;
const DRAIN_S = 540;
const CLEAN_S = 1500;

export class Turbevap extends Machine {
  constructor(options: { seed: number; utcMs: number; story?: readonly Episode[]; fouling?: number }) {
    super(
      options.seed,
      options.utcMs,
      {
        state: 2,
        phase: (options.seed * 3571) % EVAPORATE_S,
        foul: options.fouling ?? 8,
        vac: 50,
        speed: 18_000,
        evap: 34,
        flow: 270,
        boil: 55,
        feed: 62,
        dist: 30,
        conc: 20,
        bear: 58,
        motor: 72,
        oil: 46,
        feedT: 19,
        distT: 32,
        concT: 36,
        vapT: 46,
        dens: 1040,
        cond: 60,
        amb: 21,
        hours: 11_200 + (options.seed % 900),
        v_dist: 2900,
        energy: 402_000,
        sp_evap: 35,
      },
      options.story ?? [],
    );
  }

  protected advance(dt: number): void {
    this.cycle(dt);
    const v = this.v;
    const run = v.state === 2 || v.state === 5;
    const hot = this.during('hot');
    const fouling = this.during('fouling');
    // A batch fouls a little; an episode fouls fast until it is cleaned away.
    if (run) v.foul = Math.min(95, this.get('foul') + dt * (fouling ? 0.00035 : 0.000006));
    if (!fouling && this.get('foul') > 45 && v.state === 4) v.foul = 8;
    const foul = this.get('foul');

    const speed = this.lag('speed', run ? 18_000 + (foul - 8) * 25 : 0, run ? 45 : 60, dt);
    const vac = this.lag(
      'vac',
      run ? 50 + (hot ? 19 : 0) + foul * 0.03 : v.state === 1 ? 180 : 260,
      run ? 140 : 90,
      dt,
    );
    const evap = this.lag('evap', run ? saturationC(vac) + 1.6 : 24, run ? 200 : 2400, dt);
    const dt_exch = run ? 4.2 + foul * 0.085 + (hot ? 2 : 0) : 0.4;
    const vapT = this.lag('vapT', run ? evap + 7 + dt_exch : 25, run ? 120 : 1500, dt);
    const flow = this.lag('flow', run ? Math.max(0, 292 - foul * 2.1) * (speed / 18_000) : 0, 50, dt);
    const power = speed < 500 ? 0.35 : 6.2 + 17 * (speed / 18_000) ** 3 + foul * 0.02;
    const warm = speed / 18_000;
    const amb = this.lag(
      'amb',
      20.5 + 3.2 * Math.sin(((hourOfDay(this.utcMs) - 9) / 12) * Math.PI),
      5000,
      dt,
    );
    const bear = this.lag('bear', amb + 37 * warm + (hot ? 14 : 0), 700, dt);
    const motor = this.lag('motor', amb + 52 * warm + (hot ? 12 : 0), 1100, dt);
    const oil = this.lag('oil', amb + 25 * warm, 1500, dt);
    const feedT = this.lag('feedT', amb - 2.5, 9000, dt);
    const distT = this.lag('distT', run ? feedT + 13.5 : feedT + 2, 400, dt);
    const concT = this.lag('concT', run ? evap + 1.8 : 26, 800, dt);
    const dens = this.lag('dens', run ? 1035 + 130 * (this.get('phase') / EVAPORATE_S) : 1030, 500, dt);
    const cond = this.lag('cond', 55 + foul * 0.5 + (run ? 0 : 25), 900, dt);
    const boil = this.lag('boil', run ? 55 : v.state === 3 || v.state === 4 ? 8 : 50, run ? 60 : 150, dt);

    // Tanks: effluent comes by day from the workshop, full tanks are pumped away.
    const hour = hourOfDay(this.utcMs);
    const made = (flow * dt) / 3600;
    let feed = this.get('feed') - (made * 1.08) / 60 + (hour > 6 && hour < 20 ? dt * 0.0021 : dt * 0.0002);
    if (feed < 22) feed += dt * 0.01;
    v.feed = Math.min(90, feed);
    let dist = this.get('dist') + made / 50;
    if (dist > 82) v.pumping = 1;
    if (dist < 25) v.pumping = 0;
    if (this.get('pumping') > 0) dist -= dt * 0.06;
    v.dist = dist;
    let conc = this.get('conc') + (v.state === 3 ? dt * 0.009 : 0);
    if (conc > 78) conc = 12;
    v.conc = conc;

    v.hours = this.get('hours') + (run ? dt / 3600 : 0);
    v.v_dist = this.get('v_dist') + made / 1000;
    v.energy = this.get('energy') + (power * dt) / 3600;

    v.status =
      (run || v.state === 1 ? 1 : 0) | (run ? 2 : 0) | (v.state === 1 ? 4 : 0) | (v.state === 3 ? 8 : 0);
    this.show('p_vac', vac, 0.18);
    this.show('t_evap', evap, 0.05);
    this.show('t_vap', vapT, 0.07);
    this.show('t_feed', feedT, 0.04);
    this.show('t_dist', distT, 0.05);
    this.show('t_conc', concT, 0.05);
    this.show('n_comp', speed, speed > 500 ? 6 : 0);
    this.show('i_comp', power * 1.78, 0.12);
    this.show('t_bear1', bear, 0.05);
    this.show('t_bear2', bear + 3.1, 0.05);
    this.show('t_motor', motor, 0.06);
    this.show('vib', 0.15 + 1.35 * warm ** 2, 0.05);
    const ratio = run ? 1 + 0.62 * warm ** 2 + dt_exch * 0.012 : 1;
    this.show('p_comp', vac * ratio, 0.25);
    this.show('p_ratio', ratio, 0.004);
    this.show('power', power, 0.03);
    this.show('q_dist', flow, flow > 5 ? 1.6 : 0);
    this.show('q_feed', run ? flow * 1.08 : v.state === 1 ? 620 : 0, run ? 2.2 : 0);
    this.show('q_circ', run ? 24.5 - foul * 0.03 : 0, run ? 0.12 : 0);
    this.show('l_boil', boil, 0.25);
    this.show('l_feed', feed, 0.1);
    this.show('l_dist', dist, 0.1);
    this.show('l_conc', conc, 0.1);
    this.show('cond_dist', cond, 0.8);
    this.show('density', dens, 0.5);
    this.show('ph', 7.4 + 0.35 * Math.sin(this.utcMs / 2.7e7), 0.008);
    this.show('dt_exch', dt_exch, 0.05);
    v.f_foul = foul;
    this.show('t_amb', amb, 0.03);
    this.show('t_oil', oil, 0.04);
    this.show('p_oil', run ? 2.35 - oil * 0.006 : 0, run ? 0.01 : 0);
  }

  private cycle(dt: number): void {
    const v = this.v;
    const phase = this.get('phase') + dt;
    v.phase = phase;
    const next = (state: number): void => {
      v.state = state;
      v.phase = 0;
    };
    if (v.state === 1 && phase > FILL_S) next(5);
    else if (v.state === 5 && phase > START_UP_S) next(2);
    else if (v.state === 2 && phase > EVAPORATE_S) next(3);
    else if (v.state === 3 && phase > DRAIN_S) next(this.get('foul') > 45 && !this.during('fouling') ? 4 : 1);
    else if (v.state === 4 && phase > CLEAN_S) next(1);
  }
}
