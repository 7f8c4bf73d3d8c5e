/** The engine in this process. */
import { sqlArguments } from "../analyze/relation.ts";
import type { Engine, EngineConfig, ExplainMode, ForeachFunctions, Observer, ResultBatch } from "../api/engine.ts";
import type { Clock, Logger } from "../connectors/contract.ts";
import type { MemoryTable } from "../connectors/memory/table.ts";
import { SluiceError } from "../errors/error.ts";
import type { Command, Plan, Relation } from "../plan/messages.ts";
import { parseStatement } from "../sql/index.ts";
import type { StructType } from "../types/types.ts";
import type { CheckpointFileSystem } from "./checkpoint/file-system.ts";
import { systemClock } from "./clock.ts";
import { runWrite } from "./session/batch-write.ts";
import type { BindScript } from "./session/scripts.ts";
import { Session } from "./session/session.ts";
import { runStatement } from "./session/statements.ts";
import type { StreamingQuery } from "./stream/query.ts";
import { startQuery } from "./stream/start.ts";

export interface EmbeddedEngineOptions {
  /** Settings, by Spark's keys. */
  readonly config?: Iterable<readonly [string, string]>;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: warnings and errors to stderr. */
  readonly log?: Logger;
  /** Finds the user's TypeScript functions. Without it, plans that call one are refused. */
  readonly bindScript?: BindScript;
  /** Where checkpoints live. Default: the disk. */
  readonly fileSystem?: CheckpointFileSystem;
}

/**
 * An engine with a session of its own.
 *
 * @throws UNKNOWN_CONF, INVALID_CONF_VALUE
 * @example
 * const engine = createEmbeddedEngine({ config: new Map([["spark.sql.session.timeZone", "UTC"]]) });
 */
export function createEmbeddedEngine(options: EmbeddedEngineOptions = {}): EmbeddedEngine {
  return new EmbeddedEngine(options);
}

export class EmbeddedEngine implements Engine {
  readonly kind = "embedded";
  readonly sparkVersion = "4.2.0";
  private readonly session: Session;
  private readonly fileSystem: CheckpointFileSystem | undefined;
  private readonly active = new Map<string, StreamingQuery>();
  private readonly starting = new Set<string>();
  private readonly startListeners = new Set<(query: StreamingQuery) => void>();

  constructor(options: EmbeddedEngineOptions) {
    this.session = new Session({
      config: options.config ?? [],
      clock: options.clock ?? systemClock,
      log: options.log ?? standardError,
      bindScript: options.bindScript,
    });
    this.fileSystem = options.fileSystem;
  }

  get clock(): Clock {
    return this.session.clock;
  }

  get config(): EngineConfig {
    return this.session.config;
  }

  schema(relation: Relation): Promise<StructType> {
    return this.session.schema(relation);
  }

  isStreaming(relation: Relation): Promise<boolean> {
    return this.session.isStreaming(relation);
  }

  explain(relation: Relation, mode: ExplainMode): Promise<string> {
    return this.session.explain(relation, mode);
  }

  execute(relation: Relation, observer?: Observer): AsyncIterable<ResultBatch> {
    return this.session.execute(relation, observer);
  }

  async command(plan: Plan, observer?: Observer): Promise<Relation | undefined> {
    const { commandType } = commandOf(plan);
    switch (commandType.case) {
      case "createDataframeView": {
        const { input, name, isGlobal, replace } = commandType.value;
        if (input === undefined) throw new SluiceError("INTERNAL_ERROR", { message: "a view without a relation" });
        await this.session.schema(input); // its errors belong here, not where the view is read
        this.session.catalog.createView(name, input, { replace, global: isGlobal });
        return undefined;
      }
      case "sqlCommand":
        return this.runSql(commandType.value.input);
      case "writeOperation":
        await runWrite(this.session, commandType.value, observer);
        return undefined;
      default:
        throw new SluiceError("UNSUPPORTED_FEATURE", {
          feature: `The command ${commandType.case ?? "?"}`,
          where: " by the embedded engine",
          hint: "Run it on a Spark cluster.",
        });
    }
  }

  async startStream(plan: Plan, foreach?: ForeachFunctions): Promise<StreamingQuery> {
    const { commandType } = commandOf(plan);
    if (commandType.case !== "writeStreamOperationStart") {
      throw new SluiceError("INTERNAL_ERROR", { message: `startStream of the command ${commandType.case}` });
    }
    const write = commandType.value;
    const names = () => [...this.active.values()].map((q) => q.name);
    const isNameTaken = (name: string) => this.starting.has(name) || names().includes(name);
    const context = { session: this.session, write, foreach, fileSystem: this.fileSystem, isNameTaken };
    const starting = startQuery({ ...context, release: (query) => this.active.delete(query.runId) });
    this.starting.add(write.queryName);
    try {
      const query = await starting;
      this.active.set(query.runId, query);
      for (const listener of this.startListeners) listener(query);
      return query;
    } finally {
      this.starting.delete(write.queryName);
    }
  }

  /** The queries that run. */
  async queries(): Promise<StreamingQuery[]> {
    return [...this.active.values()];
  }

  /** Calls `listener` with each query that starts, before its first batch; returns the function that ends it. */
  onQueryStarted(listener: (query: StreamingQuery) => void): () => void {
    this.startListeners.add(listener);
    return () => this.startListeners.delete(listener);
  }

  /** The rows of a memory sink by the query's name: readable, and with `subscribe` for each batch as it is committed. */
  memoryTable(name: string): MemoryTable | undefined {
    return this.session.catalog.table(name);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.active.values()].map((query) => query.stop()));
    this.session.stop();
  }

  private async runSql(input: Relation | undefined): Promise<Relation> {
    const sql = input?.relType.case === "sql" ? input.relType.value : undefined;
    // Anything but text (e.g. text with the relations that it refers to) can only be a query.
    if (input === undefined || sql === undefined) return input as Relation;
    const { named, positional } = sqlArguments(sql);
    const args = positional.length > 0 ? positional : Object.fromEntries(named);
    const statement = parseStatement(sql.query, { args });
    return statement.kind === "query" ? input : runStatement(this.session, statement);
  }
}

function commandOf(plan: Plan): Command {
  if (plan.opType.case !== "command") throw new SluiceError("INTERNAL_ERROR", { message: "the plan holds no command" });
  return plan.opType.value;
}

const standardError: Logger = {
  info() {},
  warn: (message) => console.warn(message),
  error: (message) => console.error(message),
};
