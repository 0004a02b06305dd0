// `npm run bench:codec -- FILE.csv…`: bytes of Vigie's blocks beside those of the peers, on recordings given.
// Reads everything before it measures anything, so that a wrong file costs a second and not ten minutes.
import { parseArgs } from 'node:util';
import { type CommandSpec, EXIT, explain, type FlagSpec, type Outcome, parseFlags } from '@vigie/config';
import { type Entry, measure, presentPeers, summarise } from './measure.ts';
import { PEERS, type Peer } from './peers/index.ts';
import { type BenchRecording, halves, loadRecording } from './recording.ts';
import { summaryText, tableOf } from './table.ts';
import { prepareVigie } from './vigie.ts';

const FLAGS = {
  'block-rows': { type: 'string', value: 'N,N', help: 'rows per block, one or several sizes; usually 60' },
  'max-rows': { type: 'number', value: 'N', help: 'rows of each half at most, those around the middle; all' },
  peers: { type: 'string', value: 'A,B', help: 'only these peers; all' },
  json: { type: 'boolean', help: 'JSON on standard output instead of tables' },
} as const satisfies Record<string, FlagSpec>;

const SPEC: CommandSpec<typeof FLAGS> = {
  name: 'bench:codec',
  summary: 'Measures how small and how fast blocks are, beside other encoders, on recordings.',
  flags: FLAGS,
  positionals: ['FILE.csv…'],
  notes: [
    'A file has a first column t (Unix ms) and one column per channel. The first half trains priors and',
    'dictionaries, whole blocks of the second half are measured. What the peers are: bench/README.md.',
    `Peers: ${PEERS.map(({ name }) => name).join(', ')}.`,
  ].join('\n'),
};

const BLOCK_ROWS_MOST = 10_000;

interface Settings {
  readonly recordings: readonly BenchRecording[];
  readonly blockRows: readonly number[];
  readonly rowsMost: number | null;
  readonly peers: readonly Peer[];
  readonly json: boolean;
}

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const parsed = parseFlags(withFiles(args), args);
  if (parsed.kind !== 'run') return explain(parsed);
  const settings = settingsOf(parsed.flags, parsed.positionals);
  if (!settings.ok) {
    console.error(`${SPEC.name}: ${settings.message}`);
    return EXIT.failed;
  }
  return bench(settings.value);
}

/** As many positional arguments as are given: `parseFlags` wants their number. */
function withFiles(args: readonly string[]): CommandSpec<typeof FLAGS> {
  if (args.includes('--help') || args.includes('-h')) return SPEC;
  const options = Object.fromEntries(
    Object.entries(FLAGS).map(([name, { type }]) => [
      name,
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { positionals } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true });
  return { ...SPEC, positionals: Array<string>(Math.max(1, positionals.length)).fill('FILE.csv…') };
}

function settingsOf(
  flags: { readonly [name in keyof typeof FLAGS]?: string | number | boolean },
  files: readonly string[],
): Outcome<Settings> {
  const wrong = (message: string): Outcome<never> => ({ ok: false, message });
  const blockRows: number[] = [];
  for (const text of String(flags['block-rows'] ?? '60').split(',')) {
    const rows = Number(text);
    if (!Number.isInteger(rows) || rows < 2 || rows > BLOCK_ROWS_MOST) {
      return wrong(`--block-rows takes whole numbers from 2 to ${BLOCK_ROWS_MOST}, not «${text}»`);
    }
    if (!blockRows.includes(rows)) blockRows.push(rows);
  }
  const rowsMost = flags['max-rows'] === undefined ? null : Number(flags['max-rows']);
  if (rowsMost !== null && (!Number.isInteger(rowsMost) || rowsMost < 2)) {
    return wrong(`--max-rows takes a whole number from 2 on, not ${rowsMost}`);
  }
  const names = flags.peers === undefined ? null : String(flags.peers).split(',');
  const stranger = names?.find((name) => !PEERS.some((peer) => peer.name === name));
  if (stranger !== undefined) return wrong(`there is no peer «${stranger}»; --help names them`);
  const recordings: BenchRecording[] = [];
  for (const file of files) {
    const loaded = loadRecording(file);
    if (!loaded.ok) return loaded;
    recordings.push(loaded.value);
  }
  return {
    ok: true,
    value: {
      recordings,
      blockRows,
      rowsMost,
      peers: PEERS.filter(({ name }) => names?.includes(name) ?? true),
      json: flags.json === true,
    },
  };
}

function bench({ recordings, blockRows, rowsMost, peers, json }: Settings): number {
  const { present, absent } = presentPeers(peers);
  for (const { name, reason } of absent) console.error(`${name} is left out: ${reason}`);
  const entries: Entry[] = [];
  const notes: string[] = [];
  for (const recording of recordings) {
    const both = halves(recording, rowsMost);
    const vigie = prepareVigie(recording, both);
    for (const note of vigie.notes) console.error(note);
    notes.push(...vigie.notes);
    const these: Entry[] = [];
    for (const rows of blockRows) {
      const what = `${recording.file}, ${rows} rows per block`;
      const entry = measure({
        recording,
        halves: both,
        blockRows: rows,
        peers: present,
        vigie,
        progress: (name) => progress(`${what}: ${name}`),
        nowMs: () => performance.now(),
      });
      progress(null);
      if (entry !== null) these.push(entry);
      console.error(
        entry === null ? `${what}: the measured half is too short for one block` : `${what}: done`,
      );
    }
    if (!json && these.length > 0) console.log(`${tableOf(these)}\n`);
    entries.push(...these);
  }
  const summary = summarise(entries, absent, notes);
  console.log(json ? JSON.stringify({ files: entries, summary }, null, 2) : summaryText(summary));
  return EXIT.ok;
}

/** One line that changes, on a terminal only; `null` clears it. */
function progress(text: string | null): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text ?? ''}`);
}
