// Every request the page makes: JSON in, JSON out, one kind of failure with a stable code.
// Counts requests in flight for the reload logo. Not here: what to do about a failure.

import { signal } from '@preact/signals';
import type { ErrorAnswer } from '@vigie/contract';
import { serverNowMs } from './clock.ts';

export type FailureCode = ErrorAnswer['error']['code'] | 'unreachable';

export class ApiFailure extends Error {
  readonly code: FailureCode;
  readonly retryAfterMs: number | null;
  constructor(code: FailureCode, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.name = 'ApiFailure';
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Requests under way. */
export const inFlight = signal(0);
/** When the last request succeeded, on the server's clock; `null` before the first. */
export const lastAnswerMs = signal<number | null>(null);
/** Set by the session: called when the server says that nobody is signed in. */
export const signedOut = { react: (): void => {} };

const answerTimeoutMs = 20_000;

declare global {
  interface Window {
    /** Answers on their way since before there was any code of the page; each is taken once. */
    readonly vigieEarly?: Map<string, Promise<Response>>;
  }
}

/** So old, an answer that nobody took is no longer of now. */
const earlyMs = 10_000;
/** Early answers that are read already, by path. */
const atHand = new Map<string, unknown>();

function takeEarly(path: string): Promise<Response> | undefined {
  const early = window.vigieEarly?.get(path);
  window.vigieEarly?.delete(path);
  return performance.now() < earlyMs ? early : undefined;
}

/** Reads what was asked for early, so that whoever asks in the first frame has it there; what fails is left to them. */
export async function readEarly(): Promise<void> {
  const read = async ([path, early]: [string, Promise<Response>]): Promise<void> => {
    try {
      const answer = await early;
      if (!answer.ok || window.vigieEarly?.delete(path) !== true) return;
      atHand.set(path, await answer.json());
      lastAnswerMs.value = serverNowMs();
    } catch {
      // As if it had never been asked for.
    }
  };
  await Promise.all([...(window.vigieEarly ?? [])].map(read));
}

function takeAtHand<Answer>(path: string): Answer | null {
  const answer = atHand.get(path) ?? null;
  atHand.delete(path);
  return performance.now() < earlyMs ? (answer as Answer | null) : null;
}

/** The answer, or a rejection as soon as `signal` aborts. */
function untilAborted(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return Promise.race([
    answer,
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  ]);
}

function codeOfStatus(status: number): FailureCode {
  if (status === 401) return 'signed-out';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not-found';
  if (status === 429) return 'too-many-attempts';
  if (status === 400 || status === 422) return 'invalid';
  return 'unavailable';
}

async function failureOf(answer: Response): Promise<ApiFailure> {
  try {
    const { error } = (await answer.json()) as ErrorAnswer;
    return new ApiFailure(error.code, error.message, error.retryAfterMs ?? null);
  } catch {
    return new ApiFailure(codeOfStatus(answer.status), `HTTP ${answer.status}`);
  }
}

async function request(path: string, init: RequestInit, caller?: AbortSignal): Promise<Response> {
  const deadline = AbortSignal.timeout(answerTimeoutMs);
  const signal = caller === undefined ? deadline : AbortSignal.any([caller, deadline]);
  inFlight.value += 1;
  try {
    let answer: Response;
    try {
      const early = init.method === undefined ? takeEarly(path) : undefined;
      answer = await (early === undefined
        ? fetch(path, { ...init, signal, credentials: 'same-origin' })
        : untilAborted(early, signal));
    } catch (cause) {
      if (caller?.aborted) throw cause;
      throw new ApiFailure('unreachable', 'The server cannot be reached.');
    }
    if (!answer.ok) {
      const failure = await failureOf(answer);
      if (failure.code === 'signed-out') {
        // What else was asked for before has the same answer, and whoever signs in now must not get it.
        window.vigieEarly?.clear();
        atHand.clear();
        signedOut.react();
      }
      throw failure;
    }
    lastAnswerMs.value = serverNowMs();
    return answer;
  } finally {
    inFlight.value -= 1;
  }
}

export async function get<Answer>(path: string, caller?: AbortSignal): Promise<Answer> {
  const early = takeAtHand<Answer>(path);
  if (early !== null) return early;
  const answer = await request(path, { headers: { accept: 'application/json' } }, caller);
  return (await answer.json()) as Answer;
}

export async function send<Answer>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body: object = {},
): Promise<Answer | null> {
  const answer = await request(path, {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.status === 204) return null;
  return (await answer.json()) as Answer;
}

/** What went wrong, as a code the dictionary has a sentence for; `null` for a request we gave up ourselves. */
export function failureCode(cause: unknown): FailureCode | null {
  if (cause instanceof ApiFailure) return cause.code;
  if (cause instanceof DOMException && cause.name === 'AbortError') return null;
  return 'unavailable';
}
