// One run of the bench: simulator and agent in a network namespace of their own, the server outside, and MQTT and the
// 2022 report's scheme on the same rows beside it.
// The window is real time at one row a second. Before it the agent takes hours of the same machine from a recording,
// so that it has learnt its priors; connecting and priors are counted apart from the window.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePrior, type Prior } from '@vigie/codec';
import type { Outcome } from '@vigie/config';
import { realDisk, Spool } from '@vigie/edge';
import { codecSchema } from '@vigie/model';
import { loadModel, type MachineModel } from '@vigie/model/load';
import { linkIdentity } from '../../packages/server/src/gateway/identity.ts';
import { buildAll } from '../../scripts/build.ts';
import { type Program, root, runProgram, startProgram } from '../../scripts/programs.ts';
import { bytesPerBlock, recordHours, SEED } from './machine.ts';
import { type Carried, difference, type Link, makeLink } from './network.ts';
import { type Cost, costOf, type PeerName, type Results, resultsOf } from './results.ts';
import { mqttBroker, silentSocket } from './sinks.ts';
import { type Usage, usageOf } from './usage.ts';

const MACHINE = 'TV-01';
const MODBUS_PORT = 5020;
const BLOCK_MS = 60_000;
/** Fast enough to wait for, slow enough that priors are learnt about where they would be. */
const WARM_UP_SPEED = 600;
const PEERS: readonly PeerName[] = ['mqtt-rows', 'mqtt-minutes', 'report'];

export interface BenchOptions {
  /** Of the window, of the rows to learn from, of the blocks encoded for the month. */
  readonly minutes: number;
  readonly hours: number;
  readonly days: number;
  /** TCP timestamps, which a box has only without `BOX_KERNEL`. */
  readonly timestamps: boolean;
}

export class Bench {
  // Must be on a disk: in memory nothing counts as written.
  readonly #folder = mkdtempSync(join(process.env.VIGIE_BENCH_FOLDER ?? tmpdir(), 'vigie-bench-'));
  readonly #programs: Program[] = [];
  readonly #undo: (() => void)[] = [];
  readonly #options: BenchOptions;

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  async run(): Promise<Outcome<Results>> {
    const { minutes, hours, days, timestamps } = this.#options;
    await buildAll({ quiet: true });
    const modelFile = join(root, 'models', 'turbevap.yaml');
    const loaded = loadModel(modelFile);
    if (!loaded.ok) return loaded;
    const model = loaded.value;
    const edgeLink = makeLink(0, timestamps);
    if (!edgeLink.ok) return edgeLink;
    this.#undo.push(edgeLink.value.remove);
    const link = edgeLink.value;

    const server = this.#start('vigie-server', [
      ...['--data', this.#path('server'), '--port', '0'],
      ...['--link-host', link.hostAddress, '--link-port', '0'],
    ]);
    const { linkPort } = await server.event<{ linkPort: number }>('listening');
    const warmedUp = await this.#warmUp(model, modelFile, link, linkPort, hours);
    if (!warmedUp.ok) return warmedUp;

