// What looking at a machine costs its data plan: nothing before anybody looks, row by row while somebody does, nothing again
// once the last one has left. Bytes are counted on the link itself, between a real edge and a real server.
import { expect, it } from 'vitest';
import { LinkProxy } from './proxy.ts';
import { freePort, overTcp, rest, SimulatedMachine, until, World } from './world.ts';

/** Of the rows one leaves each second while somebody looks: they leave no silence as long as this. */
const SILENCE_MS = 4000;
/** A live row is never smaller than this on the link: TLS record, frame, values. */
const LEAST_ROW_BYTES = 60;
const ROWS = 10;

it('sends rows one by one while somebody looks, and not before or after', async (test) => {
  const world = new World();
  test.onTestFinished(() => world.dispose());
  await world.startServer();
  await world.setUp();
  const road = await LinkProxy.start(() => world.linkPort);
  world.atEnd(() => road.close());
  // One block an hour: what else is on the link is there because somebody looks.
  const folder = await world.enrolled('TV-01', { linkPort: road.port, intervalS: 3600 });
  const machine = new SimulatedMachine(world, 'TV-01', overTcp(await freePort()));
  await machine.start();
  const edge = world.start('vigie-edge', machine.edgeArgs(folder));
  await edge.event('running');
  const silence = () => road.newestMs > 0 && performance.now() - road.newestMs > SILENCE_MS;
  await until('the link to fall silent after it connected', silence);

  const quiet = road.bytes;
  await rest(SILENCE_MS);
  const before = road.bytes - quiet;

  const viewers = [1, 2].map(() => {
    const leaving = new AbortController();
    const rows: { readonly scan: number; readonly heardMs: number }[] = [];
    const take = (event: string, data: unknown): void => {
      if (event !== 'row') return;
      rows.push({ scan: Number((data as { values: readonly number[] }).values[0]), heardMs: Date.now() });
    };
    return { rows, leaving, left: world.live('TV-01', take, leaving.signal).catch(() => undefined) };
  });
  await until('rows, for each who looks', () => viewers.every(({ rows }) => rows.length >= ROWS));
  const during = road.bytes - quiet - before;
  expect(during).toBeGreaterThan(ROWS * LEAST_ROW_BYTES);
  // What is shown is of now: the quickest row says what the road takes, whatever else this machine does.
  const servedMs = new Map(machine.served().map(({ scan, utcMs }) => [scan, utcMs]));
  const delaysMs = viewers.flatMap(({ rows }) =>
    rows.map(({ scan, heardMs }) => heardMs - (servedMs.get(scan) ?? Number.NEGATIVE_INFINITY)),
  );
  expect(Math.min(...delaysMs)).toBeLessThan(2000);

  const [first, last] = viewers;
  if (first === undefined || last === undefined) throw new Error('two look');
  first.leaving.abort();
  await first.left;
  const seen = last.rows.length;
  await until('rows for the one who stays', () => last.rows.length >= seen + 3);
  last.leaving.abort();
  await last.left;
  await until('the link to fall silent when nobody looks any more', silence);
  const silent = road.bytes;
  await rest(SILENCE_MS);
  const after = road.bytes - silent;
  console.log(`bytes on the link before, during, after: ${before}, ${during}, ${after}`);
  for (const bytes of [before, after]) expect(bytes).toBeLessThan(3 * LEAST_ROW_BYTES);
});
