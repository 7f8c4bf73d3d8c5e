/** What the server holds for one session of a client. */
import { randomUUID } from "node:crypto";
import type { EmbeddedEngine } from "../embedded/engine.ts";
import { SluiceError } from "../errors/error.ts";
import type { Relation } from "../plan/messages.ts";
import { ArtifactCache } from "./artifacts.ts";
import { ErrorLog } from "./errors.ts";
import { Operation, type OperationSetup } from "./operation.ts";
import { withArtifacts } from "./plans.ts";
import { StorageLevels } from "./storage-levels.ts";
import { SessionStreams } from "./streams.ts";

/** Operations at a time. */
const RUNNING_MAX = 1000;
/** Operations that ended, or that nobody reads, and that their client hasn't released. */
const UNRELEASED_MAX = 200;

export interface SessionIdentity {
  readonly userId: string;
  readonly sessionId: string;
}

export class ConnectSession {
  readonly identity: SessionIdentity;
  /** Tells the client whether it still talks to the session that it began with. */
  readonly serverSideSessionId = randomUUID();
  readonly engine: EmbeddedEngine;
  readonly artifacts = new ArtifactCache();
  readonly errors = new ErrorLog();
  readonly storageLevels = new StorageLevels();
  readonly streams: SessionStreams;
  /** With which a process on this machine becomes a client of this session's user. */
  readonly localUrl: string;
  private readonly operations = new Map<string, Operation>();

  constructor(identity: SessionIdentity, engine: EmbeddedEngine, serverUrl: string) {
    this.identity = identity;
    this.localUrl = `${serverUrl}/;user_id=${encodeURIComponent(identity.userId)}`;
    this.engine = engine;
    this.streams = new SessionStreams(engine);
  }

  /** The relation as the engine takes it. */
  prepare(relation: Relation): Relation {
    return withArtifacts(relation, this.artifacts);
  }

  /** @throws INVALID_HANDLE.OPERATION_ALREADY_EXISTS, CONNECT_OPERATIONS_EXCEEDED */
  start(setup: Omit<OperationSetup, "sessionId" | "serverSideSessionId" | "monotonic">): Operation {
    if (this.operations.has(setup.id)) {
      throw new SluiceError("INVALID_HANDLE.OPERATION_ALREADY_EXISTS", { handle: setup.id });
    }
    this.makeRoom();
    const { serverSideSessionId } = this;
    const operation = new Operation({
      ...setup,
      sessionId: this.identity.sessionId,
      serverSideSessionId,
      monotonic: () => this.engine.clock.monotonic(),
    });
    this.operations.set(setup.id, operation);
    return operation;
  }

  /** @throws INVALID_HANDLE.OPERATION_NOT_FOUND */
  operation(id: string): Operation {
    const found = this.operations.get(id);
    if (found === undefined) throw new SluiceError("INVALID_HANDLE.OPERATION_NOT_FOUND", { handle: id });
    return found;
  }

  /** All of them, oldest first. */
  allOperations(): Operation[] {
    return [...this.operations.values()];
  }

  /** Forgets the operation, and ends it should it still run. Does nothing for an id that isn't known. */
  forget(id: string): void {
    const operation = this.operations.get(id);
    if (operation === undefined) return;
    this.operations.delete(id);
    if (operation.isRunning) operation.interrupt();
  }

  /** Ends the operations that `chosen` picks; answers with their ids. */
  interrupt(chosen: (operation: Operation) => boolean): string[] {
    const running = this.allOperations().filter((operation) => operation.isRunning && chosen(operation));
    for (const operation of running) operation.interrupt();
    return running.map(({ id }) => id);
  }

  /** Ends and forgets the operations that nobody has read since `before`. */
  forgetAbandoned(before: number): void {
    for (const operation of this.allOperations()) if (operation.isAbandoned(before)) this.forget(operation.id);
  }

  get isIdle(): boolean {
    return !this.streams.hasActive && this.allOperations().every((operation) => !operation.isRunning);
  }

  async stop(): Promise<void> {
    this.interrupt(() => true);
    await this.streams.stop();
    await this.engine.stop();
  }

  private makeRoom(): void {
    const idle = this.allOperations().filter((operation) => !operation.isRunning && !operation.isRead);
    for (const { id } of idle.slice(0, Math.max(0, idle.length - UNRELEASED_MAX))) this.operations.delete(id);
    if (this.operations.size - idle.length >= RUNNING_MAX) {
      throw new SluiceError("CONNECT_LIMIT_EXCEEDED", { what: "operations of a session", limit: RUNNING_MAX });
    }
  }
}