    const config = this.#path('simulator.yaml');
    writeFileSync(
      config,
      JSON.stringify({
        machines: [
          {
            id: MACHINE,
            kind: 'turbevap',
            model: modelFile,
            port: MODBUS_PORT,
            seed: SEED,
            log: this.#path('served.jsonl'),
            state: this.#path('state.json'),
          },
        ],
      }),
    );
    writeFileSync(this.#path('served.jsonl'), '');
    const simulator = this.#start('vigie-simulator', ['--config', config], link.within);
    await simulator.event(`listening-${MACHINE}`);

    const beforeConnecting = link.carried();
    const edge = this.#start(
      'vigie-edge',
      [
        ...['run', '--data', this.#path('edge'), '--model', modelFile],
        ...['--source', 'modbus-tcp', '--port', String(MODBUS_PORT)],
      ],
      link.within,
    );
    await until('the edge to connect', () => edge.output().includes('connected to'));
    await rest(5000);
    const connecting = difference(beforeConnecting, link.carried());

    const links = await this.#startPeers(modelFile, timestamps);
    if (!links.ok) return links;
    // Thirty seconds off the blocks, so that a window of whole minutes holds a block a minute.
    await nextBlock(link);
    await rest(BLOCK_MS / 2);
    const measured = [{ name: 'vigie' as const, link, program: edge }, ...links.value];
    const read = (): { atMs: number; carried: Carried; usage: Usage }[] =>
      measured.map((one) => ({
        atMs: performance.now(),
        carried: one.link.carried(),
        usage: usageOf(one.program.process.pid ?? 0),
      }));
    const [start, startMs] = [read(), Date.now()];
    console.error(`measuring until ${new Date(startMs + minutes * BLOCK_MS).toISOString()}`);
    await rest(minutes * BLOCK_MS);
    const [end, endMs] = [read(), Date.now()];
    const dead = measured.find(({ program }) => program.process.exitCode !== null);
    if (dead !== undefined) return { ok: false, message: `${dead.name} ended: ${dead.program.output()}` };
    await edge.stop();

    const costs = measured.map(({ name }, i): Cost => {
      const [from, to] = [start[i], end[i]];
      if (from === undefined || to === undefined) throw new Error('two readings of each');
      return costOf(name, to.atMs - from.atMs, difference(from.carried, to.carried), from.usage, to.usage);
    });
    const prior = this.#prior(model);
    return {
      ok: true,
      value: resultsOf({
        costs,
        connecting,
        channels: model.schema.channels.length,
        minutes,
        tcpTimestamps: timestamps,
        rows: servedStates(this.#path('served.jsonl'), model, startMs, endMs),
        warmUpHours: hours,
        ...warmedUp.value,
        priorBytes: prior.bytes,
        cycle: { days, bytesPerBlock: bytesPerBlock(model, prior.prior, days) },
      }),
    };
  }

  /** Enrols the edge and has it take the recording; what travelled meanwhile has schema and priors in it. */
  async #warmUp(
    model: MachineModel,
    modelFile: string,
    link: Link,
    linkPort: number,
    hours: number,
  ): Promise<Outcome<{ warmUpRows: number; warmUpBytes: number }>> {
    const added = await runProgram('vigie-server', [
      ...['add-machine', '--data', this.#path('server'), '--id', MACHINE, '--interval', '60'],
    ]);
    const code = /"code":"(VG1-[A-Z2-7-]+)"/.exec(added.output)?.[1];
    if (code === undefined) return { ok: false, message: added.output };
    const before = link.carried();
    const enrolled = await runProgram(
      'vigie-edge',
      [
        ...['enrol', '--server', `${link.hostAddress}:${linkPort}`],
        ...['--code', code, '--data', this.#path('edge')],
      ],
      { within: link.within },
    );
    if (enrolled.code !== 0) return { ok: false, message: enrolled.output };
    const csv = this.#path('warm-up.csv');
    const warmUpRows = recordHours(model, hours, Date.now(), { csv, state: this.#path('state.json') });
    const replay = this.#start(
      'vigie-edge',
      [
        ...['run', '--data', this.#path('edge'), '--model', modelFile],
        ...['--source', 'csv', '--file', csv, '--speed', String(WARM_UP_SPEED)],
      ],
      link.within,
    );
    const ended = await replay.ended;
    if (ended !== 0) return { ok: false, message: replay.output() };
    const { sentBytes, receivedBytes } = difference(before, link.carried());
    return {
      ok: true,
      value: { warmUpRows, warmUpBytes: sentBytes + receivedBytes },
    };
  }

  async #startPeers(
    modelFile: string,
    timestamps: boolean,
  ): Promise<Outcome<{ name: PeerName; link: Link; program: Program }[]>> {
    const { keyPem, certificatePem } = linkIdentity(this.#path('broker'));
    const running: { name: PeerName; link: Link; program: Program }[] = [];
    for (const [i, name] of PEERS.entries()) {
      const link = makeLink(i + 1, timestamps);
      if (!link.ok) return link;
      this.#undo.push(link.value.remove);
      const { hostAddress, within } = link.value;
      const sink =
        name === 'report'
          ? await silentSocket(hostAddress)
          : await mqttBroker(hostAddress, { key: keyPem, cert: certificatePem });
      this.#undo.push(() => sink.close());
      const program = this.#start(
        'bench-peer',
        [name, hostAddress, String(sink.port), this.#path('served.jsonl'), modelFile],
        within,
      );
      await program.event('connected');
      running.push({ name, link: link.value, program });
    }
    return { ok: true, value: running };
  }

  /** What the edge had learnt when it stopped. */
  #prior(model: MachineModel): { readonly prior: Prior | null; readonly bytes: number } {
    const spool = Spool.open({
      disk: realDisk,
      file: this.#path('edge', 'spool.db'),
      bootId: 'bench',
      schema: model.schema,
      randomness: { uniform: () => 0, bytes: (count) => new Uint8Array(count) },
      mostBytes: 1e9,
    });
    if (!spool.ok) throw new Error(spool.message);
    const hash = spool.value.priorHash;
    const bytes = hash === null ? null : (spool.value.prior(hash)?.bytes ?? null);
    spool.value.close();
    if (bytes === null) return { prior: null, bytes: 0 };
    const decoded = decodePrior(bytes, codecSchema(model.schema));
    if (!decoded.ok) throw new Error(decoded.error.message);
    return { prior: decoded.value, bytes: bytes.length };
  }

  #path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }

  #start(
    name: Parameters<typeof startProgram>[0],
    args: readonly string[],
    within: readonly string[] = [],
  ): Program {
    const program = startProgram(name, args, { within });
    this.#programs.push(program);
    return program;
  }

  /** Namespaces outlive their maker, so that it must be called in any case. */
  async dispose(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop(5000)));
    for (const undo of this.#undo.reverse()) undo();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Rows served in the window, by the machine's state in words. */
function servedStates(
  file: string,
  model: MachineModel,
  startMs: number,
  endMs: number,
): Record<string, number> {
  const { channels, stateChannel } = model.schema;
  const at = channels.findIndex(({ id }) => id === stateChannel);
  const counts: Record<string, number> = {};
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const { utcMs, values } = JSON.parse(line) as { utcMs: number; values: (number | null)[] };
    if (utcMs < startMs || utcMs >= endMs) continue;
    const name = channels[at]?.states?.find(({ value }) => value === values[at])?.names.en ?? 'unknown';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Returns when the edge has sent something of the size of a block. */
async function nextBlock(link: Link): Promise<void> {
  let before = link.carried().sentBytes;
  await until('a block to leave', () => {
    const now = link.carried().sentBytes;
    const grown = now - before;
    before = now;
    return grown > 300;
  });
}

async function until(what: string, ready: () => boolean): Promise<void> {
  const endMs = performance.now() + 3 * BLOCK_MS;
  while (!ready()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await rest(200);
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
