// The life of one alarm as in ISA-18.2-2016 (figure 10): normal, unacknowledged, acknowledged, returned unacknowledged; and
// shelved, which hides it for a time and is left into whatever it would be otherwise. Pure; docs/alarms.md prints the table.
// Invariants: an event that has no place in a state changes nothing; acknowledging is once for an occurrence, also one that
// trembles. Not here: when a limit rings (model/watch.ts), how often is too often (occurrence.ts), tables (alarm-rows.ts).
import type { AlarmState } from '@vigie/contract';

/** All that a state is made of. */
export interface Standing {
  /** False before its first crossing. */
  readonly hasRung: boolean;
  readonly isOn: boolean;
  readonly isAcknowledged: boolean;
  readonly isShelved: boolean;
}

export type LifeEvent = 'rings' | 'returns' | 'acknowledge' | 'shelve' | 'unshelve' | 'nobody-acts';
/** What is told. */
export type LifeEffect =
  | 'rung'
  | 'rung-again'
  | 'returned'
  | 'acknowledged'
  | 'shelved'
  | 'unshelved'
  | 'escalate';

export interface Step {
  readonly standing: Standing;
  readonly effects: readonly LifeEffect[];
}

/** Before it ever rang. */
export const AT_REST: Standing = { hasRung: false, isOn: false, isAcknowledged: true, isShelved: false };

/** `null`: the event has no place in this state. */
export function stepAlarm(standing: Standing, event: LifeEvent): Step | null {
  const { hasRung, isOn, isAcknowledged, isShelved } = standing;
  switch (event) {
    case 'rings':
      if (isOn) return null;
      // Who has acknowledged it need not do so again for each time that it trembles.
      if (hasRung) return { standing: { ...standing, isOn: true }, effects: ['rung-again'] };
      return {
        standing: { hasRung: true, isOn: true, isAcknowledged: false, isShelved },
        effects: ['rung'],
      };
    case 'returns':
      return isOn ? { standing: { ...standing, isOn: false }, effects: ['returned'] } : null;
    case 'acknowledge':
      if (isAcknowledged) return null;
      return { standing: { ...standing, isAcknowledged: true }, effects: ['acknowledged'] };
    case 'shelve':
      if (isShelved || (!isOn && isAcknowledged)) return null;
      return { standing: { ...standing, isShelved: true }, effects: ['shelved'] };
    case 'unshelve': {
      if (!isShelved) return null;
      const rings = isOn && !isAcknowledged;
      return {
        standing: { ...standing, isShelved: false },
        effects: rings ? ['unshelved', 'rung'] : ['unshelved'],
      };
    }
    case 'nobody-acts':
      return isOn && !isAcknowledged && !isShelved ? { standing, effects: ['escalate'] } : null;
  }
}

export function stateOf({ isOn, isAcknowledged }: Standing): AlarmState {
  if (isOn) return isAcknowledged ? 'acknowledged' : 'unacknowledged';
  return isAcknowledged ? 'normal' : 'returned-unacknowledged';
}

const EVENTS: readonly LifeEvent[] = ['rings', 'returns', 'acknowledge', 'shelve', 'unshelve', 'nobody-acts'];
const nameOf = (standing: Standing): string =>
  standing.isShelved ? `shelved, ${stateOf(standing)}` : stateOf(standing);

/** As docs/alarms.md has it, in Markdown. */
export function transitionTable(): string {
  const flags = [false, true];
  const standings = [
    AT_REST,
    ...flags.flatMap((isShelved) =>
      flags.flatMap((isAcknowledged) =>
        flags.map((isOver): Standing => ({ hasRung: true, isOn: !isOver, isAcknowledged, isShelved })),
      ),
    ),
  ];
  const rows = standings.map((standing) => {
    const name = standing.hasRung ? nameOf(standing) : 'at rest';
    const cells = EVENTS.map((event) => {
      const step = stepAlarm(standing, event);
      return step === null ? '–' : `${nameOf(step.standing)} (${step.effects.join(', ')})`;
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  return [`| state | ${EVENTS.join(' | ')} |`, `|${' --- |'.repeat(EVENTS.length + 1)}`, ...rows].join('\n');
}
