import { timingSafeEqual } from "node:crypto";
import { LoginRefused, type SaslExchange, type SaslStep } from "./exchange.ts";
import { ScramExchange, type ScramMechanism } from "./scram.ts";

export type SaslMechanism = "PLAIN" | ScramMechanism;

/** Who may log in, and how. */
export interface SaslOptions {
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>;
  /** PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 unless given. */
  readonly mechanisms?: readonly SaslMechanism[];
}

const ALL: readonly SaslMechanism[] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/** The users of a broker. */
export class Logins {
  readonly mechanisms: readonly SaslMechanism[];
  readonly #passwords: ReadonlyMap<string, string>;

  constructor(options: SaslOptions) {
    this.mechanisms = options.mechanisms ?? ALL;
    this.#passwords = new Map(Object.entries(options.users));
  }

  /** Begins a login; null when the mechanism is not offered. */
  begin(mechanism: string): SaslExchange | null {
    if (!this.mechanisms.includes(mechanism as SaslMechanism)) return null;
    if (mechanism === "PLAIN") return { step: (message) => this.#plain(message) };
    return new ScramExchange(mechanism as ScramMechanism, (user) => this.#passwords.get(user));
  }

  /** RFC 4616: authorization id, user and password, separated by NUL. */
  #plain(message: Buffer): SaslStep {
    const parts = message.toString("utf8").split("\0");
    if (parts.length !== 3) throw new LoginRefused("Invalid SASL/PLAIN response: expected 3 tokens.");
    const [authorizationId, user, password] = parts;
    const expected = this.#passwords.get(user);
    const matches = expected !== undefined && equal(Buffer.from(expected), Buffer.from(password));
    if (!matches || (authorizationId !== "" && authorizationId !== user)) {
      throw new LoginRefused("Authentication failed: Invalid username or password");
    }
    return { reply: Buffer.alloc(0), user };
  }
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
