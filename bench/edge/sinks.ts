// What the peers of the edge talk to: an MQTT 5 broker that acknowledges and forwards to nobody, and a socket that
// reads. Neither stores anything: only what travels is of interest here.
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate, type Packet, parser } from 'mqtt-packet';

export interface Sink {
  readonly port: number;
  close(): void;
}

const ALIASES = 10;

export function mqttBroker(host: string, identity: { key: string; cert: string }): Promise<Sink> {
  const server = createTlsServer({ ...identity, minVersion: 'TLSv1.3' }, (socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    const reader = parser({ protocolVersion: 5 });
    const answer = (packet: Packet): void => {
      socket.write(generate(packet, { protocolVersion: 5 }));
    };
    reader.on('packet', (packet: Packet) => {
      switch (packet.cmd) {
        case 'connect':
          answer({
            cmd: 'connack',
            reasonCode: 0,
            sessionPresent: false,
            properties: { topicAliasMaximum: ALIASES },
          });
          return;
        case 'publish':
          answer({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 0 });
          return;
        case 'pingreq':
          answer({ cmd: 'pingresp' });
          return;
        default:
          return;
      }
    });
    socket.on('data', (chunk) => reader.parse(chunk));
  });
  return listening(server, host);
}

export function silentSocket(host: string): Promise<Sink> {
  return listening(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume();
    }),
    host,
  );
}

function listening(server: Server, host: string): Promise<Sink> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      resolve({ port: (server.address() as AddressInfo).port, close: () => server.close() });
    });
  });
}
