// General compressors, each block alone, each at its strongest: gzip 9, brotli 11 and zstd 19 of node:zlib, xz -9e
// of its program; zstd 19 with a dictionary of 16 KiB too, trained by the program zstd (fast COVER, a wide search)
// on the blocks of the training half in the same layout. Containers are counted as these programs write them,
// without checksums where they can be left out (gzip cannot); the dictionary itself is not counted, as priors are
// not. xz and zstd take all blocks of a run in few calls: a process a block would be a hundred times slower.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import type { Block } from '../recording.ts';
import type { Encode, Peer } from './peer.ts';

export interface Compressor {
  readonly name: string;
  readonly absent: () => string | null;
  /** All inputs together; `null`: does not apply to them. */
  readonly bytes: (inputs: readonly Uint8Array[], training: () => readonly Uint8Array[]) => number | null;
}

const DICTIONARY_BYTES = 16_384;
/** Fewer samples than this make no dictionary, and blocks above this need none. */
const DICTIONARY_SAMPLES_LEAST = 8;
const DICTIONARY_ROWS_MOST = 300;
const FILES_PER_CALL = 500;

const sum = (inputs: readonly Uint8Array[], size: (input: Uint8Array) => number): number =>
  inputs.reduce((total, input) => total + size(input), 0);

const { constants } = zlib;

const gzip: Compressor = {
  name: 'gzip',
  absent: () => null,
  bytes: (inputs) => sum(inputs, (input) => zlib.gzipSync(input, { level: 9 }).length),
};

const brotli: Compressor = {
  name: 'brotli',
  absent: () => null,
  bytes: (inputs) =>
    sum(inputs, (input) => {
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 22,
        [constants.BROTLI_PARAM_SIZE_HINT]: input.length,
      };
      return zlib.brotliCompressSync(input, { params }).length;
    }),
};

const zstdParams = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 0 };

const zstd: Compressor = {
  name: 'zstd',
  absent: () => null,
  bytes: (inputs) => sum(inputs, (input) => zlib.zstdCompressSync(input, { params: zstdParams }).length),
};

const zstdDictionary: Compressor = {
  name: 'zstd-dict',
  absent: () =>
    nodeKnowsDictionaries()
      ? programMissing('zstd', 'zstd')
      : 'this Node leaves zstd dictionaries out; Node 24.6 has them',
  bytes: (inputs, training) => {
    const samples = training();
    if (samples.length < DICTIONARY_SAMPLES_LEAST) return null;
    const dictionary = trainDictionary(samples);
    if (dictionary === null) return null;
    return sum(inputs, (input) => zlib.zstdCompressSync(input, { params: zstdParams, dictionary }).length);
  },
};

/** Before 24.6 the option was ignored without a word. */
function nodeKnowsDictionaries(): boolean {
  const text = Buffer.from('a text of which a dictionary of itself leaves little');
  const size = zlib.zstdCompressSync(text, { dictionary: text }).length;
  return size < zlib.zstdCompressSync(text).length;
}

const xz: Compressor = {
  name: 'xz',
  absent: () => programMissing('xz', 'xz-utils'),
  bytes: (inputs) =>
    inFolder(inputs, (folder, names) => {
      for (let at = 0; at < names.length; at += FILES_PER_CALL) {
        const some = names.slice(at, at + FILES_PER_CALL);
        execFileSync('xz', ['-k', '--check=none', '--lzma2=preset=9e,dict=1MiB', '--', ...some], {
          cwd: folder,
        });
      }
      return readdirSync(folder)
        .filter((name) => name.endsWith('.xz'))
        .reduce((total, name) => total + statSync(join(folder, name)).size, 0);
    }),
};

/** `null`: the samples are too few or too short to train on, says zstd. */
function trainDictionary(samples: readonly Uint8Array[]): Buffer | null {
  return inFolder(samples, (folder, names) => {
    writeFileSync(join(folder, 'names'), names.join('\n'));
    // What a dictionary saves hangs on the order of the samples: by up to 7 % with the default search, 3 % with this.
    const flags = ['-q', '--train-fastcover=steps=40', '--filelist', 'names', '-o', 'dictionary'];
    try {
      execFileSync('zstd', [...flags, `--maxdict=${DICTIONARY_BYTES}`], { cwd: folder, stdio: 'ignore' });
      return readFileSync(join(folder, 'dictionary'));
    } catch {
      return null;
    }
  });
}

/** Inputs as files of a folder that is gone afterwards. */
function inFolder<T>(inputs: readonly Uint8Array[], use: (folder: string, names: readonly string[]) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-bench-'));
  try {
    const names = inputs.map((input, i) => {
      const name = `b${i}`;
      writeFileSync(join(folder, name), input);
      return name;
    });
    return use(folder, names);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function programMissing(program: string, debianPackage: string): string | null {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return `the program ${program} is not installed; on Debian: apt-get install ${debianPackage}`;
  }
}

export const COMPRESSORS: readonly Compressor[] = [gzip, zstd, zstdDictionary, brotli, xz];

/** The peer that lays rows out and then compresses. */
export function compressed(layoutName: string, layout: Encode, compressor: Compressor): Peer {
  const short = (block: Block): boolean => block.to - block.from <= DICTIONARY_ROWS_MOST;
  return {
    name: `${layoutName}+${compressor.name}`,
    absent: compressor.absent,
    bytes: (blocks, training) =>
      compressor.bytes(blocks.map(layout), () => (blocks.every(short) ? training.map(layout) : [])),
  };
}
