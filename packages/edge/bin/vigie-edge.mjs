#!/usr/bin/env node
// Runs the bundle when there is one, else the sources.
import { existsSync } from 'node:fs';

const bundle = new URL('../dist/main.mjs', import.meta.url);
await import(existsSync(bundle) ? bundle.href : new URL('../src/main.ts', import.meta.url).href);
