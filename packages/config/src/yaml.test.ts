// YAML is read or refused with the line and column of the mistake, and never throws.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseYaml, readYaml } from './yaml.ts';

const schema = z.strictObject({
  name: z.string(),
  ports: z.array(z.strictObject({ port: z.number().int() })).default([]),
});
const message = (text: string): string | null => {
  const parsed = parseYaml('f.yaml', text, schema);
  return parsed.ok ? null : parsed.message;
};

describe('YAML', () => {
  it('is read, JSON too', () => {
    const value = { name: 'é', ports: [{ port: 1 }] };
    expect(parseYaml('f', 'name: é\nports:\n  - port: 1\n', schema)).toEqual({ ok: true, value });
    expect(parseYaml('f', JSON.stringify(value, null, 2), schema)).toEqual({ ok: true, value });
  });

  it.each([
    ['name: [a\n', /^f\.yaml:2:1: /],
    ['name: a\nname: b\n', /^f\.yaml:2:1: /],
    ['name: a\n---\nname: b\n', /^f\.yaml:2:1: .*documents/],
    ['name: a\nprots: []\n', /^f\.yaml:2:1: prots: unrecognized key/],
    ['name: a\nports:\n  - port: 1\n    prot: 2\n', /^f\.yaml:4:5: ports\.0\.prot: unrecognized key/],
    ['name: a\nports:\n  - port: one\n', /^f\.yaml:3:11: ports\.0\.port: /],
    ['ports: []\n', /^f\.yaml:1:1: name: /],
    ['', /^f\.yaml:1:1: /],
    ['name: *nowhere\n', /^f\.yaml:1:7: /],
    ['name: &n a\nports: [*n, *nowhere]\n', /^f\.yaml:2:13: /],
  ])('%j is refused where it is wrong', (text, words) => {
    expect(message(text)).toMatch(words);
    expect(message(text)).not.toContain('\n');
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      'name: ',
      'ports:',
      '\n',
      '  - ',
      '{',
      '}',
      '&a ',
      '*a',
      '!!binary ',
      '? ',
      '"',
      '|',
      '# ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 20 }), (parts) => {
        message(parts.join(''));
      }),
      { numRuns: 500 },
    );
  });

  it('says what is wrong with the file itself', () => {
    expect(readYaml('nowhere/at/all.yaml', schema)).toEqual({
      ok: false,
      message: 'nowhere/at/all.yaml: no such file',
    });
    expect(readYaml('.', schema)).toEqual({ ok: false, message: '.: is a folder' });
  });
});
