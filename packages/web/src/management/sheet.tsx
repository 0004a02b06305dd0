// The editor at the side of a page of management. The address says what is open in it, so that closing is going elsewhere.
// Not here: what is in it.
import type { ComponentChildren } from 'preact';
import { Dialog } from '../shell/dialog.tsx';

interface SheetProps {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

export function Sheet(props: SheetProps) {
  return <Dialog {...props} atSide />;
}
