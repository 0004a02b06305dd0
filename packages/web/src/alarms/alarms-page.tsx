// The page of alarms: those that are open, by severity and age, and those of the past; the address says which, and which
// machine and severity. Not here: one alarm (alarm-item.tsx), limits (limits-page.tsx).
import { useEffect, useId, useState } from 'preact/hooks';
import { Link, useLocation, useSearch } from 'wouter-preact';
import { get } from '../api.ts';
import { EmptyNotice, FailureNotice } from '../shell/notices.tsx';
import { useTitle } from '../shell/use-title.ts';
import { AlarmItem } from './alarm-item.tsx';
import { type AlarmsAsked, useAlarmNews, useAlarms } from './alarm-list.ts';
import { alarmsSentence } from './alarms-line.tsx';
import { useAlarmActs } from './use-alarm-acts.tsx';
import { alarmWords } from './words.ts';
import '../styles/alarms.css';
import '../styles/manage.css';

function readAddress(search: string): AlarmsAsked {
  const query = new URLSearchParams(search);
  const severity = query.get('severity');
  return {
    list: query.get('list') === 'history' ? 'history' : 'open',
    machine: query.get('machine'),
    severity: severity === 'alarm' || severity === 'warning' ? severity : null,
  };
}

function writeAlarmsAddress({ list, machine, severity }: AlarmsAsked): string {
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
  readonly address: AlarmsAsked;
  readonly go: (change: Partial<AlarmsAsked>) => void;
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
  const go = (change: Partial<AlarmsAsked>): void =>
    navigate(writeAlarmsAddress({ ...address, ...change }), { replace: true });
  const { alarms, machines, more, isAtMost, failure, reload, showMore } = useAlarms(address);
  const { act, told, dialog } = useAlarmActs(machines);
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
      {alarms === null && failure === null && (
        <div class="panel skeleton-rows" aria-hidden="true">
          {[1, 2, 3].map((row) => (
            <div key={row} class="skeleton alarm-skeleton" />
          ))}
        </div>
      )}
      {alarms?.length === 0 && isFiltered && <p class="muted">{w.noneMatch}</p>}
      {alarms?.length === 0 && !isFiltered && address.list === 'open' && (
        <EmptyNotice title={w.noneOpen}>{w.noneOpenText}</EmptyNotice>
      )}
      {alarms?.length === 0 && !isFiltered && address.list === 'history' && <p class="muted">{w.nonePast}</p>}
      {alarms !== null && alarms.length > 0 && (
        <section aria-labelledby="alarm-list">
          <h2 id="alarm-list" class="unseen">
            {w[address.list]}
          </h2>
          <ol class="alarms panel flush">
            {alarms.map((alarm) => (
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
      {more && !isAtMost && (
        <button type="button" onClick={showMore}>
          {w.more}
        </button>
      )}
      {more && isAtMost && <p class="muted">{w.onlyFirst(alarms?.length ?? 0)}</p>}
      {dialog}
    </main>
  );
}
