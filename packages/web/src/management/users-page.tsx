// The users one may edit: search, role and linked machines as chips, state. One opens in a sheet, by the address.
import type { UserView } from '@vigie/contract';
import { useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { nowMs } from '../clock.ts';
import { formatAge } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { machineName, matches, useManaged, users } from './data.ts';
import { Chips, FoundTable } from './found-table.tsx';
import { Frame, Head } from './frame.tsx';
import { stateWord } from './state-words.ts';
import { NewUserSheet, UserSheet } from './user-sheet.tsx';
import { manageWords } from './words.ts';

function Row({ user }: { readonly user: UserView }) {
  const w = manageWords.value;
  return (
    <tr class={user.disabled ? 'old' : ''}>
      <th scope="row">
        <Link href={`/manage/users?edit=${user.id}`}>{user.name}</Link>
        <span class="below muted wraps">{user.email}</span>
      </th>
      <td data-label={w.roleLabel}>
        <span class="chip whole">{w.role[user.role]}</span>
      </td>
      <td data-label={w.linkedMachines}>
        <Chips
          linked={user.machines.map((id) => ({ id, name: machineName(id) }))}
          nothing={user.role === 'super-admin' ? w.allMachines : w.none}
        />
      </td>
      <td data-label={w.state}>{stateWord(user)}</td>
      <td data-label={w.lastSeen} class="figures">
        {user.seenMs === null ? w.never : formatAge(nowMs.value - user.seenMs, language.value)}
      </td>
    </tr>
  );
}

export function UsersPage() {
  const w = manageWords.value;
  useManaged();
  const [typed, setTyped] = useState('');
  const [, navigate] = useLocation();
  const query = new URLSearchParams(useSearch());
  const all = users.value;
  const shown = (all ?? []).filter((user) =>
    matches(
      typed,
      user.name,
      user.email,
      user.userName,
      w.role[user.role],
      ...user.machines.map(machineName),
    ),
  );
  const edited = all?.find(({ id }) => id === query.get('edit'));
  const close = (): void => navigate('/manage/users');
  return (
    <Frame title={w.users}>
      <Head
        label={w.findUser}
        typed={typed}
        type={setTyped}
        add={{ href: '/manage/users?new', word: w.newUser }}
      />
      <FoundTable
        all={all?.length ?? null}
        columns={[w.name, w.roleLabel, w.linkedMachines, w.state, w.lastSeen]}
        rows={shown.map((user) => <Row key={user.id} user={user} />)}
        noneTitle={w.noUsers}
        noneHint={w.noUsersHint}
      />
      {edited !== undefined && <UserSheet key={edited.id} user={edited} close={close} />}
      {all !== null && query.has('new') && <NewUserSheet close={close} />}
    </Frame>
  );
}
