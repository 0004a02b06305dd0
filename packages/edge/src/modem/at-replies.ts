// What modems answer to AT commands, as values. Pure. Sources: 3GPP TS 27.007 (CPIN §8.3, CREG §7.2, CGREG §10.1.20, CEREG
// §10.1.22, COPS §7.3, CSQ §8.5, CESQ §8.69, CGPADDR §10.1.14); Quectel EC25/EG25 AT commands (QCSQ); SIMCom SIM7500/7600 AT
// commands (CPSI). Invariants: 99 and 255 are `null`; what does not parse is `null`, never 0.
// Not here: who asks (at-modem.ts).
import type { Registration, SimState, Technology } from './modem.ts';

/** Values of a line `+NAME: a,"b",3`, without quotes; `null`: it is not one. */
export function fieldsOf(line: string, prefix: string): readonly string[] | null {
  if (!line.startsWith(prefix)) return null;
  const fields = line.slice(prefix.length).match(/"[^"]*"|[^,]+|(?<=,)(?=,|$)/g) ?? [];
  return fields.map((field) => field.trim().replace(/^"|"$/g, ''));
}

/** @param answer the modem's line, or its error. */
export function simOf(answer: string): SimState {
  if (/READY/.test(answer)) return 'ready';
  if (/SIM (PIN|PUK)|PH-/.test(answer)) return 'locked';
  if (/not inserted|ERROR: (10|310)$/i.test(answer)) return 'missing';
  if (/failure|wrong|ERROR: (13|15|313)$/i.test(answer)) return 'failed';
  return 'unknown';
}

export interface Registered {
  readonly registration: Registration;
  readonly technology: Technology | null;
}

/**
 * Of `+CREG:`, `+CGREG:`, `+CEREG:` as answered: mode, state, then quoted places and the technology. A line of the same name
 * that comes unasked has no mode before its state.
 */
export function registrationOf(lines: readonly string[], prefix: string): Registered | null {
  for (const line of [...lines].reverse()) {
    const match = new RegExp(`^\\${prefix} *\\d,(\\d+)(?:,[^,]*,[^,]*,(\\d+))?`).exec(line);
    if (match === null) continue;
    return {
      registration: REGISTRATIONS[Number(match[1])] ?? 'unknown',
      technology: match[2] === undefined ? null : technologyOf(Number(match[2])),
    };
  }
  return null;
}

/** 6 to 8: for short messages only, or for calls to help; there is no data. */
const REGISTRATIONS: readonly Registration[] = ['idle', 'home', 'searching', 'denied', 'unknown', 'roaming'];

/** <AcT> of TS 27.007 §7.3. */
export function technologyOf(act: number): Technology | null {
  if (act === 0 || act === 1 || act === 3 || act === 8) return '2G';
  if (act === 2 || (act >= 4 && act <= 6)) return '3G';
  if (act === 7 || act === 9 || act === 10) return '4G';
  return act >= 11 && act <= 13 ? '5G' : null;
}

/** `+COPS: mode,format,"Orange F",7` */
export function operatorOf(lines: readonly string[]): {
  operator: string | null;
  technology: Technology | null;
} {
  const fields = fieldsOf(lines.at(-1) ?? '', '+COPS:') ?? [];
  const act = number(fields[3]);
  return { operator: fields[2] || null, technology: act === null ? null : technologyOf(act) };
}

/** dBm; `+CSQ: 0 … 31,ber`: −113 + 2 n. */
export function rssiOf(lines: readonly string[]): number | null {
  const n = number(fieldsOf(lines.at(-1) ?? '', '+CSQ:')?.[0]);
  return n === null || n < 0 || n > 31 ? null : -113 + 2 * n;
}

export interface Levels {
  readonly rssiDbm: number | null;
  readonly rsrpDbm: number | null;
  readonly rsrqDb: number | null;
  readonly sinrDb: number | null;
}
export const noLevels: Levels = { rssiDbm: null, rsrpDbm: null, rsrqDb: null, sinrDb: null };

/** `+CESQ: rxlev,ber,rscp,ecno,rsrq,rsrp`: RSRQ −20 + n / 2 for 0 … 34, RSRP −141 + n for 0 … 97. */
export function cesqLevels(lines: readonly string[]): Levels {
  const fields = fieldsOf(lines.at(-1) ?? '', '+CESQ:') ?? [];
  const [rsrq, rsrp] = [number(fields[4]), number(fields[5])];
  return {
    ...noLevels,
    rsrqDb: rsrq === null || rsrq > 34 ? null : -20 + rsrq / 2,
    rsrpDbm: rsrp === null || rsrp > 97 ? null : -141 + rsrp,
  };
}

/** `+QCSQ: "LTE",rssi,rsrp,sinr,rsrq`, SINR in fifths of a dB above −20; `"GSM",rssi`; `"WCDMA",rssi,rscp,ecio`; `"NOSERVICE"`. */
export function qcsqLevels(lines: readonly string[]): Levels {
  const [system, ...values] = fieldsOf(lines.at(-1) ?? '', '+QCSQ:') ?? [];
  const [rssi, rsrp, sinr, rsrq] = values.map((one) => number(one));
  const rssiDbm = within(rssi, -125, 0);
  if (system === undefined || system === 'NOSERVICE') return noLevels;
  if (!/LTE|NR|NB/i.test(system)) return { ...noLevels, rssiDbm };
  const fifths = within(sinr, 0, 250);
  return {
    rssiDbm,
    rsrpDbm: within(rsrp, -156, -30),
    rsrqDb: within(rsrq, -40, 20),
    sinrDb: fifths === null ? null : Math.round(fifths / 5 - 20),
  };
}

/**
 * `+CPSI: LTE,Online,MCC-MNC,TAC,cell,pcell,band,earfcn,dlbw,ulbw,RSRQ,RSRP,RSSI,RSSNR`: the first three in tenths.
 * `+CPSI: GSM,Online,…,rxlev,…` and `WCDMA` give no levels worth more than CSQ.
 */
export function cpsiLevels(lines: readonly string[]): Levels {
  const fields = fieldsOf(lines.at(-1) ?? '', '+CPSI:') ?? [];
  if (fields[0] !== 'LTE' || fields[1] !== 'Online') return noLevels;
  const tenths = (at: number, low: number, high: number): number | null => {
    const value = number(fields[at]);
    return within(value === null ? null : value / 10, low, high);
  };
  return {
    rsrqDb: tenths(10, -40, 20),
    rsrpDbm: tenths(11, -156, -30),
    rssiDbm: tenths(12, -125, 0),
    sinrDb: within(number(fields[13]), -20, 40),
  };
}

/** `+CGPADDR: 1,"10.64.12.7"` */
export function addressOf(lines: readonly string[]): string | null {
  for (const line of lines) {
    const address = fieldsOf(line, '+CGPADDR:')?.[1];
    if (address !== undefined && /[1-9]/.test(address) && /^[0-9a-fA-F.:]+$/.test(address)) return address;
  }
  return null;
}

function number(text: string | undefined): number | null {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function within(value: number | null | undefined, low: number, high: number): number | null {
  return value === null || value === undefined || value < low || value > high ? null : value;
}
