// Vigie itself, on SQLite or on PostgreSQL: the built server, given blocks by the product's own uplink over TLS and asked
// for charts by the API, as edges and pages do. So its CPU has the link, the journal and the sealing in it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { realClock, realRandomness } from '@vigie/config';
import type { SentChart } from '@vigie/contract';
import { receivedChart } from '@vigie/contract/sent-chart';
import { openDatabases, type Place } from '../../../packages/server/src/store/open.ts';
import type { Postgres } from '../../../scripts/postgres.ts';
import { type Program, startProgram } from '../../../scripts/programs.ts';
import { treeCpuMs, usageOf } from '../../edge/usage.ts';
import { sum } from '../../figures.ts';
import { sharedDial } from '../../fleet/dial.ts';
import { SimulatedEdge } from '../../fleet/edge.ts';
import {
  type EnrolledMachine,
  enrolFleet,
  folderBytes,
  placeArgs,
  sealAll,
  storedRows,
} from '../../fleet/fleet-data.ts';
import { Seen } from '../../fleet/load.ts';
import { MadeUpSpool } from '../../fleet/spool.ts';
import type { History } from '../history.ts';
import type { Ask, Ingest, Peer, PeerName } from '../peer.ts';
import { databaseBytes } from './postgres.ts';

const HOST = '127.0.0.1';
const LOOK_MS = 20;
const UPKEEP_LOOK_MS = 500;

export interface VigieOptions {
  readonly folder: string;
  /** What it keeps its rows in beside its folder; `null`: SQLite in the folder. */
  readonly postgres: Postgres | null;
}

