// Gives one machine of the demo its past: rows of the same physics, replayed through a real edge agent (spool, blocks,
// link) to the last acknowledgement. A power cut of the story ends a boot, as it does in the field. Started again
// after an end in the middle, it goes on where it was. One process per machine; prints {"progress": 0 … 1} lines.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { realClock, realRandomness } from '@vigie/config';
import {
  Agent,
  type DatedRow,
  dialTls,
  folderHome,
  processTrainer,
  ReplaySource,
  readIdentity,
  realDisk,
  Spool,
  unrounded,
  writeWhole,
} from '@vigie/edge';
import { loadModel } from '@vigie/model/load';
import { createMachine, demoStory, type Kind, type Machine, readRow } from '@vigie/simulator';

const ROW_EVERY_MS = 10_000;

export interface HistoryTask {
  readonly kind: Kind;
  readonly model: string;
  readonly seed: number;
  readonly fouling: number;
  readonly storyIndex: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** The edge's data folder, enrolled. */
  readonly edgeFolder: string;
  /** Where the machine's state goes, for the simulator to go on from. */
  readonly stateFile: string;
}

const task = JSON.parse(process.argv[2] ?? '{}') as HistoryTask;
await fill(task);
process.exit(0);

async function fill({ edgeFolder, ...options }: HistoryTask): Promise<void> {
  const model = loadModel(options.model);
  if (!model.ok) throw new Error(model.message);
  const identity = readIdentity(edgeFolder);
  if (!identity.ok) throw new Error(identity.message);
  const home = folderHome(edgeFolder, identity.value, console.error);
  const machine = createMachine(options.kind, {
    seed: options.seed,
    utcMs: options.fromMs,
    fouling: options.fouling,
    story: demoStory(options.storyIndex, options.toMs),
  });
  const doneFile = join(edgeFolder, 'history.json');
  const done = existsSync(doneFile)
    ? (JSON.parse(readFileSync(doneFile, 'utf8')) as { boots: number }).boots
    : 0;
  const clock = realClock();
  let scan = 0;
  let reportedMs = 0;

  /** Rows up to the next power cut. */
  function* boot(first: DatedRow): Generator<DatedRow> {
    yield first;
    for (let row = next(); row !== null; row = next()) yield row;
  }
  /** `null`: the edge is off, or the past is over. */
  function next(): DatedRow | null {
    if (machine.utcMs >= options.toMs) return null;
    machine.step(ROW_EVERY_MS);
    if (machine.edgeOff) return null;
    scan++;
    if (clock.monotonicMs() - reportedMs > 200) {
      reportedMs = clock.monotonicMs();
      const progress = (machine.utcMs - options.fromMs) / (options.toMs - options.fromMs);
      console.log(JSON.stringify({ progress }));
    }
    if (model.ok) return { atMs: machine.utcMs, values: readRow(machine, model.value, scan) };
    return null;
  }

  for (let boots = 0; machine.utcMs < options.toMs; ) {
    const first = next();
    if (first === null) continue;
    const rows = boot(first);
    if (boots < done) {
      // Acknowledged in an earlier run: only the machine has to live through it again.
      for (const _ of rows);
    } else {
      const bootId = `history-${boots}`;
      const source = new ReplaySource({
        schema: model.value.schema,
        bootId,
        originMs: first.atMs,
        rows,
        speed: 0,
        clock,
      });
      const spool = Spool.open({
        disk: realDisk,
        file: join(edgeFolder, 'history.db'),
        bootId,
        schema: model.value.schema,
        randomness: realRandomness,
        mostBytes: 1e9,
      });
      if (!spool.ok) throw new Error(spool.message);
      const agent = new Agent({
        identity: identity.value,
        home,
        source,
        spool: spool.value,
        intervalMs: 60_000,
        clock,
        randomness: realRandomness,
        trainer: processTrainer,
        dial: dialTls,
        plan: unrounded,
        counter: null,
        roads: null,
        modem: () => null,
        version: 'demo',
        say: (message) => console.error(message),
      });
      agent.start();
      await agent.finished;
      agent.stop();
      writeWhole(doneFile, JSON.stringify({ boots: boots + 1 }));
    }
    boots++;
  }
  keepState(machine, scan, options.stateFile);
  console.log(JSON.stringify({ progress: 1 }));
}

function keepState(machine: Machine, scan: number, file: string): void {
  writeWhole(file, JSON.stringify({ scan, machine: machine.snapshot() }));
}
