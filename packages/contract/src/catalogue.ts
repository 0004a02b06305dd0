// Every channel of every machine that one may see, in one answer, for pages that choose among them.
import type { MachineSchema } from '@vigie/model';

export interface CatalogueMachine {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  readonly timeZone: string;
  /** Place in `schemas`; `null` until the edge sent its schema. */
  readonly schema: number | null;
}

/** GET /api/catalogue */
export interface Catalogue {
  readonly machines: readonly CatalogueMachine[];
  /** With the names, bands and limits set for the machines; those that share all of them share one. */
  readonly schemas: readonly MachineSchema[];
  readonly nowMs: number;
}
