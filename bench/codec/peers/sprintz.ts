// Sprintz: Blalock, Madden, Guttag, «Sprintz: Time Series Compression for the Internet of Things», IMWUT 2018, §4:
// errors of a predictor, zig-zag, packed eight by eight in the bits the greatest needs; runs of groups without
// error are counted. Predictors: delta (`sprintz`), or a slope learnt on the way (`sprintz-fire`, after the paper's
// FIRE). On integers scaled by a decimal; a column that is none is 64 raw bits a sample. The paper's entropy coder
// is left out. Instants: timestamps.ts, once a block. Not counted: scales and widths (schema), the block's row
// count.
//
//   per column: first value varint · groups: width 5 or 6 · errors of 8 samples;  width 0 · groups − 1 8
import { type BenchColumn, type Block, denseIntegers } from '../recording.ts';
import { BitReader, BitWriter, bitLength, unzigzag, zigzag } from './bits.ts';
import { bitsOfIntegers, type Decode, type Encode, type Peer, written } from './peer.ts';
import { readTimes, writeTimes } from './timestamps.ts';

const GROUP = 8;
const RUN_MOST = 256;

/** Says the next step from the last one. */
interface Predictor {
  predict(): number;
  /** The step as it was. */
  learn(step: number): void;
}

const delta = (): Predictor => ({ predict: () => 0, learn: () => {} });

/** Next step = last × slope ÷ 256; the slope goes by 8 towards what would have been right. */
const fire = (): Predictor => {
  let slope = 0;
  let last = 0;
  const predict = (): number => Math.trunc((slope * last) / 256);
  return {
    predict,
    learn: (step) => {
      slope += Math.sign(step - predict()) * Math.sign(last) * 8;
      slope = Math.max(-256, Math.min(256, slope));
      last = step;
    },
  };
};

const widthFieldBits = ({ widthBits }: BenchColumn): number => (widthBits <= 16 ? 5 : 6);

const encode =
  (predictor: () => Predictor): Encode =>
  (block: Block) => {
    const out = new BitWriter();
    writeTimes(out, block);
    for (const column of block.recording.columns) {
      const integers = denseIntegers(column);
      if (integers === null) for (let row = block.from; row < block.to; row++) out.big(column.bits[row]!, 64);
      else writeColumn(out, integers.subarray(block.from, block.to), widthFieldBits(column), predictor());
    }
    return out.done();
  };

function writeColumn(out: BitWriter, integers: Float64Array, fieldBits: number, predictor: Predictor): void {
  out.varint(zigzag(integers[0]!));
  let run = 0;
  const endRun = (): void => {
    if (run === 0) return;
    out.bits(0, fieldBits);
    out.bits(run - 1, 8);
    run = 0;
  };
  for (let at = 1; at < integers.length; at += GROUP) {
    const errors: number[] = [];
    for (let i = at; i < Math.min(at + GROUP, integers.length); i++) {
      const step = integers[i]! - integers[i - 1]!;
      errors.push(zigzag(step - predictor.predict()));
      predictor.learn(step);
    }
    const width = bitLength(Math.max(...errors));
    if (width === 0) {
      if (++run === RUN_MOST) endRun();
      continue;
    }
    endRun();
    out.bits(width, fieldBits);
    for (const error of errors) out.bits(error, width);
  }
  endRun();
}

const decode =
  (predictor: () => Predictor): Decode =>
  (bytes, rowCount, columns) => {
    const reader = new BitReader(bytes);
    return {
      timesMs: readTimes(reader, rowCount),
      columns: columns.map((column) =>
        denseIntegers(column) === null
          ? BigUint64Array.from({ length: rowCount }, () => reader.big(64))
          : bitsOfIntegers(
              readColumn(reader, rowCount, widthFieldBits(column), predictor()),
              column.decimals,
            ),
      ),
    };
  };

function readColumn(reader: BitReader, rowCount: number, fieldBits: number, predictor: Predictor): number[] {
  let value = unzigzag(reader.varint());
  const integers = [value];
  const take = (width: number): void => {
    for (let k = 0; k < GROUP && integers.length < rowCount; k++) {
      const step = predictor.predict() + (width === 0 ? 0 : unzigzag(reader.bits(width)));
      predictor.learn(step);
      value += step;
      integers.push(value);
    }
  };
  while (integers.length < rowCount) {
    const width = reader.bits(fieldBits);
    for (let groups = width === 0 ? reader.bits(8) + 1 : 1; groups > 0; groups--) take(width);
  }
  return integers;
}

export const SPRINTZ_PEERS: readonly Peer[] = [
  written('sprintz', encode(delta), decode(delta)),
  written('sprintz-fire', encode(fire), decode(fire)),
];
