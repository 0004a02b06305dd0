#!/usr/bin/env node
// Runs the built agent where there is one, else its sources.
import { existsSync } from 'node:fs';

const built = new URL('../dist/main.mjs', import.meta.url);
await import(existsSync(built) ? built.href : new URL('../src/main.ts', import.meta.url).href);
