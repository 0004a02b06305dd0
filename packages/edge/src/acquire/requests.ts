// Which Modbus requests read a model's registers, and what their answers mean. Pure.
// Invariants: every register lies whole within one request; none asks for more than 125 registers or 2000 bits; a row
// has one sample per channel, missing where its request failed or the controller says so.
// Not here: what to do about refusals (plan.ts), connections and deadlines (modbus.ts).
import { type RegisterSpec, registerCount, sampleOf } from '@vigie/model/load';

/** What one request may ask for, by the standard. */
const MOST = { input: 125, holding: 125, coil: 2000, discrete: 2000 } as const;

export interface ReadRequest {
  readonly table: RegisterSpec['table'];
  readonly address: number;
  /** Registers, or bits of a table of bits. */
  readonly count: number;
}

/** Bytes of values that the answer to a request carries. */
export function answerBytes({ table, count }: ReadRequest): number {
  return isOfBits(table) ? Math.ceil(count / 8) : 2 * count;
}

function isOfBits(table: RegisterSpec['table']): boolean {
  return table === 'coil' || table === 'discrete';
}

/** As few requests as can be, over holes between registers too. */
export function planRequests(registers: readonly RegisterSpec[]): ReadRequest[] {
  return plan(registers, true);
}

/** The same registers in smaller requests: without the holes, else in two halves; one when they cannot be parted. */
export function split(request: ReadRequest, registers: readonly RegisterSpec[]): ReadRequest[] {
  const within = registers.filter((register) => covers(request, register));
  const parts = plan(within, false);
  if (parts.length > 1) return parts;
  const spans = apart(within);
  const half = Math.ceil(spans.length / 2);
  return [spans.slice(0, half), spans.slice(half)].flatMap((some) => plan(some.flat(), false));
}

/** Registers in groups that share no address, by rising address. */
function apart(registers: readonly RegisterSpec[]): RegisterSpec[][] {
  const groups: RegisterSpec[][] = [];
  let end = -1;
  for (const register of [...registers].sort((a, b) => a.address - b.address)) {
    const last = groups.at(-1);
    if (last !== undefined && register.address < end) last.push(register);
    else groups.push([register]);
    end = Math.max(end, register.address + registerCount(register));
  }
  return groups;
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
      if (count <= MOST[register.table] && (adjoins || overHoles)) {
        requests[requests.length - 1] = { ...last, count };
        continue;
      }
    }
    requests.push({ table: register.table, address: register.address, count: registerCount(register) });
  }
  return requests;
}

export function covers(request: ReadRequest, register: RegisterSpec): boolean {
  return (
    register.table === request.table &&
    register.address >= request.address &&
    register.address + registerCount(register) <= request.address + request.count
  );
}

export interface Answer {
  readonly request: ReadRequest;
  /** As on the wire: two bytes a register, eight bits a byte; `null`: there is no answer, or it is an exception. */
  readonly bytes: Uint8Array | null;
}

/** Bytes that hold `register`; `null` when no answer does. */
function answerTo(register: RegisterSpec, answers: readonly Answer[]): Answer | null {
  return answers.find(({ request, bytes }) => bytes !== null && covers(request, register)) ?? null;
}

/** Whether the controller gave something for a register, be it the value of a broken sensor. */
export function isAnswered(register: RegisterSpec, answers: readonly Answer[]): boolean {
  return answerTo(register, answers) !== null;
}

/** Samples in the order of `registers`. */
export function samples(
  registers: readonly RegisterSpec[],
  decimals: readonly (number | null)[],
  answers: readonly Answer[],
): (number | null)[] {
  return registers.map((register, i) => {
    const answer = answerTo(register, answers);
    if (answer === null || answer.bytes === null) return null;
    const at = register.address - answer.request.address;
    return sampleOf(register, rawAt(answer.bytes, at, register), decimals[i] ?? null);
  });
}

/** @param at registers, or bits, before this one in the answer. */
function rawAt(bytes: Uint8Array, at: number, register: RegisterSpec): number {
  const { type, wordOrder, byteOrder } = register;
  if (type === 'bool') return ((bytes[at >> 3] ?? 0) >> (at & 7)) & 1;
  const words = registerCount(register);
  const inOrder = new DataView(new ArrayBuffer(8));
  for (let k = 0; k < words; k++) {
    const from = 2 * (at + (wordOrder === 'big' ? k : words - 1 - k));
    const [high, low] = byteOrder === 'big' ? [0, 1] : [1, 0];
    inOrder.setUint8(2 * k, bytes[from + high] ?? 0);
    inOrder.setUint8(2 * k + 1, bytes[from + low] ?? 0);
  }
  switch (type) {
    case 'u16':
      return inOrder.getUint16(0);
    case 'i16':
      return inOrder.getInt16(0);
    case 'u32':
      return inOrder.getUint32(0);
    case 'i32':
      return inOrder.getInt32(0);
    // Beyond 2^53 the nearest float64.
    case 'u64':
      return Number(inOrder.getBigUint64(0));
    case 'i64':
      return Number(inOrder.getBigInt64(0));
    case 'f32':
      return inOrder.getFloat32(0);
    case 'f64':
      return inOrder.getFloat64(0);
  }
}
