// The users one may edit: search, role and linked machines as chips, state. One opens in a sheet, by the address.
import type { UserView } from '@vigie/contract';
import { useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { nowMs } from '../clock.ts';
import { formatAge } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { EmptyNotice } from '../shell/notices.tsx';
import { failure, machineName, matches, useManaged, users } from './data.ts';
import { Frame, Head, Skeleton } from './frame.tsx';
import { stateWord } from './state-words.ts';
import { NewUserSheet, UserSheet } from './user-sheet.tsx';
import { manageWords } from './words.ts';

const MOST_CHIPS = 3;

function Row({ user }: { readonly user: UserView }) {
  const w = manageWords.value;
  const more = user.machines.length - MOST_CHIPS;
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
        <span class="chips">
          {user.machines.slice(0, MOST_CHIPS).map((id) => (
            <span key={id} class="chip">
              {machineName(id)}
            </span>
          ))}
          {more > 0 && <span class="chip">{w.more(more)}</span>}
          {user.machines.length === 0 && (
            <span class="muted">{user.role === 'super-admin' ? w.allMachines : w.none}</span>
          )}
        </span>
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
      {all === null && failure.value === null && <Skeleton />}
      {all !== null && all.length === 0 && <EmptyNotice title={w.noUsers}>{w.noUsersHint}</EmptyNotice>}
      {all !== null && all.length > 0 && shown.length === 0 && <p class="muted">{w.noMatch}</p>}
      {shown.length > 0 && (
        <div class="panel flush">
          <table class="fleet">
            <thead>
              <tr>
                <th scope="col">{w.name}</th>
                <th scope="col">{w.roleLabel}</th>
                <th scope="col">{w.linkedMachines}</th>
                <th scope="col">{w.state}</th>
                <th scope="col">{w.lastSeen}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((user) => (
                <Row key={user.id} user={user} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {edited !== undefined && <UserSheet key={edited.id} user={edited} close={close} />}
      {all !== null && query.has('new') && <NewUserSheet close={close} />}
    </Frame>
  );
}
