// A failure in words: what happened and what to do. The server's own message is for logs, not for readers.
import type { Language } from '@vigie/contract';
import { ApiFailure, type FailureCode } from '../api.ts';
import { formatSpanExact } from '../i18n/format.ts';
import type { Dictionary } from '../i18n/words.ts';

export function failureWords(code: FailureCode, words: Dictionary): string {
  switch (code) {
    case 'unreachable':
      return words.failUnreachable;
    case 'unavailable':
      return words.failUnavailable;
    case 'signed-out':
      return words.failSignedOut;
    case 'wrong-credentials':
      return words.failCredentials;
    case 'wrong-code':
      return words.failCode;
    case 'second-factor':
      return words.failSecondFactor;
    case 'wrong-second-factor':
      return words.failWrongSecondFactor;
    case 'link-void':
      return words.failLinkVoid;
    case 'changed':
      return words.failChanged;
    case 'taken':
      return words.failTaken;
    case 'too-many-attempts':
      return words.failTooMany;
    case 'forbidden':
      return words.failForbidden;
    case 'not-found':
      return words.failNotFound;
    case 'invalid':
      return words.failInvalid;
    case 'insecure':
      return words.failInsecure;
    default:
      // A code newer than this page.
      return words.failUnavailable;
  }
}

export function failureSentence(cause: unknown, words: Dictionary, language: Language): string {
  if (!(cause instanceof ApiFailure)) return words.failUnavailable;
  if (cause.code === 'too-many-attempts' && cause.retryAfterMs !== null) {
    return words.failTooManyFor(formatSpanExact(Math.ceil(cause.retryAfterMs / 1000) * 1000, language));
  }
  return failureWords(cause.code, words);
}
