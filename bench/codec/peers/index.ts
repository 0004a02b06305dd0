// All peers, in the order of the tables.
import { ALP } from './alp.ts';
import { CHIMP_PEERS } from './chimp.ts';
import { COMPRESSORS, compressed } from './compressors.ts';
import { columnDeltas, DELTA_PEERS, varintDeltas } from './deltas.ts';
import { ELF } from './elf.ts';
import { GORILLA } from './gorilla.ts';
import { MESSAGE_PEERS } from './messages.ts';
import type { Peer } from './peer.ts';
import { REPORT_PEERS } from './report.ts';
import { SPRINTZ_PEERS } from './sprintz.ts';
import { csv, json, TEXT_PEERS } from './text.ts';

export type { Peer } from './peer.ts';

/** Stronger than what Vigie's aims were set against: means are given with and without them. */
export const UNFORESEEN: readonly string[] = [
  'varint-deltas+gzip',
  'varint-deltas+brotli',
  'varint-deltas+xz',
];

export const PEERS: readonly Peer[] = [
  ...TEXT_PEERS,
  ...MESSAGE_PEERS,
  ...REPORT_PEERS,
  GORILLA,
  ...CHIMP_PEERS,
  ELF,
  ALP,
  ...SPRINTZ_PEERS,
  ...DELTA_PEERS,
  ...COMPRESSORS.map((compressor) => compressed('csv', csv, compressor)),
  ...COMPRESSORS.map((compressor) => compressed('json', json, compressor)),
  ...COMPRESSORS.map((compressor) => compressed('column-deltas', columnDeltas, compressor)),
  ...COMPRESSORS.map((compressor) => compressed('varint-deltas', varintDeltas, compressor)),
];
