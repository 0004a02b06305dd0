// The road to a Modbus controller, as the poller sees it: over TCP (modbus-tcp.ts) or a serial line (modbus-rtu.ts).
// Invariants of every transport: what `ask` gives is the answer to this very request, or a failure; nothing of a late,
// damaged or foreign answer is ever taken for that of a later request; `ask` ends within its deadline.
// Not here: which requests are sent and when (plan.ts, modbus.ts).
import type { Outcome } from '@vigie/config';
import type { ReadRequest } from './requests.ts';

export type Reply =
  /** As many bytes as `answerBytes` of the request says. */
  | { readonly kind: 'values'; readonly bytes: Uint8Array }
  /** The controller answered with a Modbus exception. */
  | { readonly kind: 'exception'; readonly code: number }
  /** `lost`: the connection or the port is of no use any more and must be opened again. */
  | { readonly kind: 'failed'; readonly message: string; readonly lost: boolean };

export interface ModbusTransport {
  /** Does nothing when it is open. `message` says who cannot be reached, and why. */
  open(untilMs: number): Promise<Outcome<void>>;
  /**
   * Only one at a time.
   * @param untilMs deadline on the monotonic clock; `waiting`: requests that must be answered by then too.
   */
  ask(request: ReadRequest, untilMs: number, waiting: number): Promise<Reply>;
  close(): void;
}
