#!/usr/bin/env node
// Runs the built agent where there is one, else its sources.
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

// A row a second makes little garbage and little work. Without the compilers that make hot code fast, and with a small
// space for young objects, the agent holds 80 MB instead of 105 and takes no more time; commands/run.ts has them back for a
// recording, whose rows come as fast as they go.
const SMALL = [
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--optimize-for-size',
  '--semi-space-growth-factor=1',
];
for (const flag of SMALL) setFlagsFromString(flag);

const built = new URL('../dist/main.mjs', import.meta.url);
await import(existsSync(built) ? built.href : new URL('../src/main.ts', import.meta.url).href);
