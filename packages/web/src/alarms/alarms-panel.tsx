// The most urgent open alarms of one machine, on its page. Not here: one alarm (alarm-item.tsx).
import { Link } from 'wouter-preact';
import { FailureNotice } from '../shell/notices.tsx';
import { AlarmItem } from './alarm-item.tsx';
import { useAlarms } from './alarm-list.ts';
import { useAlarmActs } from './use-alarm-acts.tsx';
import { alarmWords } from './words.ts';
import '../styles/alarms.css';
import '../styles/manage.css';

/** The most urgent ones; a page of its own has all. */
const shownAlarms = 5;

export function AlarmsPanel({ machine }: { readonly machine: string }) {
  const w = alarmWords.value;
  const id = encodeURIComponent(machine);
  const { alarms, machines, more, failure, reload } = useAlarms(
    { list: 'open', machine, severity: null },
    shownAlarms,
  );
  const { act, told, dialog } = useAlarmActs(machines);
  return (
    <section class="panel" aria-labelledby="alarms-title">
      <div class="panel-head">
        <h2 id="alarms-title">{w.machineTitle}</h2>
        <div class="alarm-links">
          <Link class="button" href={`/m/${id}/limits`}>
            {w.editLimits}
          </Link>
          <Link class="button" href={`/alarms?machine=${id}`}>
            {w.allAlarms}
          </Link>
        </div>
      </div>
      {failure !== null && <FailureNotice code={failure} retry={reload} />}
      <p class="form-failure" role="alert">
        {told ?? ''}
      </p>
      {alarms === null && failure === null && <div class="skeleton alarm-skeleton" aria-hidden="true" />}
      {alarms?.length === 0 && <p class="muted">{w.noneOpen}</p>}
      {alarms !== null && alarms.length > 0 && (
        <ol class="alarms">
          {alarms.map((alarm) => (
            <AlarmItem
              key={alarm.id}
              alarm={alarm}
              machine={machines.get(machine) ?? null}
              namesMachine={false}
              act={act}
            />
          ))}
        </ol>
      )}
      {more && (
        <p>
          <Link href={`/alarms?machine=${id}`}>{w.moreOpen}</Link>
        </p>
      )}
      {dialog}
    </section>
  );
}
