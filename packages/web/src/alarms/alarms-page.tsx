// The page of alarms: those that are open, by severity and age, and those of the past; the address says which, and which
// machine and severity. Not here: one alarm (alarm-item.tsx), limits (limits-page.tsx).
import type { AlarmSeverity } from '@vigie/contract';
import { useEffect, useId, useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { get } from '../api.ts';
import { EmptyNotice, FailureNotice } from '../shell/notices.tsx';
import { useTitle } from '../shell/use-title.ts';
import { AlarmItem } from './alarm-item.tsx';
import { useAlarmNews, useAlarms } from './alarm-list.ts';
import { alarmsSentence } from './alarms-line.tsx';
import { useAlarmActs } from './use-alarm-acts.tsx';
import { alarmWords } from './words.ts';
import '../styles/alarms.css';
import '../styles/manage.css';

type List = 'open' | 'history';
interface Address {
  readonly list: List;
  readonly machine: string | null;
  readonly severity: AlarmSeverity | null;
}

function readAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const severity = query.get('severity');
  return {
    list: query.get('list') === 'history' ? 'history' : 'open',
    machine: query.get('machine'),
    severity: severity === 'alarm' || severity === 'warning' ? severity : null,
  };
}

function writeAlarmsAddress({ list, machine, severity }: Address): string {
  const query = new URLSearchParams();
  if (list === 'history') query.set('list', list);
  if (machine !== null) query.set('machine', machine);
  if (severity !== null) query.set('severity', severity);
  const text = query.toString();
  return `/alarms${text === '' ? '' : `?${text}`}`;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** For the choice of a machine. */
function useMachines(): readonly Named[] {
  const [machines, setMachines] = useState<readonly Named[]>([]);
  useEffect(() => {
    // Without it the list is there all the same.
    get<{ readonly machines: readonly Named[] }>('/api/machines').then(
      (answer) => setMachines(answer.machines),
      () => undefined,
    );
  }, []);
  return machines;
}

interface FilterProps {
  readonly address: Address;
  readonly go: (change: Partial<Address>) => void;
}

function Filters({ address, go }: FilterProps) {
  const w = alarmWords.value;
  const id = useId();
  const machines = useMachines();
  const known = machines.some((machine) => machine.id === address.machine);
  return (
    <div class="alarm-filters">
      <div class="field">
        <label for={`${id}-machine`}>{w.filterMachine}</label>
        <select
          id={`${id}-machine`}
          value={address.machine ?? ''}
          onChange={({ currentTarget }) =>
            go({ machine: currentTarget.value === '' ? null : currentTarget.value })
          }
        >
          <option value="">{w.allMachines}</option>
          {!known && address.machine !== null && <option value={address.machine}>{address.machine}</option>}
          {machines.map((machine) => (
            <option key={machine.id} value={machine.id}>
              {machine.name}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for={`${id}-severity`}>{w.filterSeverity}</label>
        <select
          id={`${id}-severity`}
          value={address.severity ?? ''}
          onChange={({ currentTarget: { value } }) =>
            go({ severity: value === 'alarm' || value === 'warning' ? value : null })
          }
        >
          <option value="">{w.allSeverities}</option>
          <option value="alarm">{w.alarm}</option>
          <option value="warning">{w.warning}</option>
        </select>
      </div>
    </div>
  );
}

export function AlarmsPage() {
  const w = alarmWords.value;
  useTitle(w.title);
  useAlarmNews();
  const search = useSearch();
  const [, navigate] = useLocation();
  const address = readAddress(search);
  const go = (change: Partial<Address>): void =>
    navigate(writeAlarmsAddress({ ...address, ...change }), { replace: true });
  const of = address.machine === null ? '' : `&machine=${encodeURIComponent(address.machine)}`;
  const { alarms, machines, more, failure, reload, older } = useAlarms(`list=${address.list}${of}`);
  const { act, told, dialog } = useAlarmActs(machines);
  const shown = alarms?.filter(({ severity }) => address.severity === null || severity === address.severity);
  const isFiltered = address.machine !== null || address.severity !== null;
  return (
    <main id="content" class="page" tabIndex={-1}>
      <h1>{w.title}</h1>
      <p role="status">{alarmsSentence() ?? ''}</p>
      <nav class="tabs" aria-label={w.lists}>
        {(['open', 'history'] as const).map((list) => (
          <Link
            key={list}
            href={writeAlarmsAddress({ ...address, list })}
            aria-current={address.list === list ? 'page' : undefined}
          >
            {w[list]}
          </Link>
        ))}
      </nav>
      <Filters address={address} go={go} />
      {failure !== null && <FailureNotice code={failure} retry={reload} />}
      <p class="form-failure" role="alert">
        {told ?? ''}
      </p>
      {shown === undefined && failure === null && (
        <div class="panel skeleton-rows" aria-hidden="true">
          {[1, 2, 3].map((row) => (
            <div key={row} class="skeleton alarm-skeleton" />
          ))}
        </div>
      )}
      {shown?.length === 0 && isFiltered && <p class="muted">{w.noneMatch}</p>}
      {shown?.length === 0 && !isFiltered && address.list === 'open' && (
        <EmptyNotice title={w.noneOpen}>{w.noneOpenText}</EmptyNotice>
      )}
      {shown?.length === 0 && !isFiltered && address.list === 'history' && <p class="muted">{w.nonePast}</p>}
      {shown !== undefined && shown.length > 0 && (
        <section aria-labelledby="alarm-list">
          <h2 id="alarm-list" class="unseen">
            {w[address.list]}
          </h2>
          <ol class="alarms panel flush">
            {shown.map((alarm) => (
              <AlarmItem
                key={`${alarm.machine} ${alarm.id}`}
                alarm={alarm}
                machine={machines.get(alarm.machine) ?? null}
                namesMachine
                act={act}
              />
            ))}
          </ol>
        </section>
      )}
      {more && address.list === 'history' && (
        <button type="button" onClick={older}>
          {w.more}
        </button>
      )}
      {dialog}
    </main>
  );
}
