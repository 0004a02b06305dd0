// The bench's figures for a reader: one table a recording, peers by block size, then Vigie beside the best peer.
import { type Entry, ratiosOf, type Size, type Summary } from './measure.ts';
import { PEERS, UNFORESEEN } from './peers/index.ts';

const NAME_WIDTH = 30;
const CELL_WIDTH = 25;

export function tableOf(entries: readonly Entry[]): string {
  const row = (name: string, cell: (entry: Entry) => string): string =>
    name.padEnd(NAME_WIDTH) + entries.map((entry) => cell(entry).padStart(CELL_WIDTH)).join('');
  const names = PEERS.map(({ name }) => name).filter((name) => entries.some(({ peers }) => name in peers));
  return [
    `${entries[0]?.file ?? ''}: bits per sample (bytes per row); round trips verified`,
    row('rows per block', ({ blockRows }) => String(blockRows)),
    ...names.map((name) => row(name, ({ peers }) => sizeText(peers[name]))),
    row('Vigie, universal', ({ vigie }) => sizeText(vigie.universal)),
    row('Vigie, primed', ({ vigie }) => sizeText(vigie.primed)),
    row('best peer', (entry) => ratiosOf(entry).bestPeer ?? '–'),
    row('Vigie ÷ best peer, universal', (entry) => ratioText(ratiosOf(entry).universalToBestPeer)),
    row('Vigie ÷ best peer, primed', (entry) => ratioText(ratiosOf(entry).primedToBestPeer)),
    row('encode, M samples/s, primed', ({ vigie }) => millions(vigie.primed.encodeSamplesPerSecond)),
    row('decode, M samples/s, primed', ({ vigie }) => millions(vigie.primed.decodeSamplesPerSecond)),
  ].join('\n');
}

export function summaryText({ geometricMeans, absentPeers, notes }: Summary): string {
  return [
    'Vigie ÷ best peer of each file, geometric mean',
    ...geometricMeans.map(
      ({ blockRows, files, universalToBestPeer, primedToBestPeer, foreseen }) =>
        `${String(blockRows).padStart(6)} rows per block, ${files} ${files === 1 ? 'file' : 'files'}: ` +
        `universal ${ratioText(universalToBestPeer)}, primed ${ratioText(primedToBestPeer)}` +
        (foreseen === null
          ? ''
          : ` (without ${UNFORESEEN.join(', ')}: ` +
            `${ratioText(foreseen.universalToBestPeer)}, ${ratioText(foreseen.primedToBestPeer)})`),
    ),
    ...absentPeers.map(({ name, reason }) => `left out: ${name}: ${reason}`),
    ...notes,
  ].join('\n');
}

function sizeText(size: Size | undefined): string {
  return size === undefined ? '–' : `${size.bitsPerSample.toFixed(2)} (${size.bytesPerRow.toFixed(1)})`;
}
function ratioText(ratio: number | null): string {
  return ratio === null ? '–' : ratio.toFixed(3);
}
function millions(samplesPerSecond: number): string {
  return (samplesPerSecond / 1e6).toFixed(1);
}
