/** What the broker says to a client's message; `user` is set when the login is done. */
export interface SaslStep {
  readonly reply: Buffer;
  readonly user: string | null;
}

/** A login in progress. */
export interface SaslExchange {
  /** @throws LoginRefused */
  step(message: Buffer): SaslStep;
}

export class LoginRefused extends Error {
  override readonly name = "LoginRefused";
}
