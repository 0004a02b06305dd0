// What a kind of machine is. `@vigie/model/evaluate`, `/reading`, `/watch` and `/zone` are free of dependencies (for the page);
// `@vigie/model/load` reads models/*.yaml.
export * from './evaluate.ts';
export * from './reading.ts';
export * from './schema.ts';
export * from './settings.ts';
export * from './watch.ts';
export * from './zone.ts';
