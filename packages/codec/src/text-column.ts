// A column of texts in a stream: the distinct texts in order of first appearance, each one of those the prior knows
// or spelled out, then which of them each row holds, coded as numbers are. Texts are UTF-16 code units, so that a
// lone surrogate comes back as it was.
import { READING } from './coder.ts';
import {
  HEAD_CONSTANT,
  HEAD_FRESH,
  HEAD_GAPS,
  MASK,
  TEXT_LENGTH,
  TEXT_NARROW,
  TEXT_UNIT,
} from './contexts.ts';
import { PREDICTORS } from './predictors.ts';
import { type ColumnPrior, loadResiduals } from './prior.ts';
import { codeResiduals } from './residual.ts';
import type { Stream } from './stream.ts';
import { bitLength, codeNumber, codeTree } from './symbols.ts';
import type { TextColumn } from './types.ts';

/** Level of a column that mostly holds. */
const LEVEL_TEXT = 6;

/** Writes a column, or reads one and returns it; `null`: bytes that make no sense, or too many code units. */
export function codeTextColumn(
  stream: Stream,
  given: TextColumn | null,
  prior: ColumnPrior | null,
): TextColumn | null {
  const { coder, rowCount, kinds, kindsBefore, places } = stream;
  const reading = coder.mode === READING;
  const texts: string[] = [];
  let count = 0;
  if (given !== null) {
    const index = new Map<string, number>();
    for (let i = 0; i < rowCount; i++) {
      const text = given.values[i] ?? null;
      kinds[i] = text === null ? 1 : 0;
      if (text === null) continue;
      let place = index.get(text);
      if (place === undefined) {
        place = texts.length;
        index.set(text, place);
        texts.push(text);
      }
      places[count++] = place;
    }
  } else count = rowCount;
  if (coder.flag(count < rowCount ? 1 : 0, HEAD_GAPS) !== 0) {
    count = 0;
    for (let i = 0; i < rowCount; i++) {
      const context =
        MASK + (i > 0 ? kinds[i - 1]! : 0) + (i > 1 ? kinds[i - 2]! * 2 : 0) + (kindsBefore[i] === 0 ? 0 : 4);
      kinds[i] = coder.flag(reading ? 0 : kinds[i]!, context);
      if (kinds[i] === 0) count++;
    }
  } else kinds.fill(0, 0, rowCount);
  kindsBefore.set(kinds.subarray(0, rowCount));
  if (count > 0) {
    const textCount = codeNumber(coder, TEXT_LENGTH, texts.length - 1) + 1;
    if (textCount < 1 || textCount > count) return null;
    for (let k = 0; k < textCount; k++) {
      const text = codeText(stream, reading ? null : texts[k]!, prior?.texts ?? []);
      if (text === null) return null;
      texts[k] = text;
    }
    if (coder.flag(textCount === 1 ? 1 : 0, HEAD_CONSTANT) !== 0) places.fill(0, 0, count);
    else {
      // The first row's text is the first of them.
      places[0] = 0;
      loadResiduals(coder, stream.universal, stream.prior, null);
      codeResiduals(coder, places, count, PREDICTORS[0]!, LEVEL_TEXT, null, null, stream.loose.trace);
    }
  }
  if (given !== null) return given;
  const values: (string | null)[] = [];
  for (let i = 0, k = 0; i < rowCount; i++) {
    const text = kinds[i] !== 0 ? null : texts[places[k++]!];
    if (text === undefined) return null;
    values.push(text);
  }
  return { type: 'text', values };
}

function codeText(stream: Stream, given: string | null, known: readonly string[]): string | null {
  const { coder } = stream;
  if (known.length > 0) {
    const index = given === null ? -1 : known.indexOf(given);
    if (coder.flag(index >= 0 ? 1 : 0, HEAD_FRESH) !== 0) {
      return known[coder.raw(index, bitLength(known.length - 1))] ?? null;
    }
  }
  const length = codeNumber(coder, TEXT_LENGTH, given?.length ?? 0);
  if (length < 0 || length > stream.textLeft) return null;
  stream.textLeft -= length;
  const units: string[] = [];
  for (let i = 0; i < length; i++) {
    const unit = given?.charCodeAt(i) ?? 0;
    const narrow = coder.flag(unit < 256 ? 1 : 0, TEXT_NARROW) !== 0;
    units.push(String.fromCharCode(narrow ? codeTree(coder, TEXT_UNIT, 8, unit) : coder.raw(unit, 16)));
  }
  return given ?? units.join('');
}
