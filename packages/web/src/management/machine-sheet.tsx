// One machine: its names, who is linked to it, how its box enrols, and the end of its service. While an enrolment code waits,
// the sheet asks for news by itself, and says when the box has arrived.
import type { Enrolment, MachineCreate, ManagedMachine } from '@vigie/contract';
import { useEffect, useId, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { get, send } from '../api.ts';
import { formatDayClock } from '../i18n/format.ts';
import { language } from '../prefs.ts';
import { Field, textOf } from '../session/fields.tsx';
import { readerZone, session } from '../session/session.ts';
import { useAct } from '../session/use-act.ts';
import { useForm } from '../session/use-form.ts';
import { ConfirmName } from './confirm-name.tsx';
import { CopyText } from './copy-text.tsx';
import { changeMachine, setLinked, tookMachine, users } from './data.ts';
import { EditForm } from './edit-form.tsx';
import { LinkPicker } from './link-picker.tsx';
import { Sheet } from './sheet.tsx';
import { edgeWord } from './state-words.ts';
import { offerUndo, UndoOffer } from './undo.tsx';
import { manageWords } from './words.ts';

const NEWS_EVERY_MS = 2000;
const USUAL_LINK_PORT = 8443;

function ZoneField({ value }: { readonly value: string }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{manageWords.value.timeZone}</label>
      <select id={id} name="timeZone">
        {[...new Set(['UTC', value, ...Intl.supportedValuesOf('timeZone')])].map((zone) => (
          <option key={zone} value={zone} selected={zone === value}>
            {zone}
          </option>
        ))}
      </select>
    </div>
  );
}

function PlaceFields({ machine }: { readonly machine: ManagedMachine | null }) {
  const w = manageWords.value;
  return (
    <>
      <Field name="name" label={w.name} autocomplete="off" maxLength={80} value={machine?.name ?? ''} />
      <Field
        name="site"
        label={w.site}
        autocomplete="off"
        maxLength={120}
        value={machine?.site ?? ''}
        optional
      />
      <ZoneField value={machine?.timeZone ?? readerZone.value} />
    </>
  );
}

function placeOf(data: FormData) {
  return { name: textOf(data, 'name'), site: textOf(data, 'site'), timeZone: textOf(data, 'timeZone') };
}

interface NewMachineProps {
  readonly close: () => void;
  readonly made: (id: string) => void;
}

