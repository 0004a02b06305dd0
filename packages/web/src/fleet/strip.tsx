// The last seven days of a machine as a strip that can be read by finger, mouse and arrow keys: shape and height tell the
// states apart without colour, and a line below says one slot in words. Fetched when it comes into view.
import { useEffect, useRef, useState } from 'preact/hooks';
import { nowMs } from '../clock.ts';
import { language } from '../prefs.ts';
import { readerZone } from '../session/session.ts';
import { fleet, stripOf, wantStrip } from './fleet-store.ts';
import { midnights, runsOf, slotToTell, slotWords, stateWords } from './strip-facts.ts';
import { words } from './words.ts';

const share = (part: number): string => `${(100 * part).toFixed(3)}%`;

export function WeekStrip({ id, name }: { readonly id: string; readonly name: string }) {
  const w = words.value;
  const place = useRef<HTMLDivElement>(null);
  const [isInView, setInView] = useState(false);
  const [chosen, setChosen] = useState<number | null>(null);
  const strip = stripOf(id).value;
  const answer = fleet.value;

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const watcher = new IntersectionObserver((seen) => setInView(seen.some((one) => one.isIntersecting)), {
      rootMargin: '200px',
    });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    if (isInView) wantStrip(id);
  }, [isInView, id, answer]);

  if (strip === undefined || strip === null) {
    return (
      <div ref={place} class="strip-place">
        {strip === null ? (
          <p class="muted strip-words">{w.stripNone}</p>
        ) : (
          <div class="strip skeleton" aria-hidden="true" />
        )}
      </div>
    );
  }
  const slots = strip.states.length;
  const told = slotToTell(strip);
  const slot = chosen ?? told;
  const say = (one: number): string =>
    slotWords(strip, one, {
      nowMs: nowMs.peek(),
      zone: readerZone.value,
      language: language.value,
      words: w,
    });
  const text = slot === null ? w.stripAll(stateWords('normal', w)) : say(slot);
  const choose = (one: number): void => setChosen(Math.max(0, Math.min(slots - 1, one)));
  const at = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    choose(Math.floor(((event.clientX - box.left) / box.width) * slots));
  };
  const step: Readonly<Record<string, (from: number) => number>> = {
    ArrowLeft: (from) => from - 1,
    ArrowRight: (from) => from + 1,
    ArrowDown: (from) => from - 1,
    ArrowUp: (from) => from + 1,
    PageDown: (from) => from - 12,
    PageUp: (from) => from + 12,
    Home: () => 0,
    End: () => slots - 1,
  };
  return (
    <div ref={place} class="strip-place">
      <div
        class="strip"
        role="slider"
        tabIndex={0}
        aria-label={w.stripLabel(name)}
        aria-valuemin={0}
        aria-valuemax={slots - 1}
        aria-valuenow={slot ?? slots - 1}
        aria-valuetext={text}
        onPointerDown={at}
        onPointerMove={(event) => {
          if (event.pointerType === 'mouse') at(event);
        }}
        onPointerLeave={(event) => {
          if (event.pointerType === 'mouse') setChosen(null);
        }}
        onKeyDown={(event) => {
          const next = step[event.key];
          if (next === undefined) return;
          event.preventDefault();
          choose(next(slot ?? slots));
        }}
      >
        {midnights(strip).map((part) => (
          <span key={part} class="strip-day" style={{ left: share(part) }} />
        ))}
        {runsOf(strip.states).map((run) => (
          <span
            key={run.slot}
            class={`strip-run ${run.state}`}
            style={{ left: share(run.slot / slots), width: share(run.count / slots) }}
          />
        ))}
        {chosen !== null && <span class="strip-chosen" style={{ left: share((chosen + 0.5) / slots) }} />}
      </div>
      <p class="strip-words figures">{text}</p>
    </div>
  );
}
