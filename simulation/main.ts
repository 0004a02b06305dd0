import { judge } from './judge.ts';
import { Life } from './life.ts';

const seed = Number(process.argv[2] ?? 1),
  days = Number(process.argv[3] ?? 30),
  n = Number(process.argv[4] ?? 1);
const t0 = performance.now();
let cuts = 0;
for (let i = 0; i < n; i++) {
  const account = await new Life(seed + i, days * 86_400_000).run();
  const v = judge(account);
  cuts += account.faults.powerCuts;
  const bad = v.findings.length > 0;
  if (n === 1 || bad)
    console.log(seed + i, JSON.stringify(v, null, n === 1 ? 1 : 0), n === 1 ? account.faults : '');
}
const s = (performance.now() - t0) / 1000;
console.log({ s, cuts, yearsPerMin: ((n * days) / 365 / s) * 60, cutsPerMin: (cuts / s) * 60 });
console.log('cpu', process.cpuUsage().user / 1e6, process.cpuUsage().system / 1e6);
