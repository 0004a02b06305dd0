// One user: names and role, linked machines, how they get in, and the end of the account. A new one is made in the same
// sheet, which then shows the link to pass on. What was answered by the server is shown, never what was hoped for.
import type { UserCreate, UserInvited, UserView } from '@vigie/contract';
import { useId, useState } from 'preact/hooks';
import { send } from '../api.ts';
import { formatDayClock } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { Field, textOf } from '../session/fields.tsx';
import { readerZone, session } from '../session/session.ts';
import { useAct } from '../session/use-act.ts';
import { useForm } from '../session/use-form.ts';
import { ConfirmName } from './confirm-name.tsx';
import { CopyText } from './copy-text.tsx';
import { changeUser, endSecondFactor, load, machineName, machines, removeUser, setLinked } from './data.ts';
import { EditForm } from './edit-form.tsx';
import { LinkPicker } from './link-picker.tsx';
import { Sheet } from './sheet.tsx';
import { offerUndo, UndoOffer } from './undo.tsx';
import { manageWords } from './words.ts';

const LANGUAGES = [
  ['fr', 'Français'],
  ['en', 'English'],
] as const;
const ROLES = ['user', 'admin', 'super-admin'] as const;

function whoAsks(): { readonly id: string; readonly isSuper: boolean } {
  const now = session.value;
  return now.kind === 'in'
    ? { id: now.me.id, isSuper: now.me.role === 'super-admin' }
    : { id: '', isSuper: false };
}

function when(atMs: number): string {
  return formatDayClock(atMs, readerZone.value, language.value);
}

/** Fields of the account; what a Super Admin alone may set is not shown to others. */
function AccountFields({ user, role }: { readonly user: UserView | null; readonly role: boolean }) {
  const w = manageWords.value;
  const id = useId();
  return (
    <>
      <Field name="name" label={w.name} autocomplete="off" maxLength={80} value={user?.name ?? ''} />
      <Field name="email" type="email" label={w.email} autocomplete="off" value={user?.email ?? ''} />
      <Field
        name="userName"
        label={w.userName}
        hint={w.userNameHint}
        autocomplete="off"
        maxLength={32}
        value={user?.userName ?? ''}
        optional
      />
      <div class="field">
        <label for={`${id}-language`}>{w.language}</label>
        <select id={`${id}-language`} name="language">
          {LANGUAGES.map(([one, word]) => (
            <option key={one} value={one} selected={one === (user?.language ?? language.value)}>
              {word}
            </option>
          ))}
        </select>
      </div>
      {role && (
        <div class="field">
          <label for={`${id}-role`}>{w.roleLabel}</label>
          <select id={`${id}-role`} name="role">
            {ROLES.map((one) => (
              <option key={one} value={one} selected={one === (user?.role ?? 'user')}>
                {w.role[one]}
              </option>
            ))}
          </select>
        </div>
      )}
    </>
  );
}

/** Of the form; a role only where there is a choice. */
function accountOf(data: FormData) {
  const userName = textOf(data, 'userName').trim();
  const role = ROLES.find((one) => one === textOf(data, 'role'));
  return {
    name: textOf(data, 'name'),
    email: textOf(data, 'email'),
    userName: userName === '' ? null : userName,
    language: textOf(data, 'language') === 'en' ? ('en' as const) : ('fr' as const),
    ...(role === undefined ? {} : { role }),
  };
}

interface MachinePickerProps {
  readonly linked: readonly string[];
  readonly add: (machine: string) => void;
  readonly remove: (machine: string) => void;
}

function MachinePicker({ linked, add, remove }: MachinePickerProps) {
  const w = manageWords.value;
  const free = (machines.value ?? []).filter((machine) => !machine.retired && !linked.includes(machine.id));
  return (
    <LinkPicker
      title={w.linkedMachines}
      label={w.linkMachine}
      nothing={w.none}
      linked={linked.map((id) => ({ id, name: machineName(id) }))}
      free={free.map(({ id, name }) => ({ id, name, otherName: id }))}
      add={add}
      remove={remove}
    />
  );
}