export function NewMachineSheet({ close, made }: NewMachineProps) {
  const w = manageWords.value;
  const { busy, failure, onSubmit } = useForm(async (data) => {
    const request: MachineCreate = { id: textOf(data, 'id').trim(), ...placeOf(data) };
    const machine = await send<ManagedMachine>('POST', '/api/machines', request);
    tookMachine(machine);
    made(request.id);
  });
  return (
    <Sheet title={w.newMachine} close={close}>
      <form class="sheet-form" onSubmit={onSubmit}>
        <Field
          name="id"
          label={w.id}
          hint={w.idHint}
          autocomplete="off"
          maxLength={32}
          pattern="[A-Za-z0-9][A-Za-z0-9_\-]*"
        />
        <PlaceFields machine={null} />
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

/** The command as it is to be typed on a fresh box, and on one where the agent is installed. */
function commandsOf({ code, linkPort }: Enrolment): { readonly fresh: string; readonly installed: string } {
  const host = linkPort === USUAL_LINK_PORT ? location.hostname : `${location.hostname}:${linkPort}`;
  const { origin } = location;
  return {
    fresh: `curl -fsS ${origin}/edge/install.sh | sudo sh -s -- ${origin} ${host} ${code}`,
    installed: `vigie-edge enrol --server ${host} --code ${code} --data /var/lib/vigie`,
  };
}

function EnrolmentPart({ machine }: { readonly machine: ManagedMachine }) {
  const w = manageWords.value;
  const [made, setMade] = useState<Enrolment | null>(null);
  const { told, act } = useAct();
  const arrived = made !== null && machine.codeUntilMs === null;
  const settled = arrived && machine.connected;
  useEffect(() => {
    if (made === null || settled) return;
    const path = `/api/manage/machines/${encodeURIComponent(machine.id)}`;
    const timer = setInterval(() => {
      // One that fails is made up for by the next.
      get<ManagedMachine>(path).then(tookMachine, () => undefined);
    }, NEWS_EVERY_MS);
    return () => clearInterval(timer);
  }, [made, settled]);
  const make = async (): Promise<void> => {
    const enrolment = await send<Enrolment>(
      'POST',
      `/api/machines/${encodeURIComponent(machine.id)}/enrolment-code`,
    );
    tookMachine(await get<ManagedMachine>(`/api/manage/machines/${encodeURIComponent(machine.id)}`));
    setMade(enrolment);
  };
  return (
    <section class="sheet-part">
      <h3>{w.edge}</h3>
      <p>{edgeWord(machine)}</p>
      {made !== null && !arrived && (
        <div class="notice">
          <p>
            <strong>{w.codeTitle}</strong>
            <br />
            {w.codeHint(formatDayClock(made.expiresMs, readerZone.value, language.value))}
          </p>
          <CopyText text={commandsOf(made).fresh} label={w.codeTitle} />
          <p>{w.codeInstalled}</p>
          <CopyText text={commandsOf(made).installed} label={w.codeInstalled} />
        </div>
      )}
      <div role="status">
        {made !== null && !arrived && <p class="waiting">{w.waiting}</p>}
        {arrived && (
          <p class="arrived">
            <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
              <path d="M5 12.5 10 17.5 19 7" class="stroke" />
            </svg>
            <span>
              <strong>{w.arrived(machine.name)}</strong>{' '}
              {machine.connected ? w.arrivedConnected : w.arrivedStart}
            </span>
          </p>
        )}
      </div>
      {(made === null || arrived) && (
        <>
          <button type="button" onClick={() => act(make)}>
            {w.makeCode}
          </button>
          {machine.enrolled && <p class="hint">{w.replaces}</p>}
        </>
      )}
      <p class="form-failure" role="alert">
        {told}
      </p>
    </section>
  );
}

interface UserPickerProps {
  readonly machine: ManagedMachine;
  readonly act: (work: () => Promise<void>) => void;
}

function UserPicker({ machine, act }: UserPickerProps) {
  const w = manageWords.value;
  // A Super Admin sees every machine without being linked to it.
  const free = (users.value ?? []).filter(
    ({ id, role }) => role !== 'super-admin' && !machine.users.some((linked) => linked.id === id),
  );
  const add = (user: string): void => act(() => setLinked(user, machine.id, true));
  return (
    <LinkPicker
      title={w.linkedUsers}
      label={w.linkUser}
      nothing={w.nobody}
      linked={machine.users.map(({ id, name }) => ({ id, name, href: `/manage/users?edit=${id}` }))}
      free={free.map(({ id, name, email }) => ({ id, name, otherName: email }))}
      add={add}
      remove={(user) =>
        act(async () => {
          await setLinked(user, machine.id, false);
          const name = machine.users.find(({ id }) => id === user)?.name ?? user;
          offerUndo(w.unlinked(name, machine.name), () => add(user));
        })
      }
    />
  );
}

interface MachineProps {
  readonly machine: ManagedMachine;
  readonly close: () => void;
}

export function MachineSheet({ machine, close }: MachineProps) {
  const w = manageWords.value;
  const isSuper = session.value.kind === 'in' && session.value.me.role === 'super-admin';
  const { told, act } = useAct();
  return (
    <Sheet title={`${machine.name} (${machine.id})`} close={close}>
      <p>
        <Link href={`/m/${encodeURIComponent(machine.id)}`}>{w.open}</Link>
      </p>
      <EditForm version={machine.version} save={(data) => changeMachine(machine, placeOf(data))} told={told}>
        <PlaceFields machine={machine} />
      </EditForm>
      <UserPicker machine={machine} act={act} />
      {!machine.retired && <EnrolmentPart machine={machine} />}
      {isSuper && (
        <section class="sheet-part">
          {machine.retired ? (
            <button type="button" onClick={() => act(() => changeMachine(machine, 'restore'))}>
              {w.restore}
            </button>
          ) : (
            <ConfirmName
              title={w.retireTitle}
              hint={w.retireHint(machine.name)}
              label={w.confirmName}
              name={machine.name}
              action={w.retire}
              act={() => act(() => changeMachine(machine, 'retire'))}
            />
          )}
        </section>
      )}
      <UndoOffer />
    </Sheet>
  );
}
