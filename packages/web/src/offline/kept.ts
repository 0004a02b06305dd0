// The last known values of what was seen, kept on this device so that the page has something true to show without its server:
// who is signed in, the list of machines, and each machine looked at. Invariants: they belong to one account, and go when it
// signs out, when another one signs in and when the server says that nobody is signed in; they never grow past a bound; each
// carries the server's time at which it was true. Not here: showing them, with their age (offline-note.tsx).
import { signal } from '@preact/signals';
import type { Fleet, MachineView, Me } from '@vigie/contract';

/** Server's time at which the values shown were true, where they are kept ones; `null`: they came since the page was opened. */
export const recalledMs = signal<number | null>(null);

/** Without an answer for so long, what is kept is shown. */
export const recallMs = 4000;

export interface Kept<Value> {
  /** Server's clock. */
  readonly atMs: number;
  readonly value: Value;
}

interface KeptAccount {
  readonly me: Me;
  /** Server's clock less this device's: without its server the page has no other way to know what time it is. */
  readonly offsetMs: number;
}

const prefix = 'vigie.kept.';
const accountKey = `${prefix}account`;
const fleetKey = `${prefix}fleet`;
const machinePrefix = `${prefix}m.`;
/** Of the machines seen last. */
const mostMachines = 30;
/** Of one answer; a browser gives a site 5 million in all. */
const mostLetters = 700_000;

/** @param storageOf may throw: a private window may refuse storage, and then nothing is kept. */
export function keptIn(storageOf: () => Storage) {
  const use = <Result>(work: (storage: Storage) => Result, otherwise: Result): Result => {
    try {
      return work(storageOf());
    } catch {
      return otherwise;
    }
  };
  const read = <Value>(key: string): Value | null =>
    use((storage) => JSON.parse(storage.getItem(key) ?? 'null') as Value | null, null);
  const keysOf = (storage: Storage): readonly string[] =>
    Object.keys(storage).filter((key) => key.startsWith(prefix));

  function forgetOldMachines(storage: Storage): void {
    const machines = keysOf(storage).filter((key) => key.startsWith(machinePrefix));
    if (machines.length <= mostMachines) return;
    const seen = machines.map((key) => ({ key, atMs: read<Kept<unknown>>(key)?.atMs ?? 0 }));
    seen.sort((a, b) => b.atMs - a.atMs);
    for (const { key } of seen.slice(mostMachines)) storage.removeItem(key);
  }

  function write<Value>(key: string, value: Kept<Value>): void {
    use((storage) => {
      // Another tab may have signed out meanwhile: nothing may be left behind then.
      if (storage.getItem(accountKey) === null) return;
      const text = JSON.stringify(value);
      if (text.length > mostLetters) storage.removeItem(key);
      else storage.setItem(key, text);
      forgetOldMachines(storage);
    }, undefined);
  }

  function wipe(): void {
    use((storage) => {
      for (const key of keysOf(storage)) storage.removeItem(key);
    }, undefined);
  }

  return {
    /** Somebody is signed in: what another account left goes. */
    keepAccount(me: Me, offsetMs: number): void {
      if (read<KeptAccount>(accountKey)?.me.id !== me.id) wipe();
      use(
        (storage) => storage.setItem(accountKey, JSON.stringify({ me, offsetMs } satisfies KeptAccount)),
        undefined,
      );
    },
    /** What may no longer be seen goes with it. */
    keepFleet(value: Fleet): void {
      write(fleetKey, { atMs: value.nowMs, value });
      const ids = new Set(value.machines.map(({ id }) => machinePrefix + id));
      use((storage) => {
        for (const key of keysOf(storage)) {
          if (key.startsWith(machinePrefix) && !ids.has(key)) storage.removeItem(key);
        }
      }, undefined);
    },
    /** @param atMs when the view was true, on the server's clock. */
    keepMachine: (value: MachineView, atMs: number): void => write(machinePrefix + value.id, { atMs, value }),
    forgetMachine: (id: string): void => use((storage) => storage.removeItem(machinePrefix + id), undefined),
    account: (): KeptAccount | null => read<KeptAccount>(accountKey),
    fleet: (): Kept<Fleet> | null => read<Kept<Fleet>>(fleetKey),
    machine: (id: string): Kept<MachineView> | null => read<Kept<MachineView>>(machinePrefix + id),
    wipe,
  };
}

export const kept = keptIn(() => localStorage);
