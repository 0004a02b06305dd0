// What stays on the device, what leaves it, and that it never grows past its bound.
import type { Fleet, MachineView, Me } from '@vigie/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { keptIn } from './kept.ts';

/** As localStorage: its keys are its own properties, a full one throws. */
class FakeStorage {
  static mostLetters = 5_000_000;
  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? (Reflect.get(this, key) as string) : null;
  }
  setItem(key: string, value: string): void {
    const others = Object.entries(this).filter(([name]) => name !== key);
    const letters = others.reduce((sum, [name, text]) => sum + name.length + String(text).length, 0);
    if (letters + key.length + value.length > FakeStorage.mostLetters) throw new Error('QuotaExceededError');
    Reflect.set(this, key, value);
  }
  removeItem(key: string): void {
    Reflect.deleteProperty(this, key);
  }
}

let storage: FakeStorage;
let kept: ReturnType<typeof keptIn>;
beforeEach(() => {
  storage = new FakeStorage();
  kept = keptIn(() => storage as unknown as Storage);
});
const me = (id: string) => ({ id, name: id }) as Me;
const view = (id: string) => ({ id, name: `Machine ${id}` }) as MachineView;
const fleet = (nowMs: number, name = 'TV-01') =>
  ({ nowMs, channels: [], machines: [{ id: name }] }) as unknown as Fleet;

describe('kept values', () => {
  it('come back with the time at which they were true, and the worth of the clock', () => {
    kept.keepAccount(me('a'), 3_600_000);
    kept.keepFleet(fleet(500));
    kept.keepMachine(view('TV-01'), 700);
    expect(kept.account()).toEqual({ me: me('a'), offsetMs: 3_600_000 });
    expect(kept.fleet()).toEqual({ atMs: 500, value: fleet(500) });
    expect(kept.machine('TV-01')).toEqual({ atMs: 700, value: view('TV-01') });
    expect(kept.machine('TV-02')).toBeNull();
  });

  it('are of one account, and of nobody once it has signed out in any tab', () => {
    kept.keepAccount(me('a'), 0);
    kept.keepMachine(view('TV-01'), 1);
    storage.setItem('vigie.theme', 'dark');
    kept.keepAccount(me('b'), 0);
    expect(kept.machine('TV-01')).toBeNull();
    kept.keepMachine(view('TV-01'), 1);
    kept.keepMachine(view('TV-02'), 1);
    kept.keepFleet(fleet(1));
    // It may see that one no more.
    expect([kept.machine('TV-01')?.atMs, kept.machine('TV-02')]).toEqual([1, null]);
    kept.wipe();
    // A tab that does not know yet that the session is over.
    kept.keepFleet(fleet(1));
    kept.keepMachine(view('TV-01'), 1);
    expect(Object.keys(storage)).toEqual(['vigie.theme']);
  });

  it('are of the machines seen last, and never more than the device has room for', () => {
    kept.keepAccount(me('a'), 0);
    for (let i = 0; i < 40; i++) kept.keepMachine(view(`M-${i}`), i);
    const machines = Object.keys(storage).filter((key) => key.includes('.m.'));
    expect(machines).toHaveLength(30);
    expect(kept.machine('M-9')).toBeNull();
    expect(kept.machine('M-39')).not.toBeNull();
    kept.keepFleet(fleet(1));
    kept.keepFleet(fleet(2, 'x'.repeat(800_000)));
    // Too large to keep: nothing rather than an old one that passes for the last.
    expect(kept.fleet()).toBeNull();
  });

  it('are not there, and nothing fails, where storage is refused or what it holds is no longer read', () => {
    const refused = keptIn(() => {
      throw new Error('SecurityError');
    });
    refused.keepAccount(me('a'), 0);
    refused.keepFleet(fleet(1));
    refused.wipe();
    expect([refused.account(), refused.fleet(), refused.machine('X')]).toEqual([null, null, null]);
    storage.setItem('vigie.kept.fleet', '{half');
    expect(kept.fleet()).toBeNull();
  });
});
