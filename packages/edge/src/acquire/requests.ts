// Which Modbus requests read a model's registers, and what their answers mean. Pure.
// Invariants: every register lies whole within one request; none asks for more than 125 registers; a row has one
// sample per channel, missing where its request failed or the controller says so.
// Not here: connections and deadlines (modbus.ts).
import { type RegisterSpec, registerCount, sampleOf } from '@vigie/model/load';

const MOST_REGISTERS = 125;

export interface ReadRequest {
  readonly table: RegisterSpec['table'];
  readonly address: number;
  readonly count: number;
}

/** As few requests as can be, over holes between registers too. */
export function planRequests(registers: readonly RegisterSpec[]): ReadRequest[] {
  return plan(registers, true);
}

/** The same registers without the holes, for a controller that refuses to read them. */
export function splitAtHoles(request: ReadRequest, registers: readonly RegisterSpec[]): ReadRequest[] {
  return plan(
    registers.filter((register) => covers(request, register)),
    false,
  );
}

function plan(registers: readonly RegisterSpec[], overHoles: boolean): ReadRequest[] {
  const sorted = [...registers].sort((a, b) =>
    a.table === b.table ? a.address - b.address : a.table < b.table ? -1 : 1,
  );
  const requests: ReadRequest[] = [];
  for (const register of sorted) {
    const last = requests.at(-1);
    const end = register.address + registerCount(register);
    if (last !== undefined && last.table === register.table) {
      const count = Math.max(last.count, end - last.address);
      const adjoins = register.address <= last.address + last.count;
      if (count <= MOST_REGISTERS && (adjoins || overHoles)) {
        requests[requests.length - 1] = { ...last, count };
        continue;
      }
    }
    requests.push({ table: register.table, address: register.address, count: registerCount(register) });
  }
  return requests;
}

function covers(request: ReadRequest, register: RegisterSpec): boolean {
  return (
    register.table === request.table &&
    register.address >= request.address &&
    register.address + registerCount(register) <= request.address + request.count
  );
}

export interface Answer {
  readonly request: ReadRequest;
  /** Two bytes a register, as on the wire; `null`: the controller answered with an exception. */
  readonly bytes: Uint8Array | null;
}

/** Samples in the order of `registers`. */
export function samples(
  registers: readonly RegisterSpec[],
  decimals: readonly (number | null)[],
  answers: readonly Answer[],
): (number | null)[] {
  return registers.map((register, i) => {
    const answer = answers.find(({ request }) => covers(request, register));
    if (answer === undefined || answer.bytes === null) return null;
    const raw = rawAt(answer.bytes, 2 * (register.address - answer.request.address), register);
    return sampleOf(register, raw, decimals[i] ?? null);
  });
}

function rawAt(bytes: Uint8Array, at: number, register: RegisterSpec): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (register.type === 'u16') return view.getUint16(at);
  if (register.type === 'i16') return view.getInt16(at);
  const [first, second] = [view.getUint16(at), view.getUint16(at + 2)];
  const words = new DataView(new ArrayBuffer(4));
  words.setUint16(0, register.wordOrder === 'big' ? first : second);
  words.setUint16(2, register.wordOrder === 'big' ? second : first);
  if (register.type === 'u32') return words.getUint32(0);
  return register.type === 'i32' ? words.getInt32(0) : words.getFloat32(0);
}
