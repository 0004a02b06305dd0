// A machine's channels as its edge sent them, and as people are shown them.
import { type MachineSchema, overridden } from '@vigie/model';
import type { MachineRecord, Store } from './store/store.ts';

interface Schemas {
  readonly store: Pick<Store, 'schema'>;
}

/** As the edge sent it. */
export async function schemaOf(
  { store }: Schemas,
  { schemaHash }: MachineRecord,
): Promise<MachineSchema | null> {
  return schemaHash === null ? null : store.schema(schemaHash);
}

/** With the names, bands and limits that were set for this machine. */
export async function shownSchema(schemas: Schemas, machine: MachineRecord): Promise<MachineSchema | null> {
  const schema = await schemaOf(schemas, machine);
  return schema === null ? null : overridden(schema, machine.settings.channels);
}
