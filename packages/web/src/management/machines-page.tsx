// The machines one may edit, retired ones too: search, linked users as chips, the box. One opens in a sheet, by the address.
import type { ManagedMachine } from '@vigie/contract';
import { useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { session } from '../session/session.ts';
import { EmptyNotice } from '../shell/notices.tsx';
import { failure, machines, matches, useManaged } from './data.ts';
import { Frame, Head, Skeleton } from './frame.tsx';
import { MachineSheet, NewMachineSheet } from './machine-sheet.tsx';
import { edgeWord } from './state-words.ts';
import { manageWords } from './words.ts';

const MOST_CHIPS = 3;

function Row({ machine }: { readonly machine: ManagedMachine }) {
  const w = manageWords.value;
  const more = machine.users.length - MOST_CHIPS;
  return (
    <tr class={machine.retired ? 'old' : ''}>
      <th scope="row">
        <Link href={`/manage/machines?edit=${encodeURIComponent(machine.id)}`}>{machine.name}</Link>
      </th>
      <td data-label={w.id}>{machine.id}</td>
      <td data-label={w.site}>{machine.site}</td>
      <td data-label={w.linkedUsers}>
        <span class="chips">
          {machine.users.slice(0, MOST_CHIPS).map(({ id, name }) => (
            <span key={id} class="chip">
              {name}
            </span>
          ))}
          {more > 0 && <span class="chip">{w.more(more)}</span>}
          {machine.users.length === 0 && <span class="muted">{w.nobody}</span>}
        </span>
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
      {all === null && failure.value === null && <Skeleton />}
      {all !== null && all.length === 0 && <EmptyNotice title={w.noMachines}>{w.noMachinesHint}</EmptyNotice>}
      {all !== null && all.length > 0 && shown.length === 0 && <p class="muted">{w.noMatch}</p>}
      {shown.length > 0 && (
        <div class="panel flush">
          <table class="fleet">
            <thead>
              <tr>
                <th scope="col">{w.name}</th>
                <th scope="col">{w.id}</th>
                <th scope="col">{w.site}</th>
                <th scope="col">{w.linkedUsers}</th>
                <th scope="col">{w.edge}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((machine) => (
                <Row key={machine.id} machine={machine} />
              ))}
            </tbody>
          </table>
        </div>
      )}
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
