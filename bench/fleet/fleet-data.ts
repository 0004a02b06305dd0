// The server's data folder before and after: machines enrolled without a connection each, through the store's own API,
// since ten thousand codes on as many connections would measure enrolment; afterwards what the store has of each.
// Not here: the server while it runs.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Outcome } from '@vigie/config';
import type { ChannelOverrides, MachineSchema } from '@vigie/model';
import { openStore, type Store } from '@vigie/server';
import { linkIdentity } from '../../packages/server/src/gateway/identity.ts';
import { openSealer } from '../../packages/server/src/store/open.ts';
import { BLOCK_MS } from './recording.ts';

/** What came in the last half a minute is not waited for. */
const SEAL_AHEAD_MS = 60_000;

export interface EnrolledMachine {
  readonly id: string;
  /** Of its edge, which only signs with it. */
  readonly key: KeyObject;
  readonly spool: string;
}

/** Where the server keeps its rows: a database by its address, or the data folder. */
export interface Place {
  readonly folder: string;
  readonly database: string | null;
}

/** What a server is told of its place. */
export function placeArgs({ folder, database }: Place): string[] {
  return ['--data', folder, ...(database === null ? [] : ['--database', database])];
}

/** The one door to the store. */
async function openPlace(place: Place): Promise<Outcome<Store>> {
  try {
    return { ok: true, value: await openStore(place, Date.now) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Seals all that is closed by now; the server has stopped. */
export async function sealAll(place: Place): Promise<void> {
  const { sealer, hot, close } = await openSealer(place, () => Date.now() + SEAL_AHEAD_MS);
  while ((await sealer.round()) > 0);
  await hot.tidy();
  await close();
}

/** Settings that leave so many limits of a model, and nothing else to watch; `null`: all that the model has. */
export function onlyLimits(schema: MachineSchema, most: number | null): ChannelOverrides {
  if (most === null) return {};
  let left = most;
  return Object.fromEntries(
    schema.channels
      .filter(({ limits }) => limits !== null)
      .map(({ id, limits }) => {
        const kept = (value: number | null): number | null => (value !== null && left-- > 0 ? value : null);
        const { alarmLow = null, warningLow = null, warningHigh = null, alarmHigh = null } = limits ?? {};
        return [
          id,
          {
            limits: {
              ...{ alarmLow: kept(alarmLow), warningLow: kept(warningLow) },
              ...{ warningHigh: kept(warningHigh), alarmHigh: kept(alarmHigh) },
            },
            ringing: { ratePerMinute: null, stuckMs: null },
          },
        ];
      }),
  );
}

/** @returns the machines, and the pins by which their edges accept the server. */
export async function enrolFleet(
  place: Place,
  count: number,
  channels: ChannelOverrides = {},
): Promise<Outcome<{ readonly machines: EnrolledMachine[]; readonly pins: readonly string[] }>> {
  const opened = await openPlace(place);
  if (!opened.ok) return opened;
  const store = opened.value;
  const { pins } = linkIdentity(join(place.folder, 'keys'));
  const machines: EnrolledMachine[] = [];
  for (let i = 1; i <= count; i++) {
    const id = `M-${String(i).padStart(5, '0')}`;
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
    await store.createMachine({
      id,
      name: `Evaporator ${i}`,
      site: `Site ${1 + (i % 50)}`,
      timeZone: 'Europe/Paris',
      intervalMs: BLOCK_MS,
    });
    if (Object.keys(channels).length > 0) {
      await store.changeSettings(id, (settings) => ({ ...settings, channels }));
    }
    await store.setPublicKey(id, raw, pins);
    // Ctrl+C is heard meanwhile.
    await setImmediate();
    machines.push({ id, key: privateKey, spool: i.toString(16).padStart(16, '0') });
  }
  await store.close();
  return { ok: true, value: { machines, pins } };
}

/**
 * Rows that the store has of each machine, in their order: by their marks, and of a few machines the rows themselves, read
 * back, since a mark passes what is kept aside as unreadable, too.
 */
export async function storedRows(
  place: Place,
  machines: readonly EnrolledMachine[],
): Promise<Outcome<number[]>> {
  const opened = await openPlace(place);
  if (!opened.ok) return opened;
  const store = opened.value;
  const readBack = new Set([0, machines.length >> 1, machines.length - 1]);
  const rows: number[] = [];
  for (const [i, { id, spool }] of machines.entries()) {
    const mark = await store.nextSequence(id, spool);
    rows.push(readBack.has(i) ? Math.min(mark, await readableRows(store, id)) : mark);
  }
  await store.close();
  return { ok: true, value: rows };
}

async function readableRows(store: Store, machine: string): Promise<number> {
  let count = 0;
  for await (const _ of store.rows({ machine, channels: [], fromMs: 0, toMs: Date.now() + 1e9 })) count++;
  return count;
}

/** Bytes of all files in a folder and below. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => (entry.isFile() ? sum + statSync(join(entry.parentPath, entry.name)).size : sum),
    0,
  );
}
