// The store's contract: what gateway, API and commands may ask of it, whatever SQL is beneath.
// Invariants: `append` resolves only once its rows are durable; a row's identity is (machine, spool,
// sequence), so appending twice stores once; the high-water mark moves in the same transaction.
// Not here: dating (dating.ts), sealing (sealer.ts), who may see what (accounts).
import type { ChartAnswer, JournalEntry, JournalKind, RowView, UndatedBoot } from '@vigie/contract';
import type { MachineSchema, MachineSettings, Spans } from '@vigie/model';
import type { GapReason, RowInstant, Settled } from '@vigie/protocol';
import type { AlarmStore } from '../alarms/alarm-store.ts';
import type { ChartQuery, Coverage } from './chart.ts';
import type { Changes } from './database.ts';
import type { NoteStore } from './notes.ts';
import type { PresentRow } from './present.ts';

/** A block as received, about to be kept as those same bytes. */
export interface IncomingBlock {
  readonly machine: string;
  readonly spool: string;
  readonly firstSequence: number;
  readonly bootNumber: number;
  readonly monotonicStartMs: number;
  readonly rowCount: number;
  readonly block: Uint8Array;
}

export type AppendResult =
  /** Durable. `fromMs`/`toMs`: first and last instant of its rows, UTC; `null` when the boot has no anchor yet. */
  | {
      readonly kind: 'stored';
      readonly nextSequence: number;
      readonly fromMs: number | null;
      readonly toMs: number | null;
      /** Rows that were new, with their instants; empty when they have none yet. In all channels of `schema`. */
      readonly rows: readonly RowView[];
      /** Of these rows. */
      readonly spans: Spans;
      readonly schema: MachineSchema;
      /** Boots without a date that this block now bounds: it is the first dated one after them. */
      readonly undated: readonly UndatedBoot[];
      /** Alarms of the machine changed with it. */
      readonly alarmed: boolean;
    }
  /** All of its rows were there already. */
  | { readonly kind: 'duplicate'; readonly nextSequence: number }
  /** Kept aside, undecodable; acknowledged so that the stream goes on. */
  | { readonly kind: 'set-aside'; readonly nextSequence: number; readonly reason: string }
  /** Its first sequence is beyond the high-water mark: rows in between are missing. */
  | { readonly kind: 'out-of-order'; readonly nextSequence: number };

export interface MachineRecord {
  readonly id: string;
  readonly name: string;
  readonly site: string;
  readonly timeZone: string;
  /** Ed25519 public key, raw, base64; `null` until enrolled, and when revoked. */
  readonly publicKey: string | null;
  /** Its credential was taken away; enrolling again gives it a new one. */
  readonly revoked: boolean;
  readonly settings: MachineSettings;
  /** Rows older than that are deleted, rollups stay; `null`: none ever is. */
  readonly keepDays: number | null;
  /** `null`: it was never sent any. */
  readonly edgeAnswer: EdgeAnswer | null;
  /** Pins by which the edge accepts this server, as far as it told; empty until enrolled. */
  readonly edgePins: readonly string[];
  readonly schemaHash: string | null;
  readonly retired: boolean;
  /** Rises with every change of name, site, zone, settings or retirement. */
  readonly version: number;
}

/** What is left out stays. */
export interface MachineChanges {
  readonly name?: string | undefined;
  readonly site?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly retired?: boolean | undefined;
}

/** What an edge made of the settings it was sent last. */
export interface EdgeAnswer extends Settled {
  readonly atMs: number;
  /** Those it answered. */
  readonly settings: MachineSettings;
}

export interface Anchor {
  readonly machine: string;
  readonly spool: string;
  readonly bootNumber: number;
  readonly monotonicMs: number;
  readonly utcMs: number;
  readonly errorMs: number;
}

/** A power-on of an edge, as HELLO names it. */
export interface Boot {
  readonly spool: string;
  readonly number: number;
  readonly id: string;
}
export interface MetBoot extends Boot {
  /** A second box that holds the same credential. */
  readonly refused: boolean;
}

