// The one shape of every refusal.

export interface ErrorAnswer {
  readonly error: {
    readonly code:
      | 'signed-out'
      | 'wrong-credentials'
      | 'wrong-code'
      /** The password is right; a code of the second factor is to come with it. */
      | 'second-factor'
      | 'wrong-second-factor'
      /** A link that was used, replaced, or is too old. */
      | 'link-void'
      | 'too-many-attempts'
      | 'forbidden'
      | 'not-found'
      | 'invalid'
      /** Somebody else changed it meanwhile; nothing was overwritten. */
      | 'changed'
      /** Another one has this name, address or id already. */
      | 'taken'
      | 'insecure'
      | 'unavailable';
    readonly message: string;
    /** For too-many-attempts. */
    readonly retryAfterMs?: number;
  };
}
