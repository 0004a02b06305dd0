// What the edge learns from its server and must find again after a power cut: settings, pins, which of its keys the
// server knows. In files of the data folder; a simulation has a home in memory.
// Invariant: at every instant one of the keys on disk is the one the server knows.
// Not here: what settings mean (settings.ts), what the spool holds.
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';
import { z } from 'zod';
import { keptUsage } from '../budget/data-use.ts';
import type { Usage } from '../budget/usage.ts';
import { keepFile, recoverFile } from '../kept-file.ts';
import {
  type Credential,
  credentials,
  type Identity,
  promoteKey,
  readIdentity,
  writeIdentity,
} from './identity.ts';

const keptSettings = z.object({
  hash: z.string().regex(/^[0-9a-f]{16}$/),
  /** As they came, so that a newer edge finds what an older one did not understand. */
  settings: z.record(z.string(), z.unknown()),
});
export type KeptSettings = z.infer<typeof keptSettings>;

export interface EdgeHome {
  /** Those that came last and fitted; `null`: none. */
  readonly settings: KeptSettings | null;
  keepSettings(settings: KeptSettings): Outcome<void>;
  /** Data used, as counted last; `null`: not known. */
  readonly usage: Usage | null;
  keepUsage(usage: Usage): Outcome<void>;
  /** The server is to be accepted by these from now on. */
  keepPins(pins: readonly string[]): Outcome<void>;
  /** Keys the server may know this machine by, the likelier first: a rotation whose answer was lost leaves two. */
  credentials(): readonly Credential[];
  /** The server took this one: any other is needed no more. */
  proven(credential: Credential): Outcome<void>;
}

/** @param say told of what was damaged. */
export function folderHome(folder: string, identity: Identity, say: (message: string) => void): EdgeHome {
  const file = join(folder, 'settings.json');
  const found = recoverFile(file, (text) => keptSettings.parse(JSON.parse(text)));
  if (found.kind === 'unreadable')
    say(`${file}: cannot be read (${found.message}); the server's settings are asked for`);
  if (found.kind === 'damaged') say(`${file}: damaged; the server's settings are asked for again`);
  if (found.kind === 'found' && found.fromPrevious) say(`${file}: damaged; its copy is used`);
  const usageFile = join(folder, 'data-use.json');
  const usage = recoverFile(usageFile, (text) => keptUsage.parse(JSON.parse(text)));
  if (usage.kind === 'damaged') say(`${usageFile}: damaged; data used this month are counted anew from 0`);
  return {
    usage: usage.kind === 'found' ? usage.value : null,
    keepUsage: (used) => attempted(() => keepFile(usageFile, JSON.stringify(used))),
    settings: found.kind === 'found' ? found.value : null,
    keepSettings: (settings) => attempted(() => keepFile(file, JSON.stringify(settings))),
    keepPins: (pins) =>
      attempted(() => {
        const now = readIdentity(folder);
        // Enrolled anew while this agent runs: what its old server says is not of the new one.
        const { machine, host, port } = now.ok ? now.value : identity;
        if (machine !== identity.machine || host !== identity.host || port !== identity.port) return;
        writeIdentity(folder, { ...identity, pins: [...pins] });
      }),
    credentials: () => {
      const found = credentials(folder);
      return found.ok ? found.value : [];
    },
    proven: (credential) => attempted(() => promoteKey(folder, credential)),
  };
}

function attempted(work: () => void): Outcome<void> {
  try {
    work();
    return { ok: true, value: undefined };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
