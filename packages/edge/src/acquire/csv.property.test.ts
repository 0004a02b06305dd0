// What is written as a recording is read back, value for value; what is no recording is refused by line and column.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecording } from './csv.ts';

const read = (text: string) => parseRecording('f.csv', new TextEncoder().encode(text));

const table = fc.integer({ min: 1, max: 5 }).chain((width) =>
  fc.record({
    steps: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 30 }),
    cells: fc.array(
      fc.array(fc.oneof(fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true })), {
        minLength: width,
        maxLength: width,
      }),
      { minLength: 30, maxLength: 30 },
    ),
    width: fc.constant(width),
    decimalComma: fc.boolean(),
    newline: fc.constantFrom('\n', '\r\n'),
    bom: fc.constantFrom('', '\uFEFF'),
  }),
);

describe('a recording', () => {
  it('comes back as it was written, with either decimal sign, line end and a BOM', () => {
    fc.assert(
      fc.property(table, ({ steps, cells, width, decimalComma, newline, bom }) => {
        const separator = decimalComma ? ';' : ',';
        const write = (value: number | null): string => {
          const text = value === null ? '' : Object.is(value, -0) ? '-0' : String(value);
          return decimalComma ? text.replace('.', ',') : text;
        };
        let t = 1_600_000_000_000;
        const times = steps.map((step) => (t += step));
        const lines = [
          ['t', ...Array.from({ length: width }, (_, i) => `c${i}`)],
          ...times.map((time, row) => [String(time), ...cells[row]!.map(write)]),
        ];
        const got = read(bom + lines.map((line) => line.join(separator)).join(newline));
        expect(got).toMatchObject({ ok: true });
        if (!got.ok) return;
        expect([...got.value.timesMs]).toEqual(times);
        const wanted = times.flatMap((_, row) => cells[row]!.map((value) => value ?? Number.NaN));
        expect([...got.value.cells]).toEqual(wanted);
      }),
    );
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseRecording('f.csv', bytes);
      }),
    );
  });

  it.each([
    ['', 'f.csv:1:1: the file is empty'],
    ['t,a\n', 'f.csv:2:1: the file has no rows'],
    ['time,a\n1,2\n', 'f.csv:1:1: the first column must be «t»'],
    ['t,a,a\n1,2,3\n', 'f.csv:1:5: «a» names two columns'],
    ['t,a\n5,1\n4,1\n', 'f.csv:3:1: time goes backwards'],
    ['t,a\n5,1\n6,one\n', 'f.csv:3:3: «one» is not a number'],
    ['t,a\n5,1,2\n', 'f.csv:2:1: 3 cells'],
  ])('refuses %j', (text, message) => {
    const got = read(text);
    expect(got.ok ? '' : got.message).toContain(message);
  });
});
