// Pointer, touch and wheel on a plot, turned into what is meant: read here, select, move, zoom, reset, note.
// Invariants: a plain wheel and a vertical swipe always scroll the page; a swipe never changes a range; what was
// begun and is broken off (a call comes in, the browser takes the pointer) changes nothing.
// Not here: ranges and what is drawn. All places are CSS pixels from the plotting area's left and top.

export interface GestureTarget {
  /** The crosshair; `null`: none. */
  hover(x: number | null): void;
  /** A selection in the making; `null`: it is over. */
  selecting(area: Selection | null): void;
  select(area: Selection): void;
  /** Moved by so much so far; `done`: the pointer was lifted. */
  pan(dx: number, done: boolean): void;
  /** `factor` since the zoom began, below 1: closer; `x`: where it began. */
  zoom(x: number, factor: number, done: boolean): void;
  reset(axis: 'x' | 'y'): void;
  /** A right click, or a long press that was not moved: something is to be written down here. */
  mark(x: number): void;
}

export interface Selection {
  readonly axis: 'x' | 'y';
  readonly from: number;
  readonly to: number;
}

const dragPx = 5;
const longPressMs = 450;
const doubleTapMs = 350;
const doubleTapPx = 30;
/** A wheel that rests this long has ended its zoom. */
const wheelRestMs = 250;

type Mode =
  | { readonly kind: 'idle' }
  /** Down, and not yet clear what is meant. */
  | { readonly kind: 'pressed'; readonly x: number; readonly y: number; readonly pan: boolean }
  | { readonly kind: 'select'; readonly axis: 'x' | 'y'; readonly from: number }
  | { readonly kind: 'pan'; readonly from: number }
  | { readonly kind: 'read' }
  | { readonly kind: 'pinch'; readonly apart: number; readonly x: number };

/**
 * @param over covers the plotting area exactly
 * @param root holds it and the gutter of the Y axis to its left
 * @returns stops listening
 */
