// A serial port, as sources see it, and the real one. Opened by the path it is given, each time anew, so that a name
// of /dev/serial/by-id leads to the same adapter whatever number it gets.
// Invariants: a port is closed once, and nothing comes of it after; nothing that waited in it from before is given.
// Not here: what travels on it (modbus-rtu.ts, lines.ts), when it is tried again.
import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';
import { SerialPort } from 'serialport';

export interface SerialSettings {
  /** /dev/serial/by-id/… */
  readonly port: string;
  readonly baudRate: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly dataBits: 7 | 8;
  readonly stopBits: 1 | 2;
}

export interface SerialEvents {
  data(bytes: Uint8Array): void;
  /** It closed by itself: unplugged, most likely. Not called after `close`. */
  gone(): void;
}

export interface OpenPort {
  write(bytes: Uint8Array): void;
  /** Whether its path leads elsewhere by now. */
  moved(): boolean;
  close(): void;
}

/** `message`: why it cannot be opened, to be read after its path. */
export type OpenSerial = (settings: SerialSettings, events: SerialEvents) => Promise<Outcome<OpenPort>>;

/** Characters on the wire have a start bit, and these. */
export function bitsPerCharacter({ parity, dataBits, stopBits }: SerialSettings): number {
  return 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits;
}

export const openSerial: OpenSerial = (settings, events) => {
  const { port: path, baudRate, parity, dataBits, stopBits } = settings;
  const target = realPath(path);
  const port = new SerialPort({ path, baudRate, parity, dataBits, stopBits, autoOpen: false });
  let closed = false;
  const gone = (): void => {
    if (closed) return;
    closed = true;
    if (port.isOpen) port.close(() => {});
    events.gone();
  };
  port.on('error', gone);
  port.on('close', gone);
  const opened: OpenPort = {
    write: (bytes) => {
      if (!closed) port.write(bytes);
    },
    moved: () => realPath(path) !== target,
    close: () => {
      if (closed) return;
      closed = true;
      port.close(() => {});
    },
  };
  return new Promise((resolve) => {
    port.open((error) => {
      if (error) {
        closed = true;
        resolve({ ok: false, message: reasonOf(error) });
        return;
      }
      // Lines and answers from before would get the wrong instant, or be taken for others.
      port.flush(() => {
        port.on('data', (bytes: Uint8Array) => {
          if (!closed) events.data(bytes);
        });
        resolve(closed ? { ok: false, message: 'closed at once' } : { ok: true, value: opened });
      });
    });
  });
};

/** The name in `folder` that leads to the same port whatever number it gets; `null`: `port` is stable, or none is. */
export function stableName(port: string, folder = '/dev/serial/by-id'): string | null {
  if (realPath(port) !== port) return null;
  try {
    const names = readdirSync(folder).map((name) => join(folder, name));
    return names.find((name) => realPath(name) === port) ?? null;
  } catch {
    return null;
  }
}

/** `null`: there is nothing. */
function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** The library gives the system's words, after its own; there is no code. */
function reasonOf({ message }: Error): string {
  if (/No such file/.test(message)) return 'there is no such port: unplugged, or another name';
  if (/Permission denied/.test(message))
    return 'may not be opened by this user, who must be in the group dialout';
  if (/Cannot lock port/.test(message)) return 'is in use by another program';
  if (/Inappropriate ioctl/.test(message)) return 'is no serial port';
  if (/No such device|Input\/output error/.test(message)) return 'the adapter does not answer: plug it again';
  return message.replace(/^Error:? */, '');
}