export interface UndatedRow {
  readonly boot: UndatedBoot;
  readonly sinceFirstMs: number;
  readonly values: RowView['values'];
}

/** Of the active key, and of the spare one. */
export type LinkPins = readonly [string, string];

/** How far a spool is stored. */
export interface Mark {
  readonly nextSequence: number;
  /** The row before it; `null`: there is none, or none that is a row. */
  readonly lastRow: RowInstant | null;
}

export interface LimitNews {
  /** Oldest first; `null`: more than can be told. */
  readonly entries: readonly JournalEntry[] | null;
  /** By channel, only of those in `entries`; one that is not there was never told of before. */
  readonly before: ReadonlyMap<string, JournalEntry>;
}

export interface NewsSince {
  /** Alarm limits crossed, boxes that went and came back; of each machine in the order of time. */
  readonly entries: readonly {
    readonly machine: string;
    readonly atMs: number;
    readonly kind: 'limit-crossed' | 'edge-connected' | 'edge-disconnected';
  }[];
  /** Machines of which there was no word before. */
  readonly appeared: readonly string[];
}

export interface Store extends NoteStore, AlarmStore {
  // machines
  machines(): Promise<MachineRecord[]>;
  machine(id: string): Promise<MachineRecord | null>;
  createMachine(machine: {
    id: string;
    name: string;
    site: string;
    timeZone: string;
    intervalMs: number;
  }): Promise<void>;
  /** Of an edge that enrolled just now: it was told nothing yet but the pins. */
  setPublicKey(machine: string, publicKey: string, edgePins: readonly string[]): Promise<void>;
  /** `false`: `from` is not the machine's key. */
  replacePublicKey(machine: string, from: string, to: string): Promise<boolean>;
  /** Takes the credential away, and the enrolment codes that wait. */
  revoke(machine: string): Promise<void>;
  /** `change` sees the present settings; what it refuses changes nothing. */
  changeSettings(
    machine: string,
    change: (settings: MachineSettings, version: number) => MachineSettings | null,
  ): Promise<MachineSettings | null>;
  /** Of the version it was read at. A machine that is retired keeps its history, and its edge is refused. */
  changeMachine(machine: string, version: number, change: MachineChanges): Promise<'done' | 'changed'>;
  setKeepDays(machine: string, keepDays: number | null): Promise<void>;
  /** Boots met since the machine's edge enrolled, oldest first. */
  boots(machine: string): Promise<MetBoot[]>;
  putBoot(machine: string, boot: MetBoot): Promise<void>;
  putEdgeAnswer(machine: string, answer: EdgeAnswer, edgePins: readonly string[]): Promise<void>;
  /** A command made these the server's; a server that runs then looks at its keys. */
  noteLinkKeys(pins: LinkPins, atMs: number): Promise<void>;
  /** @throws StoreError when other servers on the database show other keys than these. */
  agreeOnLinkKeys(pins: LinkPins, atMs: number): Promise<void>;
  /** What another process may have changed since this was asked last. */
  changedElsewhere(): Promise<Changes>;
  /** A single-use code by its SHA-256 (hex), for a machine, until an instant; the machine's earlier ones are void. */
  putEnrolmentCode(machine: string, codeSha256: string, expiresMs: number): Promise<void>;
  /** Of the codes that wait, by machine: until when. */
  enrolmentCodes(nowMs: number): Promise<ReadonlyMap<string, number>>;
  /** Uses up the code; `null` when unknown, used or expired. */
  takeEnrolmentCode(codeSha256: string, nowMs: number): Promise<string | null>;

  // schemas
  hasSchema(hash: string): Promise<boolean>;
  schema(hash: string): Promise<MachineSchema | null>;
  putSchema(machine: string, hash: string, schema: MachineSchema): Promise<void>;
  /** The schema the machine's edge named last. */
  setMachineSchema(machine: string, hash: string): Promise<void>;
  hasPrior(machine: string, hash: string): Promise<boolean>;
  /** Kept for ever; `false`: the bytes are no prior of that schema, or not the one the hash names. */
  putPrior(machine: string, hash: string, schemaHash: string, bytes: Uint8Array): Promise<boolean>;

