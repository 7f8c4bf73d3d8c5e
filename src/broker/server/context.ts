import type { Broker } from "../broker.ts";

/** What a handler may know about the connection that a request came on. */
export interface ConnectionInfo {
  readonly id: number;
  readonly clientHost: string;
  /** Aborted when the connection is gone; long polls end then. */
  readonly signal: AbortSignal;
  /** The user that has logged in; null before, and where no login is asked for. */
  principal: string | null;
  sasl: SaslExchange | null;
}

/** A login in progress. */
export interface SaslExchange {
  readonly mechanism: string;
  /** Takes what the client said and returns what to say. `done` ends the exchange well. */
  step(message: Buffer): { reply: Buffer; done: boolean; user: string | null };
}

export interface RequestContext {
  readonly broker: Broker;
  readonly connection: ConnectionInfo;
  readonly version: number;
  readonly clientId: string;
}
