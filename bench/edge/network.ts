// A link of its own for each program that is measured: a network namespace, joined to this machine by a pair of
// virtual interfaces whose counters see everything that travels: TCP, TLS, acknowledgements, pings.
// Invariants: nothing but IP travels (neighbours are told beforehand, no IPv6), packets are counted one by one as they
// would leave a modem (no segmentation offload), and bytes are those of IP, without the 14 of Ethernet.
// Not here: delay, loss, a cellular link's own framing.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '@vigie/config';
import { root } from '../../scripts/programs.ts';

/** Kernel settings of an installed box. */
export const BOX_KERNEL = join(root, 'deploy', 'edge', '60-vigie.conf');
const ETHERNET_BYTES = 14;

/** Bytes and packets of IP since the link was made. */
export interface Carried {
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
}

export interface Link {
  /** Address of this machine on the link. */
  readonly hostAddress: string;
  /** Runs a command inside. */
  readonly within: readonly string[];
  /** As the program inside sends and receives. */
  carried(): Carried;
  remove(): void;
}

/** `null`: links can be made here; else a sentence. */
export function whyNoLinks(): string | null {
  if (process.getuid?.() !== 0)
    return 'bench:edge makes network namespaces and must run as root: try `sudo npm run bench:edge`';
  if (!existsSync('/sys/class/net')) return 'bench:edge needs Linux: it counts bytes on network interfaces';
  try {
    ip('netns', 'list');
    return null;
  } catch (error) {
    return `bench:edge needs the command ip (Debian: apt-get install iproute2): ${String(error)}`;
  }
}

/** @param index 0 … 63, one per link of a process. @param timestamps TCP's, which `BOX_KERNEL` turns off. */
export function makeLink(index: number, timestamps: boolean): Outcome<Link> {
  const name = `vigie-${process.pid}-${index}`;
  const [host, inside] = [`vb${process.pid}h${index}`, `vb${process.pid}i${index}`];
  // Two benches at once keep out of each other's way.
  const net = `10.${64 + (process.pid % 128)}.${index}`;
  const [hostAddress, insideAddress] = [`${net}.1`, `${net}.2`];
  const within = ['ip', 'netns', 'exec', name];
  const remove = (): void => {
    try {
      // Takes the pair with it.
      ip('netns', 'del', name);
    } catch {
      // Never made, or gone already.
    }
  };
  try {
    ip('netns', 'add', name);
    ip('link', 'add', host, 'type', 'veth', 'peer', 'name', inside, 'netns', name);
    execFileSync('sysctl', ['-qw', `net.ipv6.conf.${host}.disable_ipv6=1`]);
    inNamespace('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
    if (!timestamps) inNamespace('sysctl', '-qp', BOX_KERNEL);
    for (const [run, device, address] of [
      [ip, host, hostAddress],
      [(...args: string[]) => inNamespace('ip', ...args), inside, insideAddress],
    ] as const) {
      run('link', 'set', device, 'gso_max_segs', '1');
      run('address', 'add', `${address}/30`, 'dev', device);
      run('link', 'set', device, 'up');
    }
    inNamespace('ip', 'link', 'set', 'lo', 'up');
    const insideMac = inNamespace('cat', `/sys/class/net/${inside}/address`).trim();
    const hostMac = readFileSync(`/sys/class/net/${host}/address`, 'utf8').trim();
    ip('neigh', 'replace', insideAddress, 'lladdr', insideMac, 'dev', host, 'nud', 'permanent');
    inNamespace('ip', 'neigh', 'replace', hostAddress, 'lladdr', hostMac, 'dev', inside, 'nud', 'permanent');
  } catch (error) {
    remove();
    return { ok: false, message: `bench:edge: no network namespace can be made here: ${String(error)}` };
  }
  const counter = (name: string): number =>
    Number(readFileSync(`/sys/class/net/${host}/statistics/${name}`, 'utf8'));
  return {
    ok: true,
    value: {
      hostAddress,
      within,
      // What this end receives is what the program inside has sent.
      carried: () => {
        const [sentPackets, receivedPackets] = [counter('rx_packets'), counter('tx_packets')];
        return {
          sentPackets,
          receivedPackets,
          sentBytes: counter('rx_bytes') - ETHERNET_BYTES * sentPackets,
          receivedBytes: counter('tx_bytes') - ETHERNET_BYTES * receivedPackets,
        };
      },
      remove,
    },
  };

  function inNamespace(...args: string[]): string {
    const [command = '', ...rest] = [...within, ...args];
    return execFileSync(command, rest, { encoding: 'utf8', stdio: 'pipe' });
  }
}

export function difference(from: Carried, to: Carried): Carried {
  return {
    sentBytes: to.sentBytes - from.sentBytes,
    sentPackets: to.sentPackets - from.sentPackets,
    receivedBytes: to.receivedBytes - from.receivedBytes,
    receivedPackets: to.receivedPackets - from.receivedPackets,
  };
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });
}
