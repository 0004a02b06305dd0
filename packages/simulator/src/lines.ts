// A machine as a microcontroller on USB shows it: one line per interval of its model on a tty, CSV or JSON.
// A line that the tty cannot take, since nobody reads it, is skipped, as a microcontroller does.
import { SerialPort } from 'serialport';
import type { Reads } from './reads.ts';
import { type Served, staysOpen } from './serial.ts';

export interface LineSettings {
  /** Path of a tty. */
  readonly port: string;
  readonly baudRate: number;
  readonly format: 'csv' | 'json';
  /** Whether a csv begins with the names of its columns. */
  readonly header: boolean;
}

/** Rejects when the tty cannot be opened; opens it again whenever it goes away. */
export async function printLines(reads: Reads, settings: LineSettings): Promise<Served> {
  const { columns, schema } = reads.model;
  const { port: path, baudRate, format, header } = settings;
  let now: SerialPort | null = null;
  const served = await staysOpen(
    (gone) =>
      new Promise<SerialPort>((resolve, reject) => {
        const port = new SerialPort({ path, baudRate, autoOpen: false });
        port.on('close', gone);
        port.on('error', gone);
        port.open((error) => {
          if (error) {
            reject(error);
            return;
          }
          now = port;
          if (format === 'csv' && header) port.write(`${columns.join(',')}\r\n`);
          resolve(port);
        });
      }),
  );
  const timer = setInterval(() => {
    if (now === null || !now.isOpen || now.writableLength > 0) return;
    const values = reads.take();
    const line =
      format === 'csv'
        ? values.map((value) => value ?? '').join(',')
        : JSON.stringify(Object.fromEntries(columns.map((column, i) => [column, values[i] ?? null])));
    now.write(`${line}\r\n`);
  }, schema.intervalMs);
  return {
    close: () => {
      clearInterval(timer);
      return served.close();
    },
  };
}
