// Commands about who this box is to its server: enrol, rotate-key. Not here: keys and identity themselves (enrolment/).
import { EXIT, explain, parseFlags } from '@vigie/config';
import { enrol as enrolAt, rotateKey as rotateKeyAt } from '../enrolment/enrol.ts';
import {
  credentials,
  nextCredential,
  parseEnrolmentCode,
  promoteKey,
  readIdentity,
  writeIdentity,
} from '../enrolment/identity.ts';
import { type CommandContext, fail } from './command.ts';

const DEFAULT_LINK_PORT = 8443;

export async function enrol({ args, clock }: CommandContext): Promise<number> {
  const parsed = parseFlags(
    {
      name: 'vigie-edge enrol',
      summary: 'Registers this box at a server with a single-use code; its key is made here and stays here.',
      flags: {
        server: {
          type: 'string',
          value: 'HOST',
          help: 'the link address of the server; HOST:PORT if not 8443',
        },
        code: { type: 'string', value: 'CODE', help: 'the enrolment code, VG1-…' },
        data: { type: 'string', value: 'DIR', help: 'folder for identity and spool' },
      },
    },
    args,
  );
  if (parsed.kind !== 'run') return explain(parsed);
  const { server, code, data } = parsed.flags;
  if (server === undefined || code === undefined || data === undefined) {
    return fail('vigie-edge enrol: --server, --code and --data are all needed', EXIT.usage);
  }
  const address = addressOf(server);
  if (address === null) {
    return fail(`vigie-edge enrol: --server takes HOST or HOST:PORT, not «${server}»`, EXIT.usage);
  }
  // Before anything is made: a code that was copied in part is the most usual mistake.
  const parts = parseEnrolmentCode(code);
  if (!parts.ok) return fail(`vigie-edge enrol: ${parts.message}`, EXIT.failed);
  const key = nextCredential(data);
  if (!key.ok) return fail(`vigie-edge enrol: ${key.message}`, EXIT.failed);
  const outcome = await enrolAt({ ...address, code: parts.value, credential: key.value, clock });
  if (!outcome.ok) return fail(`vigie-edge enrol: ${outcome.message}`, EXIT.failed);
  writeIdentity(data, outcome.value);
  promoteKey(data, key.value);
  console.log(`This box is now machine ${outcome.value.machine}. Next: vigie-edge run --data ${data} …`);
  return EXIT.ok;
}

/** `null`: not an address. IPv6 is written [::1] or [::1]:8443. */
function addressOf(text: string): { readonly host: string; readonly port: number } | null {
  const [, six, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = six ?? name;
  const number = port === undefined ? DEFAULT_LINK_PORT : Number(port);
  return host === undefined || number < 1 || number > 65_535 ? null : { host, port: number };
}

export async function rotateKey({ args, clock }: CommandContext): Promise<number> {
  const parsed = parseFlags(
    {
      name: 'vigie-edge rotate-key',
      summary:
        'Gives this box a new key: made here, registered by the present one, then in its place. Works while the agent runs, and while it does not.',
      flags: { data: { type: 'string', value: 'DIR', help: 'folder of the agent' } },
    },
    args,
  );
  if (parsed.kind !== 'run') return explain(parsed);
  const { data } = parsed.flags;
  if (data === undefined) return fail('vigie-edge rotate-key: --data DIR is missing', EXIT.usage);
  const identity = readIdentity(data);
  if (!identity.ok) return fail(identity.message, EXIT.failed);
  const keys = credentials(data);
  if (!keys.ok) return fail(keys.message, EXIT.failed);
  const next = nextCredential(data);
  if (!next.ok) return fail(`vigie-edge rotate-key: ${next.message}`, EXIT.failed);
  const [present = next.value] = keys.value;
  const done = await rotateKeyAt({ identity: identity.value, present, next: next.value, clock });
  if (!done.ok) {
    const after = done.refused
      ? 'the present key stays'
      : 'the present key and the new one are both kept, and the one the server knows is found at the next contact; or run this again';
    return fail(`vigie-edge rotate-key: ${done.message}; ${after}`, EXIT.failed);
  }
  promoteKey(data, next.value);
  console.log(`Machine ${identity.value.machine} has a new key; the old one is worth nothing any more.`);
  return EXIT.ok;
}
