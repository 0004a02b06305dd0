// vigie-simulator: machines behind Modbus TCP servers on 127.0.0.1, from a YAML file. Keeps each machine's state in
// a file, so that it goes on where it was. The real clock and timers are taken here only.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EXIT, explain, parseFlags, readYaml } from '@vigie/config';
import { loadModel } from '@vigie/model/load';
import { z } from 'zod';
import { createMachine, demoStory } from './machines.ts';
import { startModbusServer } from './modbus.ts';
import type { Machine, Snapshot } from './physics.ts';

const configSchema = z.strictObject({
  machines: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        kind: z.enum(['turbevap', 'chiller']),
        /** Path of the model's YAML, relative to this file. */
        model: z.string(),
        port: z.number().int().min(0).max(65_535).default(0),
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
    summary: 'Simulated machines behind Modbus TCP servers on 127.0.0.1.',
    flags: { config: { type: 'string', value: 'FILE', help: 'YAML with the machines (required)' } },
    notes:
      'The file:\n  machines:\n    - { id: TV-01, kind: turbevap, model: models/turbevap.yaml, port: 5020, seed: 1, log: served.jsonl, state: tv-01.json }',
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
    let scan = takeUp(machine, stateFile);
    try {
      const server = await startModbusServer({
        machine,
        model: model.value,
        port: spec.port,
        logFile: spec.log === undefined ? undefined : resolve(base, spec.log),
        nowMs: () => Date.now(),
        scan,
        onScan: (value) => {
          scan = value;
        },
      });
      console.log(JSON.stringify({ [`listening-${spec.id}`]: server.port }));
      const save = (): void => {
        if (stateFile === null) return;
        writeFileSync(`${stateFile}.new`, JSON.stringify({ scan, machine: machine.snapshot() }));
        renameSync(`${stateFile}.new`, stateFile);
      };
      const tick = setInterval(() => catchUp(machine), 1000);
      const keep = setInterval(save, 30_000);
      running.push({
        save,
        close: () => {
          clearInterval(tick);
          clearInterval(keep);
          return server.close();
        },
      });
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      console.error(
        `vigie-simulator: ${spec.id}: ${taken ? `port ${spec.port} is taken by another program` : String(error)}`,
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
