// What the management pages know: users and machines, read together since each names the other; and every change of them,
// after which what the server answers is shown. Not here: how it looks.
import { signal } from '@preact/signals';
import type { ManagedMachine, UserView } from '@vigie/contract';
import { useEffect } from 'preact/hooks';
import { type FailureCode, failureCode, get, send } from '../api.ts';
import { reloadCount } from '../connection.ts';
import { plain } from '../i18n/plain.ts';

export const users = signal<readonly UserView[] | null>(null);
export const machines = signal<readonly ManagedMachine[] | null>(null);
export const failure = signal<FailureCode | null>(null);

export async function load(): Promise<void> {
  try {
    [users.value, machines.value] = await Promise.all([
      get<readonly UserView[]>('/api/users'),
      get<readonly ManagedMachine[]>('/api/manage/machines'),
    ]);
    failure.value = null;
  } catch (cause) {
    failure.value = failureCode(cause);
  }
}

/** Read anew whenever the page is shown or reloaded: others manage too. */
export function useManaged(): void {
  const reloads = reloadCount.value;
  useEffect(() => {
    void load();
  }, [reloads]);
}

export function machineName(id: string): string {
  return machines.value?.find((machine) => machine.id === id)?.name ?? id;
}

/** Whether every word that was typed is somewhere in the texts. */
export function matches(typed: string, ...texts: readonly (string | null)[]): boolean {
  const all = plain(texts.join(' '));
  return plain(typed)
    .split(/\s+/)
    .every((word) => all.includes(word));
}

function took(user: UserView | null): void {
  if (user === null) return;
  users.value = users.value?.map((one) => (one.id === user.id ? user : one)) ?? null;
}

/** What somebody else changed is read again before the failure is told. */
async function orReload<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const code = failureCode(cause);
    if (code === 'changed' || code === 'not-found') await load();
    throw cause;
  }
}

export async function changeUser(user: UserView, change: object): Promise<void> {
  const body = { version: user.version, ...change };
  took(await orReload(send<UserView>('PATCH', `/api/users/${user.id}`, body)));
}

export async function removeUser({ id, version }: UserView): Promise<void> {
  await orReload(send<null>('DELETE', `/api/users/${id}`, { version }));
  users.value = users.value?.filter((user) => user.id !== id) ?? null;
}

export async function setLinked(user: string, machine: string, linked: boolean): Promise<void> {
  const path = `/api/users/${user}/machines/${encodeURIComponent(machine)}`;
  took(await orReload(send<UserView>(linked ? 'PUT' : 'DELETE', path)));
  // Its list of users changed with it.
  await load();
}

export async function endSecondFactor({ id }: UserView): Promise<void> {
  took(await orReload(send<UserView>('DELETE', `/api/users/${id}/second-factor`)));
}

export function tookMachine(machine: ManagedMachine | null): void {
  if (machine === null) return;
  const known = machines.value ?? [];
  machines.value = known.some(({ id }) => id === machine.id)
    ? known.map((one) => (one.id === machine.id ? machine : one))
    : [...known, machine];
}

export async function changeMachine(
  { id, version }: ManagedMachine,
  change: object | 'retire' | 'restore',
): Promise<void> {
  const path = `/api/machines/${encodeURIComponent(id)}`;
  const sent =
    typeof change === 'string'
      ? send<ManagedMachine>('POST', `${path}/${change}`, { version })
      : send<ManagedMachine>('PATCH', path, { version, ...change });
  tookMachine(await orReload(sent));
}
