// The one shape of every refusal.

export interface ErrorAnswer {
  readonly error: {
    readonly code:
      | 'signed-out'
      | 'wrong-credentials'
      | 'wrong-code'
      | 'too-many-attempts'
      | 'forbidden'
      | 'not-found'
      | 'invalid'
      | 'insecure'
      | 'unavailable';
    readonly message: string;
    /** For too-many-attempts. */
    readonly retryAfterMs?: number;
  };
}
