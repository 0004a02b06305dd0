// Questions and answers with a modem by AT commands (3GPP TS 27.007) on a serial port: one at a time, each with a deadline.
// Invariants: lines that answer nothing that was asked (unsolicited, garbage, an echo) are left out; a modem that says nothing,
// goes away or talks nonsense gives a failure, never a hang. Not here: what answers mean (at-replies.ts).
import type { Outcome } from '@vigie/config';
import type { Clock } from '@vigie/protocol';
import { LineCutter } from '../acquire/line-cutter.ts';
import type { OpenPort, OpenSerial } from '../acquire/serial.ts';

export const ANSWER_MS = 5000;
/** After a deadline a late answer must not be taken for that of the next question. */
const SETTLE_MS = 300;

interface Question {
  readonly prefix: string;
  readonly lines: string[];
  readonly done: (outcome: Outcome<readonly string[]>) => void;
}

export class AtChannel {
  readonly #clock: Clock;
  readonly #port: OpenPort;
  readonly #cutter: LineCutter;
  #asked: Question | null = null;
  #gone = false;

  /** Opens the port and finds out whether a modem answers there. */
  static async open(openSerial: OpenSerial, clock: Clock, port: string): Promise<Outcome<AtChannel>> {
    let channel: AtChannel | null = null;
    const opened = await openSerial(
      { port, baudRate: 115_200, parity: 'none', dataBits: 8, stopBits: 1 },
      { data: (bytes) => channel?.push(bytes), gone: () => channel?.lost() },
    );
    if (!opened.ok) return { ok: false, message: `${port} ${opened.message}` };
    channel = new AtChannel(clock, opened.value);
    // Echo off, and reasons as numbers; some lose the first command after a sleep, so it is said twice.
    for (let attempt = 0; attempt < 2; attempt++) {
      if ((await channel.ask('ATE0+CMEE=1', '', 1000)).ok) return { ok: true, value: channel };
    }
    channel.close();
    return { ok: false, message: `${port}: no modem answers there` };
  }

  private constructor(clock: Clock, port: OpenPort) {
    this.#clock = clock;
    this.#port = port;
    this.#cutter = new LineCutter(clock.monotonicMs() - 1000);
  }

  /**
   * @param prefix what lines of the answer begin with, such as `+CSQ:`; '': any line.
   * @returns those lines; `message`: what the modem says instead, or that it does not answer.
   */
  async ask(command: string, prefix: string, withinMs = ANSWER_MS): Promise<Outcome<readonly string[]>> {
    if (this.#gone) return { ok: false, message: 'the modem is gone' };
    const outcome = await new Promise<Outcome<readonly string[]>>((resolve) => {
      const deadline = this.#clock.after(withinMs, () => finish({ ok: false, message: 'no answer' }));
      const finish = (result: Outcome<readonly string[]>): void => {
        deadline.cancel();
        this.#asked = null;
        resolve(result);
      };
      this.#asked = { prefix, lines: [], done: finish };
      this.#port.write(new TextEncoder().encode(`${command}\r`));
    });
    if (!outcome.ok && outcome.message === 'no answer')
      await new Promise<void>((resolve) => this.#clock.after(SETTLE_MS, resolve));
    return outcome;
  }

  get isGone(): boolean {
    return this.#gone || this.#port.moved();
  }

  close(): void {
    this.lost();
    this.#port.close();
  }

  private push(bytes: Uint8Array): void {
    for (const { text } of this.#cutter.push(bytes, this.#clock.monotonicMs())) {
      const line = text?.trim() ?? '';
      const asked = this.#asked;
      if (asked === null || line === '') continue;
      if (line === 'OK') asked.done({ ok: true, value: asked.lines });
      else if (/^(ERROR|\+CM[ES] ERROR:.*|NO CARRIER|ABORTED)$/.test(line))
        asked.done({ ok: false, message: line });
      else if (line.startsWith(asked.prefix) && !/^AT[+E]/i.test(line)) asked.lines.push(line);
    }
  }

  private lost(): void {
    this.#gone = true;
    this.#asked?.done({ ok: false, message: 'the modem is gone' });
  }
}