/** The server on a data folder, asked as the page asks it. */
export class VigieServer {
  readonly #place: Place;
  #program: Program | null = null;
  #address = '';
  #cookie: string | null = null;
  linkPort = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  async start(): Promise<void> {
    const args = ['run', ...placeArgs(this.#place), '--port', '0', '--link-host', HOST, '--link-port', '0'];
    this.#program = startProgram('vigie-server', args);
    const listening = await this.#program.event<{
      readonly address: string;
      readonly linkPort: number;
      readonly setupCode: string | null;
    }>('listening');
    this.#address = listening.address;
    this.linkPort = listening.linkPort;
    this.#cookie ??= await signIn(listening.address, listening.setupCode);
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
    this.#program = null;
  }

  async kill9(): Promise<void> {
    this.#program?.process.kill('SIGKILL');
    await this.#program?.ended;
    this.#program = null;
  }

  cpuMs(): number {
    return usageOf(this.#program?.process.pid ?? 0).cpuMs;
  }

  /** @returns buckets of all series. */
  async chart(
    machine: string,
    channels: readonly string[],
    { fromMs, toMs, width }: Pick<Ask, 'fromMs' | 'toMs' | 'width'>,
  ): Promise<number> {
    const query = new URLSearchParams({
      machine,
      channels: channels.join(','),
      from: String(Math.round(fromMs)),
      to: String(Math.round(toMs)),
      width: String(width),
    });
    const answer = await fetch(`${this.#address}/api/chart?${query}`, {
      headers: { cookie: this.#cookie ?? '', 'accept-encoding': 'identity' },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`a chart: ${answer.status} ${text}`);
    const { series } = receivedChart(JSON.parse(text) as SentChart);
    return sum(series.map(({ count }) => count.length));
  }
}

export class Vigie implements Peer {
  readonly name: PeerName;
  readonly folder: string;
  readonly durability: string;
  readonly #place: Place;
  readonly #postgres: Postgres | null;
  readonly #history: History;
  readonly #server: VigieServer;
  readonly #emptyBytes: number;
  readonly #machines: readonly EnrolledMachine[];
  readonly #pins: readonly string[];
  readonly #edges: SimulatedEdge[] = [];

  static async make(history: History, { folder, postgres }: VigieOptions): Promise<Vigie> {
    const place: Place = {
      folder: join(folder, 'server'),
      database: postgres === null ? null : await postgres.createDatabase(),
    };
    mkdirSync(place.folder, { recursive: true, mode: 0o700 });
    const enrolled = await enrolFleet(place, history.machines.length);
    if (!enrolled.ok) throw new Error(enrolled.message);
    const emptyBytes = await bytesIn(place);
    return new Vigie(history, folder, place, postgres, enrolled.value, emptyBytes);
  }

  private constructor(
    history: History,
    folder: string,
    place: Place,
    postgres: Postgres | null,
    { machines, pins }: { readonly machines: readonly EnrolledMachine[]; readonly pins: readonly string[] },
    emptyBytes: number,
  ) {
    this.#history = history;
    this.folder = folder;
    this.#place = place;
    this.#postgres = postgres;
    this.#machines = machines;
    this.#pins = pins;
    this.#emptyBytes = emptyBytes;
    this.#server = new VigieServer(place);
    this.name = postgres === null ? 'vigie-sqlite' : 'vigie-postgres';
    this.durability =
      postgres === null
        ? 'SQLite, WAL, synchronous=FULL: acknowledged after the fsync'
        : 'PostgreSQL, fsync and synchronous_commit on: acknowledged after the commit';
  }

  async start(): Promise<void> {
    if (this.#postgres?.pid === null) await this.#postgres.start();
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.#postgres?.stop();
  }

  async kill9(): Promise<void> {
    await Promise.all([this.#server.kill9(), this.#postgres?.kill9()]);
  }

  cpuMs(): number {
    const pid = this.#postgres?.pid ?? null;
    return this.#server.cpuMs() + (pid === null ? 0 : treeCpuMs(pid));
  }

  ingest(): Ingest {
    const { recording, machines, blocks, fromMs } = this.#history;
    const clock = realClock();
    const dial = sharedDial();
    const watch = new Seen();
    const edges = this.#machines.map(({ id, key, spool }, i) => {
      const machine = machines[i];
      if (machine === undefined) throw new Error('a machine for each enrolled one');
      return new SimulatedEdge({
        machine: id,
        key,
        pins: this.#pins,
        host: HOST,
        port: this.#server.linkPort,
        spool: new MadeUpSpool({
          id: spool,
          bootId: `boot-${spool}`,
          recording,
          prior: machine.prior,
          from: machine.from,
          blocks,
        }),
        firstRowMs: clock.monotonicMs() - (Date.now() - fromMs),
        dial,
        clock,
        randomness: realRandomness,
        watch,
      });
    });
    this.#edges.push(...edges);
    let isOver = false;
    for (const edge of edges) edge.start();
    const run = async (): Promise<void> => {
      while (!isOver && !edges.every(({ isDrained }) => isDrained)) await rest(LOOK_MS);
    };
    return {
      acknowledgedRows: () => sum(edges.map(({ acknowledgedRows }) => acknowledgedRows)),
      done: run(),
      abandon: () => {
        isOver = true;
        for (const edge of edges) edge.stop();
      },
    };
  }

  /** All hours are over; longer nodes may be due only when their own time is. */
  upkeep = async (): Promise<void> => {
    const { hot, archive } = await openDatabases(this.#place);
    const due = (): Promise<unknown> =>
      hot.get('SELECT 1 AS one FROM dirty WHERE level = 1 OR due_ms <= $1 LIMIT 1', Date.now());
    while ((await due()) !== undefined) await rest(UPKEEP_LOOK_MS);
    await archive.close();
    await hot.close();
  };

  async flush(): Promise<void> {
    for (const edge of this.#edges) edge.stop();
    await this.#server.stop();
    await sealAll(this.#place);
    await this.#server.start();
  }

  async storedBytes(): Promise<number> {
    await this.#server.stop();
    const bytes = await bytesIn(this.#place);
    await this.#server.start();
    return bytes - this.#emptyBytes;
  }

  async storedRows(): Promise<number> {
    const rows = await storedRows(this.#place, this.#machines);
    if (!rows.ok) throw new Error(rows.message);
    return sum(rows.value);
  }

  async chart({ machines, channels, ...range }: Ask): Promise<number> {
    const ids = channels.map((c) => this.#history.channels[c] ?? '');
    const charts = machines.map((m) => this.#server.chart(this.#history.machines[m]?.id ?? '', ids, range));
    return sum(await Promise.all(charts));
  }

  async dispose(): Promise<void> {
    for (const edge of this.#edges) edge.stop();
    await this.#server.stop();
    await this.#postgres?.dispose();
  }
}

/** As the first Super Admin, whom it makes with the code of a first start. @returns the cookie. */
async function signIn(address: string, setupCode: string | null): Promise<string> {
  const [email, password] = ['bench@example.org', 'a bench of many stores'];
  const [path, body] =
    setupCode === null
      ? ['/api/session', { user: email, password }]
      : ['/api/setup', { code: setupCode, name: 'Bench', email, password, language: 'en' }];
  const answer = await fetch(address + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

async function bytesIn({ folder, database }: Place): Promise<number> {
  return folderBytes(folder) + (database === null ? 0 : await databaseBytes(database));
}
