// A button that opens a small panel over the page. Escape, and leaving it with the keyboard or by a click, close it again.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface MenuProps {
  readonly class: string;
  readonly label: string;
  readonly summary: ComponentChildren;
  readonly children: (isOpen: boolean, close: () => void) => ComponentChildren;
}

export function Menu(props: MenuProps) {
  const root = useRef<HTMLDetailsElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = (): void => {
    if (root.current !== null) root.current.open = false;
  };
  useEffect(() => {
    if (!isOpen) return;
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) close();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [isOpen]);
  return (
    <details
      class={`menu ${props.class}`}
      ref={root}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.stopPropagation();
        close();
        root.current?.querySelector('summary')?.focus();
      }}
      onFocusOut={(event) => {
        if (event.relatedTarget instanceof Node && !event.currentTarget.contains(event.relatedTarget))
          close();
      }}
    >
      <summary class="button" aria-label={props.label} title={props.label}>
        {props.summary}
      </summary>
      {props.children(isOpen, close)}
    </details>
  );
}
