// Words that people type and others read: names of people, machines, places.
// Invariant: one line of well-formed text that looks like what it is. Letters of every script pass, also those written
// from right to left; what steers how others are shown does not. Not here: how text is escaped where it is shown.
import { z } from 'zod';

/** Controls, line ends, lone surrogates, the sign of broken UTF-8, and marks that turn the direction of what follows. */
const UNSEEN = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/u;

/** @param most letters, after spaces around it are gone */
export function line(least: number, most: number) {
  return z
    .string()
    .transform((text) => text.normalize('NFC').trim())
    .pipe(
      z
        .string()
        .min(least, least === 1 ? 'must not be empty' : `takes ${least} letters or more`)
        .max(most, `takes ${most} letters at most`)
        .refine((text) => !UNSEEN.test(text), 'takes one line of letters, without signs that are not seen'),
    );
}

/** IANA name of a zone that this server knows. */
export const timeZone = z
  .string()
  .max(64)
  .refine(
    (zone) => zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone),
    'takes a time zone like Europe/Paris',
  );
