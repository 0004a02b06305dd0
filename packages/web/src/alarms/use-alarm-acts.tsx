// Which alarm is open in which dialog, for every list of alarms.
import type { AlarmMachine, AlarmView } from '@vigie/contract';
import { useState } from 'preact/hooks';
import { send } from '../api.ts';
import { useAct } from '../session/use-act.ts';
import { later, NothingYet } from '../shell/later.tsx';
import { alarmsChanged } from './alarm-count.ts';
import type { AlarmAct } from './alarm-item.tsx';
import { pathOf } from './alarm-list.ts';

/** Fetched when one is opened: a list of alarms is read much more often. */
const dialogs = () => import('./alarm-dialogs.tsx');
const AcknowledgeDialog = later(async () => (await dialogs()).AcknowledgeDialog, NothingYet);
const ShelveDialog = later(async () => (await dialogs()).ShelveDialog, NothingYet);
const DetailsDialog = later(async () => (await dialogs()).DetailsDialog, NothingYet);

export function useAlarmActs(machines: ReadonlyMap<string, AlarmMachine>) {
  const [opened, setOpened] = useState<{ readonly act: AlarmAct; readonly alarm: AlarmView } | null>(null);
  const { told, act: run } = useAct();
  const done = (): void => {
    alarmsChanged.value += 1;
  };
  const act = (kind: AlarmAct, alarm: AlarmView): void => {
    if (kind !== 'unshelve') {
      setOpened({ act: kind, alarm });
      return;
    }
    run(async () => {
      await send<AlarmView>('DELETE', `${pathOf(alarm)}/shelve`);
      done();
    });
  };
  const close = (): void => setOpened(null);
  const props =
    opened === null
      ? null
      : { alarm: opened.alarm, machine: machines.get(opened.alarm.machine) ?? null, close, done };
  return {
    act,
    told,
    dialog:
      props === null ? null : opened?.act === 'acknowledge' ? (
        <AcknowledgeDialog {...props} />
      ) : opened?.act === 'shelve' ? (
        <ShelveDialog {...props} />
      ) : (
        <DetailsDialog {...props} />
      ),
  };
}
