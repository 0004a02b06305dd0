// A cellular modem on a pseudo-terminal, as far as an edge can tell: answers AT commands from a script, prints garbage and
// unsolicited lines inside its answers, falls silent, restarts when told to. Not here: the terminal it speaks on.
import { SerialPort } from 'serialport';

/** Lines of the answer to each command, its end (OK, ERROR …) included. */
export type ModemScript = ReadonlyMap<string, readonly string[]>;

/** How it behaves beside answering; may be changed while it runs. */
export interface Manners {
  /** Printed in the middle of every answer. */
  noise: string | null;
  /** Says nothing any more. */
  silent: boolean;
}

/**
 * A recorded dialogue: `> COMMAND`, then the lines of its answer; `#` begins a remark; the last line, after `= `, is what a
 * reader must make of it, as JSON.
 */
export function readDialogue(text: string): {
  readonly script: Map<string, string[]>;
  readonly expected: unknown;
} {
  const script = new Map<string, string[]>();
  let [answer, expected]: [string[], unknown] = [[], null];
  for (const line of text.split('\n')) {
    if (line.startsWith('> ')) {
      answer = [];
      script.set(line.slice(2), answer);
    } else if (line.startsWith('= ')) expected = JSON.parse(line.slice(2));
    else if (line !== '' && !line.startsWith('#')) answer.push(line);
  }
  return { script, expected };
}

export class FakeModem {
  readonly manners: Manners = { noise: null, silent: false };
  /** Commands that came, in order. */
  readonly heard: string[] = [];
  readonly script: Map<string, readonly string[]>;
  readonly #port: SerialPort;
  #line = '';

  /** @param terminal path of its end of a cable. */
  static async on(terminal: string, script: ModemScript): Promise<FakeModem> {
    const port = new SerialPort({ path: terminal, baudRate: 115_200, autoOpen: false });
    // A cable that is pulled is no failure of what hung on it.
    port.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    return new FakeModem(port, script);
  }

  private constructor(port: SerialPort, script: ModemScript) {
    this.script = new Map(script);
    this.#port = port;
    port.on('data', (bytes: Buffer) => this.#hear(bytes.toString('latin1')));
  }

  close(): Promise<void> {
    return new Promise((resolve) => (this.#port.isOpen ? this.#port.close(() => resolve()) : resolve()));
  }

  say(text: string): void {
    if (this.#port.isOpen) this.#port.write(text);
  }

  #hear(text: string): void {
    for (const character of text) {
      if (character === '\r' || character === '\n') {
        const command = this.#line.trim();
        this.#line = '';
        if (command !== '') this.#answer(command);
      } else this.#line += character;
    }
  }

  #answer(command: string): void {
    this.heard.push(command);
    if (this.manners.silent) return;
    const lines = this.script.get(command) ?? ['ERROR'];
    for (const [i, line] of lines.entries()) {
      if (i === lines.length - 1 && this.manners.noise !== null) this.say(this.manners.noise);
      this.say(`\r\n${line}\r\n`);
    }
  }
}
