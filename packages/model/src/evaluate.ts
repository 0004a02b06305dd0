// What a value means: normal, warning or alarm, given the channel's limits and what the machine is doing.
// Pure, without dependencies: page, server and edge must give the same verdict.
// Not here: delays, deadbands and the alarm's life (server/alarms).
import type { Channel } from './schema.ts';

export type Level =
  | 'normal'
  | 'warning-low'
  | 'warning-high'
  | 'alarm-low'
  | 'alarm-high'
  /** Limits do not hold in the machine's present state. */
  | 'inactive'
  /** The channel has no limits. */
  | 'no-limits'
  /** The row has no sample for this channel: the sensor does not answer. */
  | 'sensor-fault';

/**
 * @param value the sample; `null` when missing.
 * @param machineState value of the machine's state channel; `null` when unknown or the machine has none.
 */
export function evaluate(
  channel: Pick<Channel, 'limits' | 'activeStates'>,
  value: number | null,
  machineState: number | null,
): Level {
  if (value === null || Number.isNaN(value)) return 'sensor-fault';
  const limits = channel.limits;
  if (limits === null) return 'no-limits';
  if (
    channel.activeStates !== null &&
    machineState !== null &&
    !channel.activeStates.includes(machineState)
  ) {
    return 'inactive';
  }
  if (limits.alarmLow !== null && value < limits.alarmLow) return 'alarm-low';
  if (limits.alarmHigh !== null && value > limits.alarmHigh) return 'alarm-high';
  if (limits.warningLow !== null && value < limits.warningLow) return 'warning-low';
  if (limits.warningHigh !== null && value > limits.warningHigh) return 'warning-high';
  return 'normal';
}

/** Alarm before sensor fault before warning before the rest: the order in which a page speaks of them. */
export function severity(level: Level): 0 | 1 | 2 | 3 {
  switch (level) {
    case 'alarm-low':
    case 'alarm-high':
      return 3;
    case 'sensor-fault':
      return 2;
    case 'warning-low':
    case 'warning-high':
      return 1;
    case 'normal':
    case 'inactive':
    case 'no-limits':
      return 0;
  }
}
