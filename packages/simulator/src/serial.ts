// A tty that a simulated machine speaks on, opened again every second when it was unplugged.
import type { SerialPort } from 'serialport';

export interface Served {
  close(): Promise<void>;
}

const AGAIN_MS = 1000;

/**
 * @param open resolves with the open port, and calls `gone` when it closes.
 * Rejects when the first opening does.
 */
export async function staysOpen(open: (gone: () => void) => Promise<SerialPort>): Promise<Served> {
  let port: SerialPort | null = null;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  const again = (): void => {
    port = null;
    if (closed || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      open(again).then((opened) => {
        port = opened;
      }, again);
    }, AGAIN_MS);
  };
  port = await open(again);
  return {
    close: () =>
      new Promise((resolve) => {
        closed = true;
        if (timer !== null) clearTimeout(timer);
        if (port?.isOpen) port.close(() => resolve());
        else resolve();
      }),
  };
}
