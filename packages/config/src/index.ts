// How Vigie's programs read what a person gives them: flags and YAML files.
// Every mistake becomes one sentence that says what, where (line and column) and how to mend it; nothing throws
// on bad input. Not here: what the settings of each program are.
export * from './environment.ts';
export * from './flags.ts';
export * from './yaml.ts';
