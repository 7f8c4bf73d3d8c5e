import type { Broker } from "../broker.ts";
import type { SaslExchange } from "../security/exchange.ts";

/** What a handler may know about the connection that a request came on. */
export interface ConnectionInfo {
  readonly id: number;
  readonly clientHost: string;
  /** The broker's address as this client reached it. */
  readonly brokerHost: string;
  /** Aborted when the connection is gone; long polls end then. */
  readonly signal: AbortSignal;
  /** The user that has logged in; null before, and where no login is asked for. */
  readonly principal: string | null;
  /** A login in progress. Messages of a `bare` one come without a request around them. */
  login: { readonly exchange: SaslExchange; readonly bare: boolean } | null;
  loggedIn(user: string): void;
  /** Closes the connection once the response that is being made is sent. */
  closeAfterResponse(): void;
}

export interface RequestContext {
  readonly broker: Broker;
  readonly connection: ConnectionInfo;
  readonly version: number;
  readonly clientId: string;
}
