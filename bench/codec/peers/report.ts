// The two steps of the 2022 report on this fleet, per row:
// - report-typed: time, then every channel in the narrowest of 8, 16, 32 or 64 bits that holds it.
// - report-bitmap: time, a bitmap of the channels that changed since the row before, and those in 32 bits (64 where
//   32 do not hold the scaled integer); the first row of a block has them all.
// Time is 4 bytes of seconds, or 6 of ms where seconds do not tell. Sizes are counted, the bytes are not written: the
// report leaves scale factors and missing samples open. Not counted: those.
import type { Block } from '../recording.ts';
import { counted, type Peer } from './peer.ts';

const timeSize = ({ recording }: Block): number => (recording.wholeSeconds ? 4 : 6);

function typed(block: Block): number {
  const bits = block.recording.columns.reduce((sum, { widthBits }) => sum + widthBits, 0);
  return (timeSize(block) + bits / 8) * (block.to - block.from);
}

function bitmap(block: Block): number {
  const { columns } = block.recording;
  let size = 0;
  for (let row = block.from; row < block.to; row++) {
    size += timeSize(block) + Math.ceil(columns.length / 8);
    for (const { texts, widthBits } of columns) {
      if (row === block.from || texts[row] !== texts[row - 1]) size += widthBits === 64 ? 8 : 4;
    }
  }
  return size;
}

export const REPORT_PEERS: readonly Peer[] = [
  counted('report-typed', typed),
  counted('report-bitmap', bitmap),
];
