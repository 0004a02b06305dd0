// One stream: the columns that share a coder, each coded with what the ones before it showed. Holds the scratch space
// of a block in hand (lanes, sums), reused from block to block. Not here: how a column is coded (number-column.ts,
// text-column.ts) and how streams are laid out in a block (block.ts).
import type { Coder } from './coder.ts';
import type { Prior, UniversalPrior } from './prior.ts';
import type { Lane } from './relations.ts';

/** What coding a column needs besides the column. */
export interface Stream {
  readonly coder: Coder;
  readonly universal: UniversalPrior;
  readonly prior: Prior | null;
  readonly rowCount: number;
  readonly lanes: readonly Lane[];
  /** Scratch, one entry per row. */
  readonly sums: Float64Array;
  readonly outer: Int32Array;
  readonly whole: Float64Array;
  readonly places: Int32Array;
  readonly loose: Lane;
  /** Per row 0: a value, 1: no sample, 2: a value as 64 bits; and the same of the column before. */
  readonly kinds: Uint8Array;
  readonly kindsBefore: Uint8Array;
  /** Code units that texts may still take. */
  textLeft: number;
}

export class Scratch {
  private rows = 0;
  private lanes: Lane[] = [];
  private sums = new Float64Array(0);
  private outer = new Int32Array(0);
  private whole = new Float64Array(0);
  private places = new Int32Array(0);
  private kinds = new Uint8Array(0);
  private kindsBefore = new Uint8Array(0);

  /** Space for streams of at most `columnCount` columns. */
  stream(
    coder: Coder,
    universal: UniversalPrior,
    prior: Prior | null,
    rowCount: number,
    columnCount: number,
    textLeft: number,
  ): Stream {
    if (rowCount > this.rows) {
      this.rows = rowCount;
      this.lanes = [];
      this.sums = new Float64Array(rowCount);
      this.outer = new Int32Array(rowCount);
      this.whole = new Float64Array(rowCount);
      this.places = new Int32Array(rowCount);
      this.kinds = new Uint8Array(rowCount);
      this.kindsBefore = new Uint8Array(rowCount);
    }
    while (this.lanes.length < columnCount + 1) this.lanes.push(newLane(this.rows));
    const { lanes, sums, outer, whole, places, kinds, kindsBefore } = this;
    kindsBefore.fill(0, 0, rowCount);
    const loose = lanes[columnCount]!;
    return {
      coder,
      universal,
      prior,
      rowCount,
      lanes,
      sums,
      outer,
      whole,
      places,
      loose,
      kinds,
      kindsBefore,
      textLeft,
    };
  }
}

function newLane(rows: number): Lane {
  return {
    values: new Int32Array(rows),
    trace: { residual: new Int32Array(rows), activity: new Uint8Array(rows) },
    related: false,
    aligned: false,
  };
}
