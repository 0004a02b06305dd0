// Over which of the box's interfaces the server would be reached now. The system's routes decide, by their metric; a connection
// that was made before a better road came, or whose address is gone, stays where it was and has to be told.
// Invariant: asking sends nothing. Not here: who asks (agent.ts), how routes are set (docs/hardware.md).
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

export interface Roads {
  /** Own address that a packet to the server would leave from; `null`: there is no road, or its name is not known now. */
  source(host: string, port: number): Promise<string | null>;
  /** Whether this address is of an interface that costs. */
  isMetered(address: string): boolean;
}

/** @param metered the modem's interface; `undefined`: whatever is sent costs. */
export function boxRoads(metered: string | undefined): Roads {
  return {
    source: (host, port) =>
      new Promise((resolve) => {
        const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
        const done = (address: string | null): void => {
          socket.close();
          resolve(address);
        };
        socket.once('error', () => done(null));
        // Of a datagram socket, this only asks the kernel for a route.
        socket.connect(port, host, () => done(socket.address().address));
      }),
    isMetered: (address) =>
      metered === undefined || (networkInterfaces()[metered] ?? []).some((one) => one.address === address),
  };
}