function LinkToPassOn({ invited }: { readonly invited: UserInvited }) {
  const w = manageWords.value;
  const { user, token, expiresMs, mailed } = invited;
  return (
    <div class="notice">
      {mailed ? (
        <p>{w.linkMailed(user.email, when(expiresMs))}</p>
      ) : (
        <>
          <p>{w.linkReady(user.name, when(expiresMs))}</p>
          <CopyText text={`${location.origin}/welcome#${token}`} label={w.access} />
        </>
      )}
    </div>
  );
}

export function NewUserSheet({ close }: { readonly close: () => void }) {
  const w = manageWords.value;
  const [linked, setLinkedOnes] = useState<readonly string[]>([]);
  const [invited, setInvited] = useState<UserInvited | null>(null);
  const { isSuper } = whoAsks();
  const { busy, failure, onSubmit } = useForm(async (data) => {
    const request: UserCreate = { role: 'user', ...accountOf(data), machines: [...linked] };
    setInvited(await send<UserInvited>('POST', '/api/users', request));
    await load();
  });
  if (invited !== null) {
    return (
      <Sheet title={invited.user.name} close={close}>
        <LinkToPassOn invited={invited} />
      </Sheet>
    );
  }
  return (
    <Sheet title={w.newUser} close={close}>
      <form class="sheet-form" onSubmit={onSubmit}>
        <AccountFields user={null} role={isSuper} />
        <MachinePicker
          linked={linked}
          add={(machine) => setLinkedOnes([...linked, machine])}
          remove={(machine) => setLinkedOnes(linked.filter((one) => one !== machine))}
        />
        <p class="form-failure" role="alert">
          {failure}
        </p>
        <button type="submit" class="primary" aria-disabled={busy}>
          {w.create}
        </button>
      </form>
    </Sheet>
  );
}

export function UserSheet({ user, close }: { readonly user: UserView; readonly close: () => void }) {
  const w = manageWords.value;
  const { id, isSuper } = whoAsks();
  const isSelf = user.id === id;
  const [invited, setInvited] = useState<UserInvited | null>(null);
  const { told, act } = useAct();
  return (
    <Sheet title={user.name} close={close}>
      <EditForm version={user.version} save={(data) => changeUser(user, accountOf(data))} told={told}>
        <AccountFields user={user} role={isSuper && !isSelf} />
      </EditForm>
      {user.role === 'super-admin' ? (
        <p class="hint">{w.allMachines}</p>
      ) : (
        <MachinePicker
          linked={user.machines}
          add={(machine) => act(() => setLinked(user.id, machine, true))}
          remove={(machine) =>
            act(async () => {
              await setLinked(user.id, machine, false);
              offerUndo(w.unlinked(user.name, machineName(machine)), () =>
                act(() => setLinked(user.id, machine, true)),
              );
            })
          }
        />
      )}
      {!isSelf && <p class="hint">{w.sessionsEnd}</p>}
      <section class="sheet-part">
        <h3>{w.access}</h3>
        {invited !== null && <LinkToPassOn invited={invited} />}
        {invited === null && user.invitedUntilMs !== null && (
          <p>{w.invitedUntil(when(user.invitedUntilMs))}</p>
        )}
        {!user.disabled && (
          <button
            type="button"
            onClick={() =>
              act(async () => {
                setInvited(await send<UserInvited>('POST', `/api/users/${user.id}/invitation`));
                await load();
              })
            }
          >
            {user.state === 'invited' ? w.makeInvitation : w.makeReset}
          </button>
        )}
        <p>{user.secondFactor ? w.secondFactorOn : w.secondFactorOff}</p>
        {user.secondFactor && !isSelf && (
          <button type="button" onClick={() => act(() => endSecondFactor(user))}>
            {w.takeSecondFactor}
          </button>
        )}
      </section>
      <section class="sheet-part">
        {isSelf ? (
          <p class="hint">{w.ownAccount}</p>
        ) : (
          <>
            <button
              type="button"
              class="outlined"
              onClick={() => act(() => changeUser(user, { disabled: !user.disabled }))}
            >
              {user.disabled ? w.enable : w.disable}
            </button>
            {!user.disabled && <p class="hint">{w.disableHint}</p>}
            <ConfirmName
              title={w.removeTitle}
              hint={w.removeHint(user.name)}
              label={w.confirmName}
              name={user.name}
              action={w.remove}
              act={() =>
                act(async () => {
                  await removeUser(user);
                  close();
                })
              }
            />
          </>
        )}
      </section>
      <UndoOffer />
    </Sheet>
  );
}
