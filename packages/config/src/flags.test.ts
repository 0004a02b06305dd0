// Flags come out as they were meant, or as one sentence; `--help` lists exactly what is read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helpText, parseFlags } from './flags.ts';

const spec = {
  name: 'tool run',
  summary: 'Does something.',
  flags: {
    data: { type: 'string', value: 'DIR', help: 'a folder' },
    port: { type: 'number', value: 'PORT', help: 'a port' },
    dev: { type: 'boolean', help: 'a switch' },
  },
} as const;

describe('flags', () => {
  it('give back what was written, in either form, in any order', () => {
    const text = fc.string({ minLength: 1 }).filter((value) => !value.startsWith('-'));
    fc.assert(
      fc.property(
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        (data, port, joined) => {
          const args = joined
            ? [`--port=${port}`, `--data=${data}`]
            : ['--data', data, '--dev', `--port=${port}`];
          expect(parseFlags(spec, args)).toEqual({
            kind: 'run',
            // As written: "-0" is 0 on the way through a text.
            flags: { data, port: Number(String(port)), ...(joined ? {} : { dev: true }) },
            positionals: [],
          });
        },
      ),
    );
  });

  it('may be given several times where they are a list', () => {
    const flags = { name: { type: 'list', value: 'NAME', help: 'names' } } as const;
    expect(parseFlags({ ...spec, flags }, ['--name', 'a', '--name=-b'])).toMatchObject({
      flags: { name: ['a', '-b'] },
    });
    expect(parseFlags({ ...spec, flags }, [])).toMatchObject({ flags: {} });
    expect(helpText({ ...spec, flags })).toContain('--name NAME …');
  });

  it('never throw, and explain themselves in one line that names the command', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('--data', '--port', '-p', '--', '--no-dev'))),
        (args) => {
          const parsed = parseFlags(spec, args);
          if (parsed.kind === 'wrong')
            expect(parsed.message).toMatch(/^tool run: .*\(see tool run --help\)$/s);
        },
      ),
    );
  });

  it.each([
    [['--prot', '1'], 'unknown flag --prot'],
    [['-x'], 'unknown flag -x'],
    [['--port', 'eighty'], '--port takes a number, not «eighty»'],
    [['--port', ''], '--port takes a number, not «»'],
    [['--port', 'Infinity'], '--port takes a number, not «Infinity»'],
    [['--data'], '--data needs a value'],
    [['--port', '-1'], '--port needs a value; one that starts with a dash is written --port=-…'],
    [['extra'], '«extra» is one argument too many'],
  ])('%j: %s', (args, sentence) => {
    expect(parseFlags(spec, args)).toEqual({
      kind: 'wrong',
      message: `tool run: ${sentence} (see tool run --help)`,
    });
  });

  it('ask for what must be there', () => {
    const parsed = parseFlags({ ...spec, positionals: ['FILE'] }, ['--dev']);
    expect(parsed).toMatchObject({ kind: 'wrong', message: expect.stringContaining('FILE is missing') });
    expect(parseFlags({ ...spec, positionals: ['FILE'] }, ['a'])).toMatchObject({ positionals: ['a'] });
  });

  it('are all in the help, whatever else is written beside it', () => {
    const parsed = parseFlags(spec, ['--nonsense', '--help']);
    expect(parsed).toEqual({ kind: 'help', text: helpText(spec) });
    for (const name of Object.keys(spec.flags)) expect(helpText(spec)).toContain(`--${name}`);
  });
});
