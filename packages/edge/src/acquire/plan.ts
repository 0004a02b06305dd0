// Which requests are sent at a poll, as the controller shows which it accepts. No clock of its own.
// Invariants: as few requests as can be; one that is refused as illegal is parted until only the registers that the
// controller does not have are left; these are set aside and tried again every RETRY_MS, and when one works again,
// everything is planned anew. Not here: sending (modbus.ts).
import type { RegisterSpec } from '@vigie/model/load';
import { planRequests, type ReadRequest, split } from './requests.ts';

/** Between two attempts at registers that were refused. */
export const RETRY_MS = 60_000;
/** Exceptions by which a controller says that it has no such registers, or not so many in one answer. */
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;

export class RequestPlan {
  readonly #registers: readonly RegisterSpec[];
  #requests: readonly ReadRequest[] = [];
  /** Requests that cannot be parted and were refused, with the instant of their next attempt. */
  readonly #aside = new Map<ReadRequest, number>();

  constructor(registers: readonly RegisterSpec[]) {
    this.#registers = registers;
    this.reset();
  }

  /** All registers in as few requests as can be, as at the start. */
  reset(): void {
    this.#requests = planRequests(this.#registers);
    this.#aside.clear();
  }

  due(nowMs: number): ReadRequest[] {
    const retried = [...this.#aside].flatMap(([request, atMs]) => (nowMs >= atMs ? [request] : []));
    for (const request of retried) this.#aside.set(request, nowMs + RETRY_MS);
    return [...this.#requests, ...retried];
  }

  answered(request: ReadRequest): void {
    if (this.#aside.has(request)) this.reset();
  }

  /** What to send instead, at once; nothing when `request` cannot be parted. */
  refused(request: ReadRequest, code: number, nowMs: number): ReadRequest[] {
    if (code !== ILLEGAL_ADDRESS && code !== ILLEGAL_VALUE) return [];
    const parts = this.#aside.has(request) ? [] : split(request, this.#registers);
    if (parts.length > 1) {
      this.#requests = this.#requests.flatMap((other) => (other === request ? parts : [other]));
      return parts;
    }
    this.#requests = this.#requests.filter((other) => other !== request);
    this.#aside.set(request, nowMs + RETRY_MS);
    return [];
  }
}
