// CRC-24 against the value published for RFC 4880's, and against itself in pieces of every length.
import { describe, expect, it } from 'vitest';
import { crc24 } from './checksum.ts';

describe('crc24', () => {
  const digits = new TextEncoder().encode('123456789');

  it('gives the published value', () => {
    expect(crc24(digits, digits.length, 0xb7_04ce)).toBe(0x21_cf02);
  });

  it('may stop anywhere and go on', () => {
    for (let cut = 0; cut <= digits.length; cut++) {
      const before = crc24(digits, cut, 0xb7_04ce);
      expect(crc24(digits.subarray(cut), digits.length - cut, before), `cut at ${cut}`).toBe(0x21_cf02);
    }
  });
});
