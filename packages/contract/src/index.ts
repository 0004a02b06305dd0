// The HTTP contract: shapes of every request and answer between page and server, once.
// The server validates requests with the zod schemas; the page imports types only.
// All instants are Unix ms UTC (`…Ms`), all durations ms. Errors are `{error: {code, message}}`.
export type { Channel, Limits, MachineSchema, Names } from '@vigie/model';
export * from './accounts.ts';
export * from './alarms.ts';
export * from './catalogue.ts';
export * from './chart.ts';
export * from './error.ts';
export * from './fleet.ts';
export * from './machines.ts';
export * from './manage.ts';
export * from './notes.ts';
export * from './notifications.ts';
export * from './text.ts';
