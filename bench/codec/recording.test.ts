// What the bench makes of a recording: integers from the text, halves, blocks, and rows for the codec.
import { describe, expect, it } from 'vitest';
import { type BenchRecording, columnOf, cut, denseIntegers, halves } from './recording.ts';
import { rowsOf, sameRows, schemaOf } from './vigie.ts';

const column = (...values: number[]) => columnOf('a', Float64Array.from(values));

function recordingOf(...columns: ReturnType<typeof column>[]): BenchRecording {
  const rowCount = columns[0]?.values.length ?? 0;
  const timesMs = Float64Array.from({ length: rowCount }, (_, i) => i * 1000 + (i === 1 ? 400 : 0));
  return { file: 'x.csv', rowCount, timesMs, columns, wholeSeconds: false, sha256: '' };
}

describe('a column', () => {
  it('is integers scaled by the most decimals of any sample', () => {
    const { integers, decimals, widthBits } = column(20.5, -0.07, 3);
    expect([decimals, widthBits, ...integers!]).toEqual([2, 16, 2050, -7, 300]);
  });
  it('takes 8 bits from −128 to 255 when the sign allows', () => {
    expect(column(-128, 127).widthBits).toBe(8);
    expect(column(0, 255).widthBits).toBe(8);
    expect(column(-1, 255).widthBits).toBe(16);
    expect(column(0, 2 ** 32).widthBits).toBe(64);
  });
  it('has no integers with an exponent, a −0, or beyond 2^53', () => {
    for (const value of [1e-7, -0, 1e21, 9007199254740994]) expect(column(1, value).integers).toBe(null);
  });
  it('is no dense integers where a sample is missing', () => {
    const sparse = column(1, Number.NaN);
    expect(sparse.integers).not.toBe(null);
    expect(denseIntegers(sparse)).toBe(null);
    expect(sparse.texts).toEqual(['1', '']);
  });
});

describe('rows', () => {
  const recording = recordingOf(column(1.25, 2, 3.5, 4, Number.NaN, 6, 7));
  it('are halved, and cut into whole blocks', () => {
    const both = halves(recording, null);
    expect(both).toEqual({ training: { from: 0, to: 3 }, measured: { from: 3, to: 7 } });
    expect(halves(recording, 2)).toEqual({ training: { from: 1, to: 3 }, measured: { from: 3, to: 5 } });
    expect(cut(recording, 3, 0, 7).map(({ from, to }) => [from, to])).toEqual([
      [0, 3],
      [3, 6],
    ]);
    expect(cut(recording, 8, 3, 7)).toHaveLength(1);
    expect(cut(recording, 9, 3, 7)).toHaveLength(0);
  });
  it('give a schema of what the training half says only', () => {
    expect(schemaOf(recording, 0, 3)).toEqual({
      intervalMs: 1400,
      channels: [{ id: 'a', kind: 'number', decimals: 2 }],
    });
    expect(schemaOf(recording, 3, 7).channels[0]?.decimals).toBe(0);
  });
  it('are compared bit for bit, presence included', () => {
    const rows = rowsOf({ recording, from: 3, to: 7 });
    expect(rows.columns[0]).toMatchObject({ present: Uint8Array.of(1, 0, 1, 1) });
    expect(sameRows(rows, rowsOf({ recording, from: 3, to: 7 }))).toBe(true);
    expect(sameRows(rows, rowsOf({ recording, from: 2, to: 6 }))).toBe(false);
    const full = rowsOf({ recording, from: 0, to: 3 });
    const zeros = {
      ...full,
      columns: [{ type: 'number' as const, values: Float64Array.of(1.25, 2, 3.5), present: null }],
    };
    expect(sameRows(full, zeros)).toBe(true);
    const negative = recordingOf(column(0, 1));
    const positive = recordingOf(column(-0, 1));
    expect(
      sameRows(
        rowsOf({ recording: negative, from: 0, to: 2 }),
        rowsOf({ recording: positive, from: 0, to: 2 }),
      ),
    ).toBe(false);
  });
});
