// What `vigie-server mail` prints: whether mails and calls of the webhook leave, how many wait, and what was refused.
import type { Sql } from '../store/database.ts';
import { type Channel, channelState } from './outbox.ts';

const NAMES: Readonly<Record<Channel, string>> = { mail: 'Mail', webhook: 'Webhook' };

export interface DescribedMail {
  readonly text: string;
  /** Something waits for a channel that is down. */
  readonly isDown: boolean;
}

export async function describeMail(sql: Sql): Promise<DescribedMail> {
  const lines: string[] = [];
  let isDown = false;
  for (const channel of ['mail', 'webhook'] as const) {
    const { waiting, oldestMs, workedMs, downSinceMs, why, refused } = await channelState(sql, channel);
    const since = (ms: number): string => new Date(ms).toISOString();
    isDown ||= downSinceMs !== null;
    const state =
      downSinceMs !== null
        ? `down since ${since(downSinceMs)}: ${why ?? 'nobody said why'}`
        : workedMs === null
          ? 'nothing was handed over yet'
          : `works, last handed over ${since(workedMs)}`;
    lines.push(
      `${NAMES[channel]}: ${state}; ${waiting} waiting${oldestMs === null ? '' : `, since ${since(oldestMs)}`}.`,
    );
    for (const one of refused) {
      lines.push(
        `  refused ${since(one.atMs)}${one.account === null ? '' : ` (account ${one.account})`}: ${one.why}`,
      );
    }
  }
  return { text: lines.join('\n'), isDown };
}
