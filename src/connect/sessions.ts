/** The sessions of all clients, by user and session id. */
import type { EmbeddedEngine } from "../embedded/engine.ts";
import { SluiceError } from "../errors/error.ts";
import { ConnectSession, type SessionIdentity } from "./session.ts";

/** Milliseconds after which a session that nobody uses is ended. */
const IDLE_MS = 60 * 60 * 1000;
/** Milliseconds after which an operation whose answer nobody reads is ended. */
const ABANDONED_MS = 5 * 60 * 1000;
const SESSIONS_MAX = 1000;
/** Sessions that ended and that mustn't come back to life. */
const CLOSED_MAX = 10_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Entry {
  readonly session: ConnectSession;
  usedAt: number;
}

/** What every request says about who is asking. */
export interface SessionRequest {
  readonly sessionId: string;
  readonly userContext?: { readonly userId: string } | undefined;
  readonly clientObservedServerSideSessionId?: string | undefined;
}

export interface SessionsSetup {
  createEngine(): EmbeddedEngine;
  /** `sc://host:port` for clients on this machine. */
  localUrl(): string;
  /** Milliseconds that never go back. */
  monotonic(): number;
}

export class Sessions {
  private readonly setup: SessionsSetup;
  private readonly entries = new Map<string, Entry>();
  private readonly closed = new Set<string>();

  constructor(setup: SessionsSetup) {
    this.setup = setup;
  }

  /**
   * The session of a request; its first request begins it.
   *
   * @throws INVALID_HANDLE.FORMAT, INVALID_HANDLE.SESSION_CHANGED, INVALID_HANDLE.SESSION_CLOSED
   */
  of(request: SessionRequest): ConnectSession {
    const identity = { userId: request.userContext?.userId ?? "", sessionId: request.sessionId };
    const key = keyOf(identity);
    const handle = request.sessionId;
    if (!UUID.test(handle)) throw new SluiceError("INVALID_HANDLE.FORMAT", { handle });
    if (this.closed.has(key)) throw new SluiceError("INVALID_HANDLE.SESSION_CLOSED", { handle });
    const observed = request.clientObservedServerSideSessionId;
    const known = this.entries.get(key);
    const changed = observed !== undefined && observed !== "" && observed !== known?.session.serverSideSessionId;
    if (changed) throw new SluiceError("INVALID_HANDLE.SESSION_CHANGED", { handle });
    const entry = known ?? this.begin(key, identity);
    entry.usedAt = this.setup.monotonic();
    return entry.session;
  }

  /** Ends the session; resolves to its server-side id, or undefined when there is none. */
  async release(request: SessionRequest, allowReconnect: boolean): Promise<string | undefined> {
    const key = keyOf({ userId: request.userContext?.userId ?? "", sessionId: request.sessionId });
    const entry = this.entries.get(key);
    if (!allowReconnect) {
      this.closed.add(key);
      const [oldest] = this.closed;
      if (this.closed.size > CLOSED_MAX) this.closed.delete(oldest);
    }
    this.entries.delete(key);
    await entry?.session.stop();
    return entry?.session.serverSideSessionId;
  }

  /** Ends those that nobody has used for an hour and in which nothing runs; and what a client that went away left running. */
  async releaseIdle(): Promise<void> {
    const now = this.setup.monotonic();
    for (const { session } of this.entries.values()) session.forgetAbandoned(now - ABANDONED_MS);
    const before = now - IDLE_MS;
    const idle = [...this.entries].filter(([, { session, usedAt }]) => usedAt < before && session.isIdle);
    for (const [key] of idle) this.entries.delete(key);
    await Promise.all(idle.map(([, { session }]) => session.stop()));
  }

  async stop(): Promise<void> {
    const all = [...this.entries.values()];
    this.entries.clear();
    await Promise.all(all.map(({ session }) => session.stop()));
  }

  private begin(key: string, identity: SessionIdentity): Entry {
    if (this.entries.size >= SESSIONS_MAX) {
      throw new SluiceError("CONNECT_LIMIT_EXCEEDED", { what: "sessions", limit: SESSIONS_MAX });
    }
    const entry = {
      session: new ConnectSession(identity, this.setup.createEngine(), this.setup.localUrl()),
      usedAt: 0,
    };
    this.entries.set(key, entry);
    return entry;
  }
}

function keyOf({ userId, sessionId }: SessionIdentity): string {
  return JSON.stringify([userId, sessionId.toLowerCase()]);
}
