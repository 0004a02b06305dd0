// The machines one may edit, retired ones too: search, linked users as chips, the box. One opens in a sheet, by the address.
import type { ManagedMachine } from '@vigie/contract';
import { useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { session } from '../session/session.ts';
import { machines, matches, useManaged } from './data.ts';
import { Chips, FoundTable } from './found-table.tsx';
import { Frame, Head } from './frame.tsx';
import { MachineSheet, NewMachineSheet } from './machine-sheet.tsx';
import { edgeWord } from './state-words.ts';
import { manageWords } from './words.ts';

function Row({ machine }: { readonly machine: ManagedMachine }) {
  const w = manageWords.value;
  return (
    <tr class={machine.retired ? 'old' : ''}>
      <th scope="row">
        <Link href={`/manage/machines?edit=${encodeURIComponent(machine.id)}`}>{machine.name}</Link>
      </th>
      <td data-label={w.id}>{machine.id}</td>
      <td data-label={w.site}>{machine.site}</td>
      <td data-label={w.linkedUsers}>
        <Chips linked={machine.users} nothing={w.nobody} />
      </td>
      <td data-label={w.edge}>{edgeWord(machine)}</td>
    </tr>
  );
}

export function MachinesPage() {
  const w = manageWords.value;
  useManaged();
  const [typed, setTyped] = useState('');
  const [, navigate] = useLocation();
  const query = new URLSearchParams(useSearch());
  const isSuper = session.value.kind === 'in' && session.value.me.role === 'super-admin';
  const all = machines.value;
  const shown = (all ?? []).filter(({ id, name, site, users }) =>
    matches(typed, id, name, site, ...users.map((user) => user.name)),
  );
  const edited = all?.find(({ id }) => id === query.get('edit'));
  const close = (): void => navigate('/manage/machines');
  return (
    <Frame title={w.machines}>
      <Head
        label={w.findMachine}
        typed={typed}
        type={setTyped}
        add={isSuper ? { href: '/manage/machines?new', word: w.newMachine } : null}
      />
      <FoundTable
        all={all?.length ?? null}
        columns={[w.name, w.id, w.site, w.linkedUsers, w.edge]}
        rows={shown.map((machine) => <Row key={machine.id} machine={machine} />)}
        noneTitle={w.noMachines}
        noneHint={w.noMachinesHint}
      />
      {edited !== undefined && <MachineSheet key={edited.id} machine={edited} close={close} />}
      {isSuper && all !== null && query.has('new') && (
        <NewMachineSheet
          close={close}
          made={(id) => navigate(`/manage/machines?edit=${encodeURIComponent(id)}`)}
        />
      )}
    </Frame>
  );
}
