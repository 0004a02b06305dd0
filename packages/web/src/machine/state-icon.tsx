// A shape for each state, so that states differ without colour: octagon, triangle, broken ring, clock.
// Normal has only a small hollow dot: nothing to look at. Always beside a word, hence hidden from readers.
import type { Level } from '@vigie/model/evaluate';
import type { Tone } from './sentence.ts';

export function toneOf(level: Level | null, stopped: boolean): Tone {
  switch (level) {
    case 'alarm-low':
    case 'alarm-high':
      return 'alarm';
    case 'warning-low':
    case 'warning-high':
      return 'warning';
    case 'sensor-fault':
      return 'fault';
    case 'inactive':
      return stopped ? 'stopped' : 'normal';
    case 'normal':
    case 'no-limits':
      return 'normal';
    case null:
      return 'unknown';
  }
}

function shape(tone: Tone) {
  switch (tone) {
    case 'alarm':
      return (
        <>
          <path d="M7 1.5h6l5.5 5.5v6L13 18.5H7L1.5 13V7Z" class="fill-alarm" />
          <path d="M10 5v6M10 13.6v1.2" class="icon-mark" />
        </>
      );
    case 'warning':
      return (
        <>
          <path d="M10 2 19 18H1Z" class="fill-warning" />
          <path d="M10 8v4.5M10 14.6v1" class="icon-mark-dark" />
        </>
      );
    case 'fault':
      return (
        <>
          <path d="M10 1.8 18.2 10 10 18.2 1.8 10Z" class="stroke" />
          <path d="M7.6 7.6l4.8 4.8M12.4 7.6l-4.8 4.8" class="stroke" />
        </>
      );
    case 'late':
      return (
        <>
          <circle cx="10" cy="10" r="7.8" class="stroke" />
          <path d="M10 5.4V10l3 2" class="stroke" />
        </>
      );
    case 'unknown':
      return (
        <>
          <circle cx="10" cy="10" r="7.8" class="stroke dashed" />
          <path d="M7.8 8a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M10 13.6v.9" class="stroke" />
        </>
      );
    case 'stopped':
      return <path d="M4 4h12v12H4Z" class="stroke" />;
    case 'normal':
      return <circle cx="10" cy="10" r="4.5" class="stroke" />;
  }
}

export function StateIcon({ tone, size = 16 }: { readonly tone: Tone; readonly size?: number }) {
  return (
    <svg class={`icon tone-${tone}`} viewBox="0 0 20 20" width={size} height={size} aria-hidden="true">
      {shape(tone)}
    </svg>
  );
}