  // rows
  /** High-water mark: the first sequence not stored; 0 for a spool never met. */
  nextSequence(machine: string, spool: string): Promise<number>;
  /**
   * The high-water mark and the row before it, of one instant: an old connection may still bring blocks.
   * `lastRow` `null`: there is none, or none that is a row.
   */
  spoolEnd(
    machine: string,
    spool: string,
  ): Promise<{ readonly nextSequence: number; readonly lastRow: RowInstant | null }>;
  /** Waits in a group commit with the others' blocks; in order per spool. Rejects only when the disk refuses. */
  append(block: IncomingBlock): Promise<AppendResult>;
  /** Rows that will never come; moves the high-water mark. */
  appendGap(gap: {
    machine: string;
    spool: string;
    firstSequence: number;
    nextSequence: number;
    reason: GapReason;
  }): Promise<{ readonly nextSequence: number }>;
  /** Dates the boot's blocks, backwards too. Resolves when their times are re-dated. */
  putAnchor(anchor: Anchor): Promise<void>;
  /** UTC of an instant of a boot, `null` when it has no anchor. */
  date(machine: string, spool: string, bootNumber: number, monotonicMs: number): Promise<number | null>;

  // reading
  /** Newest row stored, by instant, among those that have a date. */
  lastRow(machine: string): Promise<PresentRow | null>;
  /** The same of all machines, by their id; one that has none is not among them. */
  lastRows(): Promise<ReadonlyMap<string, PresentRow>>;
  /** Machines that hold rows without a date. */
  withUndated(): Promise<ReadonlySet<string>>;
  /** Where a machine has rows and where it has none, found on the rows themselves. */
  coverage(machine: string, fromMs: number, toMs: number): Promise<Coverage>;
  chart(query: ChartQuery): Promise<Omit<ChartAnswer, 'undated'>>;
  /** Every row with fromMs ≤ instant < toMs, oldest first, values in the order of `channels`; for export and tests. */
  rows(query: {
    machine: string;
    channels: readonly string[];
    fromMs: number;
    toMs: number;
  }): AsyncIterable<RowView>;
  /** Boots that no anchor dates, of each spool in the order of their rows. One that gets its anchor is no more among them. */
  undated(machine: string): Promise<UndatedBoot[]>;
  /** Their rows in the same order, values in the order of `channels`; `sinceFirstMs` on the boot's own clock. */
  undatedRows(machine: string, channels: readonly string[]): AsyncIterable<UndatedRow>;
  /** Since the start of the month that holds `nowMs` (UTC). */
  monthUsage(machine: string, nowMs: number): Promise<{ readonly blockBytes: number; readonly rows: number }>;

  // journal
  addJournal(machine: string, entries: readonly JournalEntry[]): Promise<void>;
  /** Newest first; `kind` `null`: of all. */
  journal(
    machine: string,
    beforeMs: number,
    count: number,
    kind?: JournalKind | null,
  ): Promise<JournalEntry[]>;
  /** What the journal said last of the machine's link; `null`: nothing yet. */
  lastLinkNews(machine: string): Promise<'edge-connected' | 'edge-disconnected' | null>;
  /** JSON of what the journal said last of a machine; `null` at first. */
  conditions(machine: string): Promise<string | null>;
  /** The same of several, without those of which it said nothing yet. */
  conditionsOf(machines: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** What the journal says of limits and sensors from an instant on, and last before it of the channels it then speaks of. */
  limitNews(machine: string, fromMs: number): Promise<LimitNews>;
  /** What the journals say since an instant, of machines that it concerns. */
  newsSince(sinceMs: number): Promise<NewsSince>;
  /** Adds entries and replaces the conditions they led to, in one transaction. */
  addChanges(machine: string, entries: readonly JournalEntry[], conditions: string): Promise<void>;

  /** Resolves when what was asked is durable and the worker rests. */
  close(): Promise<void>;
}