export function listenGestures(root: HTMLElement, over: HTMLElement, target: GestureTarget): () => void {
  let mode: Mode = { kind: 'idle' };
  const touches = new Map<number, PointerEvent>();
  let press: ReturnType<typeof setTimeout> | undefined;
  let wheelRest: ReturnType<typeof setTimeout> | undefined;
  let wheeled: { x: number; factor: number } | null = null;
  let lastTap = { atMs: Number.NEGATIVE_INFINITY, x: 0, y: 0 };
  const stop = new AbortController();

  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = over.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const within = (x: number): number => Math.min(over.clientWidth, Math.max(0, x));
  const inGutter = (event: MouseEvent): boolean => {
    const { x, y } = place(event);
    return x < 0 && y >= 0 && y <= over.clientHeight;
  };

  const end = (): void => {
    clearTimeout(press);
    if (mode.kind === 'select') target.selecting(null);
    mode = { kind: 'idle' };
  };

  const selectionTo = (event: MouseEvent): Selection | null => {
    if (mode.kind !== 'select') return null;
    const { x, y } = place(event);
    const to = mode.axis === 'x' ? within(x) : Math.min(over.clientHeight, Math.max(0, y));
    return { axis: mode.axis, from: Math.min(mode.from, to), to: Math.max(mode.from, to) };
  };

  const apart = (): { distance: number; x: number } => {
    const [a, b] = [...touches.values()].map(place);
    if (a === undefined || b === undefined) return { distance: 1, x: 0 };
    return { distance: Math.max(20, Math.hypot(a.x - b.x, a.y - b.y)), x: (a.x + b.x) / 2 };
  };

  const down = (event: PointerEvent): void => {
    if (event.pointerType === 'mouse' && event.button !== 0) return;
    const { x, y } = place(event);
    if (event.pointerType === 'touch') {
      touches.set(event.pointerId, event);
      if (touches.size === 2) {
        end();
        const { distance, x: middle } = apart();
        mode = { kind: 'pinch', apart: distance, x: middle };
        return;
      }
      if (touches.size > 2) {
        end();
        return;
      }
    }
    if (inGutter(event)) {
      if (event.pointerType === 'touch') return;
      mode = { kind: 'select', axis: 'y', from: y };
      root.setPointerCapture(event.pointerId);
      return;
    }
    if (x < 0 || x > over.clientWidth || y < 0 || y > over.clientHeight) return;
    mode = { kind: 'pressed', x, y, pan: event.shiftKey };
    if (event.pointerType === 'touch') {
      press = setTimeout(() => {
        if (mode.kind !== 'pressed') return;
        mode = { kind: 'select', axis: 'x', from: within(mode.x) };
        navigator.vibrate?.(15);
        target.selecting({ axis: 'x', from: mode.from, to: mode.from });
      }, longPressMs);
    } else {
      // A drag that selects must not select the page's text.
      event.preventDefault();
      root.focus({ preventScroll: true });
    }
    root.setPointerCapture(event.pointerId);
  };

  const move = (event: PointerEvent): void => {
    if (touches.has(event.pointerId)) touches.set(event.pointerId, event);
    const { x, y } = place(event);
    switch (mode.kind) {
      case 'idle':
        if (event.pointerType === 'mouse') {
          const inside = x >= 0 && x <= over.clientWidth && y >= 0 && y <= over.clientHeight;
          target.hover(inside ? x : null);
        }
        return;
      case 'pressed':
        if (Math.hypot(x - mode.x, y - mode.y) < dragPx) return;
        clearTimeout(press);
        if (event.pointerType === 'touch') mode = { kind: 'read' };
        else if (mode.pan) mode = { kind: 'pan', from: mode.x };
        else mode = { kind: 'select', axis: 'x', from: within(mode.x) };
        move(event);
        return;
      case 'read':
        target.hover(within(x));
        return;
      case 'select': {
        const area = selectionTo(event);
        if (area !== null) target.selecting(area);
        return;
      }
      case 'pan':
        target.pan(x - mode.from, false);
        return;
      case 'pinch': {
        const { distance } = apart();
        target.zoom(mode.x, mode.apart / distance, false);
        return;
      }
    }
  };

  const up = (event: PointerEvent): void => {
    const before = mode;
    const area = selectionTo(event);
    if (before.kind === 'pinch') {
      target.zoom(before.x, before.apart / apart().distance, true);
      touches.delete(event.pointerId);
      end();
      return;
    }
    touches.delete(event.pointerId);
    const { x, y } = place(event);
    end();
    if (before.kind === 'pan') target.pan(x - before.from, true);
    if (area !== null && area.to - area.from >= dragPx) target.select(area);
    else if (area?.axis === 'x' && event.pointerType === 'touch') target.mark(area.from);
    if (before.kind === 'pressed' && event.pointerType === 'touch') {
      const twice =
        event.timeStamp - lastTap.atMs < doubleTapMs &&
        Math.hypot(x - lastTap.x, y - lastTap.y) < doubleTapPx;
      lastTap = { atMs: twice ? Number.NEGATIVE_INFINITY : event.timeStamp, x, y };
      if (twice) target.reset('x');
      else target.hover(within(x));
    }
  };

  const cancel = (event: PointerEvent): void => {
    touches.delete(event.pointerId);
    if (mode.kind === 'pan') target.pan(0, true);
    if (mode.kind === 'pinch') target.zoom(mode.x, 1, true);
    end();
  };

  const wheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    const { x } = place(event);
    if (x < 0 || x > over.clientWidth) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    const turned = Math.max(-200, Math.min(200, event.deltaY * lines));
    const zoom = { x: wheeled?.x ?? x, factor: (wheeled?.factor ?? 1) * 2 ** (turned / 200) };
    wheeled = zoom;
    target.zoom(zoom.x, zoom.factor, false);
    clearTimeout(wheelRest);
    wheelRest = setTimeout(() => {
      wheeled = null;
      target.zoom(zoom.x, zoom.factor, true);
    }, wheelRestMs);
  };

  const options = { signal: stop.signal };
  root.addEventListener('pointerdown', down, options);
  root.addEventListener('pointermove', move, options);
  root.addEventListener('pointerup', up, options);
  root.addEventListener('pointercancel', cancel, options);
  root.addEventListener(
    'pointerleave',
    (event) => {
      if (mode.kind === 'idle' && event.pointerType === 'mouse') target.hover(null);
    },
    options,
  );
  root.addEventListener(
    'dblclick',
    (event) => {
      event.preventDefault();
      target.reset(inGutter(event) ? 'y' : 'x');
    },
    options,
  );
  root.addEventListener(
    'contextmenu',
    (event) => {
      const { x, y } = place(event);
      if (x < 0 || x > over.clientWidth || y < 0 || y > over.clientHeight) return;
      event.preventDefault();
      // A long press has its own end: it may still become a selection.
      if (touches.size === 0 && mode.kind === 'idle') target.mark(x);
    },
    options,
  );
  root.addEventListener('wheel', wheel, { ...options, passive: false });
  return () => {
    stop.abort();
    clearTimeout(press);
    clearTimeout(wheelRest);
  };
}
