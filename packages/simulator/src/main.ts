// vigie-simulator: machines behind Modbus servers (TCP on 127.0.0.1, RTU on a tty) or printing lines on a tty, from a
// YAML file. Keeps each machine's state in a file, so that it goes on where it was.
// The real clock is taken here only.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EXIT, explain, parseFlags, readYaml } from '@vigie/config';
import { loadModel } from '@vigie/model/load';
import { z } from 'zod';
import { printLines } from './lines.ts';
import { createMachine, demoStory } from './machines.ts';
import { serveRtu, serveTcp } from './modbus.ts';
import type { Machine, Snapshot } from './physics.ts';
import { Reads } from './reads.ts';
import type { Served } from './serial.ts';

const tty = { port: z.string().min(1), baudRate: z.number().int().min(300).max(4_000_000) };
const configSchema = z.strictObject({
  machines: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        kind: z.enum(['turbevap', 'chiller']),
        /** Path of the model's YAML, relative to this file. */
        model: z.string(),
        /** Of Modbus TCP; 0: any. Without any of `port`, `rtu` and `lines` it is 0. */
        port: z.number().int().min(0).max(65_535).optional(),
        /** Modbus RTU on a tty. */
        rtu: z
          .strictObject({
            ...tty,
            baudRate: tty.baudRate.default(19_200),
            parity: z.enum(['none', 'even', 'odd']).default('even'),
            unit: z.number().int().min(1).max(247).default(1),
          })
          .optional(),
        /** A line per interval of the model on a tty. */
        lines: z
          .strictObject({
            ...tty,
            baudRate: tty.baudRate.default(115_200),
            format: z.enum(['csv', 'json']).default('csv'),
            header: z.boolean().default(false),
          })
          .optional(),
        seed: z.number().int().default(1),
        fouling: z.number().min(0).max(95).optional(),
        /** Place in the demo, whose story it follows; absent: nothing ever goes wrong. */
        story: z.strictObject({ index: z.number().int().min(0), endMs: z.number() }).optional(),
        log: z.string().optional(),
        state: z.string().optional(),
      }),
    )
    .min(1),
});

const parsed = parseFlags(
  {
    name: 'vigie-simulator',
    summary:
      'Simulated machines: behind Modbus TCP on 127.0.0.1, behind Modbus RTU or printing lines on a tty.',
    flags: { config: { type: 'string', value: 'FILE', help: 'YAML with the machines (required)' } },
    notes:
      'The file:\n  machines:\n    - { id: TV-01, kind: turbevap, model: models/turbevap.yaml, port: 5020, seed: 1, log: served.jsonl, state: tv-01.json }\n    - { id: TV-02, kind: turbevap, model: models/turbevap.yaml, rtu: { port: /dev/ttyUSB0, baudRate: 19200, parity: even, unit: 1 } }\n    - { id: GF-01, kind: chiller, model: models/chiller.yaml, lines: { port: /dev/ttyACM0, format: csv, header: true } }',
  },
  process.argv.slice(2),
);
process.exitCode = await main();

async function main(): Promise<number> {
  if (parsed.kind !== 'run') return explain(parsed);
  const file = parsed.flags.config;
  if (file === undefined) {
    console.error('vigie-simulator: --config FILE is missing (see vigie-simulator --help)');
    return EXIT.usage;
  }
  const config = readYaml(file, configSchema);
  if (!config.ok) {
    console.error(config.message);
    return EXIT.usage;
  }
  const base = dirname(resolve(file));
  const running: { readonly save: () => void; readonly close: () => Promise<void> }[] = [];
  for (const spec of config.value.machines) {
    const model = loadModel(resolve(base, spec.model));
    if (!model.ok) {
      console.error(model.message);
      return EXIT.usage;
    }
    const stateFile = spec.state === undefined ? null : resolve(base, spec.state);
    const machine = createMachine(spec.kind, {
      seed: spec.seed,
      utcMs: Date.now(),
      ...(spec.fouling === undefined ? {} : { fouling: spec.fouling }),
      story: spec.story === undefined ? [] : demoStory(spec.story.index, spec.story.endMs),
    });
    const reads = new Reads({
      ...{ machine, model: model.value, nowMs: () => Date.now(), scan: takeUp(machine, stateFile) },
      logFile: spec.log === undefined ? undefined : resolve(base, spec.log),
    });
    try {
      const served: Served[] = [];
      const { rtu, lines } = spec;
      const port = spec.port ?? (rtu === undefined && lines === undefined ? 0 : undefined);
      if (port !== undefined) {
        const server = await serveTcp(reads, port);
        served.push(server);
        console.log(JSON.stringify({ [`listening-${spec.id}`]: server.port }));
      }
      if (rtu !== undefined) {
        served.push(await serveRtu(reads, rtu));
        console.log(JSON.stringify({ [`listening-${spec.id}`]: rtu.port }));
      }
      if (lines !== undefined) {
        served.push(await printLines(reads, lines));
        console.log(JSON.stringify({ [`printing-${spec.id}`]: lines.port }));
      }
      const save = (): void => {
        if (stateFile === null) return;
        writeFileSync(`${stateFile}.new`, JSON.stringify({ scan: reads.scan, machine: machine.snapshot() }));
        renameSync(`${stateFile}.new`, stateFile);
      };
      const tick = setInterval(() => catchUp(machine), 1000);
      const keep = setInterval(save, 30_000);
      running.push({
        save,
        close: async () => {
          clearInterval(tick);
          clearInterval(keep);
          await Promise.all(served.map((one) => one.close()));
        },
      });
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const why = error instanceof Error ? error.message.replace(/^Error:? */, '') : String(error);
      console.error(
        `vigie-simulator: ${spec.id}: ${taken ? `port ${spec.port} is taken by another program` : why}`,
      );
      for (const { close } of running) void close();
      return EXIT.failed;
    }
  }
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.on(signal, () => stop());
  });
  for (const { save, close } of running) {
    save();
    // A connected edge would keep the server open; it will connect again.
    void close();
  }
  setTimeout(() => process.exit(EXIT.ok), 200);
  return EXIT.ok;
}

/** Restores the machine and runs it to the present; returns the count of reads so far. */
function takeUp(machine: Machine, stateFile: string | null): number {
  if (stateFile === null) return 0;
  let kept: { scan: number; machine: Snapshot };
  try {
    kept = JSON.parse(readFileSync(stateFile, 'utf8')) as typeof kept;
  } catch {
    return 0;
  }
  machine.restore(kept.machine);
  // Longer than a week away, the machine is taken up as it was left.
  if (Date.now() - machine.utcMs > 7 * 86_400_000) machine.utcMs = Date.now();
  catchUp(machine);
  return kept.scan;
}

function catchUp(machine: Machine): void {
  const now = Date.now();
  while (machine.utcMs < now)
    machine.step(Math.min(now - machine.utcMs, now - machine.utcMs > 60_000 ? 10_000 : 1000));
}
