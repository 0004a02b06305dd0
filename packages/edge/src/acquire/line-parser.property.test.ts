// Lines come out whole however their bytes arrive, dated by their first one; what was printed is what is read.
import { machineSchemaSchema } from '@vigie/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCutter, MOST_LINE_BYTES } from './line-cutter.ts';
import { LineParser } from './line-parser.ts';

describe('lines', () => {
  it('are the same however bytes are cut, from the first that is whole', () => {
    const text = fc.string({ maxLength: 30 }).map((some) => some.replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (lines, ending, cuts, early) => {
          const bytes = new TextEncoder().encode(lines.map((line) => line + ending).join(''));
          // Printing while the port is opened: the first line may be half a one.
          const cutter = new LineCutter(early ? 1000 : 0);
          const found: (string | null)[] = [];
          const starts: number[] = [];
          for (let at = 0, n = 0; at < bytes.length; n++) {
            const size = cuts[n % cuts.length] ?? 1;
            // Instants count bytes, so that each says which byte came first.
            for (const line of cutter.push(bytes.subarray(at, at + size), 1000 + at)) {
              found.push(line.text);
              starts.push(line.firstMs);
            }
            at += size;
          }
          const whole = early && (lines[0] ?? '') !== '' ? lines.slice(1) : lines;
          const isText = (line: string): boolean => [...line].every((c) => c >= ' ' || c === '\t');
          expect(found).toEqual(
            whole.filter((line) => line !== '').map((line) => (isText(line) ? line : null)),
          );
          expect(starts).toEqual([...starts].sort((a, b) => a - b));
          for (const startMs of starts) expect(startMs - 1000).toBeLessThan(bytes.length);
        },
      ),
    );
  });

  it('of any length take no more than the bound', () => {
    const cutter = new LineCutter(0);
    const long = new Uint8Array(MOST_LINE_BYTES).fill(48);
    for (let i = 0; i < 100; i++) expect(cutter.push(long, 1000)).toEqual([]);
    expect(cutter.push(Uint8Array.of(10, 49, 10), 2000)).toEqual([
      { text: null, firstMs: 1000 },
      { text: '1', firstMs: 2000 },
    ]);
  });
});

const names = { fr: 'x', en: 'x' };
const schema = machineSchemaSchema.parse({
  model: 'test',
  names,
  channels: [
    { id: 'a', names, kind: 'number', decimals: 3 },
    { id: 'b', names, kind: 'counter' },
    { id: 'label', names, kind: 'text' },
  ],
});
const columns = ['A', 'B', 'Label'];
const row = fc.tuple(
  fc.option(fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1000)),
  fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  fc.option(fc.string({ minLength: 1, maxLength: 20 }).filter((s) => /^[a-z][a-z ]*[a-z]$/.test(s))),
);

describe('rows', () => {
  it('are what was printed, with any separator, by position, by header and by name', () => {
    fc.assert(
      fc.property(row, fc.constantFrom(',', ';', '\t'), (values, separator) => {
        fc.pre(values.some((value) => value !== null));
        const cells = values.map((value) => String(value ?? ''));
        const comma = (cell: string): string => (separator === ',' ? cell : cell.replace('.', ','));
        const csv = new LineParser({ schema, columns }, { format: 'csv', header: false });
        const expected = {
          kind: 'row',
          values: values.map((value) => (value === 0 ? 0 : value)),
          unreadable: [],
        };
        expect(csv.parse(cells.map(comma).join(separator))).toEqual(expected);
        const turned = new LineParser({ schema, columns }, { format: 'csv', header: true });
        expect(turned.parse(cells.join(separator)).kind).toBe('damaged');
        expect(turned.parse(['Label', 'other', 'B', 'A'].join(separator))).toEqual({ kind: 'header' });
        const [a = '', b = '', label = ''] = cells.map(comma);
        expect(turned.parse([label, '7', b, a].join(separator))).toEqual(expected);
        const json = new LineParser({ schema, columns }, { format: 'json', header: false });
        const members = Object.fromEntries(columns.map((column, i) => [column, values[i]]));
        expect(json.parse(JSON.stringify({ ...members, more: [1] }))).toEqual(expected);
      }),
    );
  });

  it('go on in their order after a header that breaks off, and in a new one after a whole header', () => {
    const csv = new LineParser({ schema, columns }, { format: 'csv', header: false });
    const valuesOf = (line: string) => {
      const parsed = csv.parse(line);
      return parsed.kind === 'row' ? parsed.values : parsed.kind;
    };
    expect(['A,B,La', 'A,B', '1,2,x', '1,2'].map(valuesOf)).toEqual([
      'header',
      'header',
      [1, 2, 'x'],
      'damaged',
    ]);
    expect(['B,A', '1,2', '3,4,x'].map(valuesOf)).toEqual(['header', [2, 1, null], 'damaged']);
  });

  it('are never made of garbage', () => {
    const json = new LineParser({ schema, columns }, { format: 'json', header: false });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        if (!/"(A|B|Label)"/.test(line)) expect(json.parse(line).kind).toBe('damaged');
        const csv = new LineParser({ schema, columns }, { format: 'csv', header: false });
        const parsed = csv.parse(line);
        if (!/[,;\t]/.test(line)) expect(parsed.kind).not.toBe('row');
      }),
    );
  });
});
