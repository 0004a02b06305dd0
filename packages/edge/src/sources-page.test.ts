// docs/sources.md: every example of it is read by the code it is for, and fits the one beside it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadModel } from '@vigie/model/load';
import { afterAll, expect, it } from 'vitest';
import { LineParser } from './acquire/line-parser.ts';
import { type RunSettings, runSettings } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-page-'));
afterAll(() => rmSync(folder, { recursive: true }));
const page = readFileSync('docs/sources.md', 'utf8');

/** Blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  );
}

it('has complete examples that are read as they stand', () => {
  const types: string[] = [];
  const settings: RunSettings[] = [];
  for (const text of blocks('yaml')) {
    const name = /^# (\S+\.yaml)\n/.exec(text)?.[1] ?? '';
    expect(name).not.toBe('');
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (name === 'edge.yaml') {
      const read = runSettings({ config: file });
      if (!read.ok) throw new Error(read.message);
      types.push(read.value.source.type);
      settings.push(read.value);
      continue;
    }
    const model = loadModel(file);
    if (!model.ok) throw new Error(model.message);
    // It is the model of the settings above it.
    const { source, model: named } = settings.at(-1) ?? {};
    expect(named).toBe(name);
    expect(model.value.registers !== null).toBe(source?.type !== 'serial-lines');
    if (source?.type !== 'serial-lines') continue;
    const [csv = '', json = ''] = blocks('text');
    const parser = new LineParser(model.value, source);
    expect(
      csv
        .trim()
        .split('\n')
        .map((line) => parser.parse(line)),
    ).toEqual([
      { kind: 'header' },
      { kind: 'row', values: [20.31, 24.87, 118.2], unreadable: [] },
      { kind: 'row', values: [20.33, null, 118.2], unreadable: [] },
    ]);
    expect(new LineParser(model.value, { format: 'json', header: false }).parse(json.trim())).toEqual({
      ...{ kind: 'row', values: [20.31, null, 118.2], unreadable: [] },
    });
  }
  expect(types).toEqual(['modbus-tcp', 'modbus-rtu', 'serial-lines', 'csv']);
});
