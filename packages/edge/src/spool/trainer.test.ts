// Learning in a process of its own, as the agent has it done: the same prior as in this one, and a failure is a value.
import { type CodecSchema, encodeBlock } from '@vigie/codec';
import { describe, expect, it } from 'vitest';
import { learn, processTrainer } from './trainer.ts';

const schema: CodecSchema = { intervalMs: 1000, channels: [{ id: 'a', kind: 'number', decimals: 1 }] };
const HASH = '0123456789abcdef';

function block(first: number): Uint8Array {
  const values = Float64Array.from(
    { length: 60 },
    (_, i) => Math.round(200 * Math.sin((first + i) / 9)) / 10,
  );
  const timesMs = Float64Array.from(values, (_, i) => i * 1000);
  const columns = [{ type: 'number' as const, values, present: null }];
  return encodeBlock(schema, { rowCount: 60, timesMs, columns }, { schemaHash: HASH });
}

describe('the training process', () => {
  it('learns what this one would, whatever block is damaged', async () => {
    const blocks = Array.from({ length: 10 }, (_, i) => block(60 * i));
    const task = { schema, blocks: [...blocks, Uint8Array.of(1, 2, 3)], priors: [Uint8Array.of(9)] };
    const bytes = await processTrainer.train(task);
    expect(Buffer.from(bytes)).toEqual(Buffer.from(learn({ schema, blocks, priors: [] })));
  });

  it('rejects when there is nothing to learn from', async () => {
    await expect(processTrainer.train({ schema, blocks: [], priors: [] })).rejects.toThrow(
      /ended with code 1/,
    );
  });
});
