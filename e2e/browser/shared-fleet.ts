// One fleet with three weeks of past for all browser tests that only look at it, started once for the whole run.
// Whoever changes what others see (roles, machines, a server that dies) starts a fleet of its own.
import type { TestProject } from 'vitest/node';
import { type FleetFacts, startFleet } from './site.ts';

declare module 'vitest' {
  interface ProvidedContext {
    fleet: FleetFacts;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const fleet = await startFleet({ states: true });
  project.provide('fleet', fleet.facts);
  return fleet.stop;
}
