// HTTPS of the web site by certificate files, read again when they change, since certificates are renewed every few weeks.
// Invariant: a pair that does not fit leaves the last good one in force, and is logged. Not here: TLS of the link
// (gateway), whose certificate nobody reads.
import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Clock } from '@vigie/protocol';
import { StoreError } from './store/database.ts';

const LOOK_MS = 60_000;

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** @throws StoreError when the files cannot be read or do not fit each other. */
export function readTls({ cert, key }: TlsFiles) {
  const options = {
    cert: read('--tls-cert', cert),
    key: read('--tls-key', key),
    minVersion: 'TLSv1.2' as const,
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      'tls-unusable',
      `--tls-cert ${cert} and --tls-key ${key} do not serve as a pair (${why})`,
    );
  }
  return options;
}

/** @returns ends it. */
export function keepFresh(
  server: Server,
  files: TlsFiles,
  clock: Clock,
  log: (message: string, facts?: Record<string, unknown>) => void,
): () => void {
  let known = stampOf(files);
  const look = (): void => {
    timer = clock.after(LOOK_MS, look);
    const stamp = stampOf(files);
    if (stamp === known) return;
    known = stamp;
    try {
      server.setSecureContext(readTls(files));
      log('https: new certificate');
    } catch (error) {
      log('https: the certificate that is there now is not used', { why: String(error) });
    }
  };
  let timer = clock.after(LOOK_MS, look);
  return () => timer.cancel();
}

function stampOf({ cert, key }: TlsFiles): string {
  try {
    return `${statSync(cert).mtimeMs} ${statSync(key).mtimeMs}`;
  } catch {
    return 'gone';
  }
}

function read(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StoreError(
      'tls-unusable',
      `${flag} ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
