// Tells systemd that the agent runs, and goes on running: the watchdog of its unit ends one that stands still. Outside of a
// unit it does nothing. Not here: the unit (deploy/edge/vigie-edge.service).
import { execFile } from 'node:child_process';
import type { Clock } from '@vigie/protocol';

/** @returns what stops telling, and says that the agent ends. */
export function tellSystemd(clock: Clock, environment: NodeJS.ProcessEnv): () => void {
  if (environment.NOTIFY_SOCKET === undefined) return () => undefined;
  const notify = (state: string): void => {
    // Node opens no datagram socket of a path, so systemd's own command does.
    execFile('systemd-notify', [state], () => undefined);
  };
  notify('--ready');
  const everyMs = Number(environment.WATCHDOG_USEC ?? 0) / 1000 / 3;
  const again = (): void => {
    timer = clock.after(everyMs, () => {
      notify('WATCHDOG=1');
      again();
    });
  };
  let timer = { cancel: (): void => undefined };
  if (everyMs > 0) again();
  return () => {
    timer.cancel();
    notify('STOPPING=1');
  };
}
