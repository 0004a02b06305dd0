// Instants of a block as delta of deltas: Pelkonen et al., «Gorilla: A Fast, Scalable, In-Memory Time Series
// Database», VLDB 2015, §4.1.1, with its classes of 7, 9 and 12 bits, here in ms and around a first step of one
// second. One stream for all columns of a block, where Gorilla as published would pay for one each. Used by every
// bit-level peer.
import type { Block } from '../recording.ts';
import type { BitReader, BitWriter } from './bits.ts';

const FIRST_BITS = 48;
const FIRST_STEP_MS = 1000;
/** What is beyond the classes: 48 bits around zero. */
const FAR = 2 ** 47;

export function writeTimes(out: BitWriter, { recording: { timesMs }, from, to }: Block): void {
  out.bits(timesMs[from]!, FIRST_BITS);
  let step = FIRST_STEP_MS;
  for (let row = from + 1; row < to; row++) {
    const delta = timesMs[row]! - timesMs[row - 1]!;
    const change = delta - step;
    step = delta;
    if (change === 0) out.bits(0, 1);
    else if (change >= -63 && change <= 64) {
      out.bits(0b10, 2);
      out.bits(change + 63, 7);
    } else if (change >= -255 && change <= 256) {
      out.bits(0b110, 3);
      out.bits(change + 255, 9);
    } else if (change >= -2047 && change <= 2048) {
      out.bits(0b1110, 4);
      out.bits(change + 2047, 12);
    } else {
      out.bits(0b1111, 4);
      out.bits(change + FAR, 48);
    }
  }
}

export function readTimes(reader: BitReader, rowCount: number): number[] {
  let time = reader.bits(FIRST_BITS);
  const times = [time];
  let step = FIRST_STEP_MS;
  while (times.length < rowCount) {
    step += readChange(reader);
    time += step;
    times.push(time);
  }
  return times;
}

function readChange(reader: BitReader): number {
  if (reader.bits(1) === 0) return 0;
  if (reader.bits(1) === 0) return reader.bits(7) - 63;
  if (reader.bits(1) === 0) return reader.bits(9) - 255;
  if (reader.bits(1) === 0) return reader.bits(12) - 2047;
  return reader.bits(48) - FAR;
}
