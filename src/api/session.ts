/**
 * The entry to everything: reads, SQL text, streams, settings. Which engine runs the plans is decided when it is built.
 *
 * @example
 * const spark = SparkSession.builder.appName("rollup").getOrCreate();
 * await spark.range(5).show();
 * await spark.stop();
 */
import { create } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import { type Expression, PlanSchema } from "../plan/messages.ts";
import type { StructType } from "../types/types.ts";
import { Catalog } from "./catalog.ts";
import { type ColumnOrValue, valueExpression } from "./column.ts";
import { RuntimeConfig } from "./conf.ts";
import { localRelation } from "./create.ts";
import { DataFrame } from "./dataframe.ts";
import type { Engine, EngineFactory } from "./engine.ts";
import { DataFrameReader } from "./reader.ts";
import { relation } from "./relation.ts";
import { StreamingQueryManager } from "./streams.ts";

export type SqlArguments = Readonly<Record<string, ColumnOrValue>> | readonly ColumnOrValue[];

let engineFactory: EngineFactory | undefined;
let activeSession: SparkSession | undefined;

/** Says how sessions get their engine. Called once, by `sluice` itself. */
export function useEngines(factory: EngineFactory): void {
  engineFactory = factory;
}

export class SparkSession {
  readonly streams = new StreamingQueryManager(this);
  readonly catalog = new Catalog(this);
  readonly conf = new RuntimeConfig(this);
  readonly #factory: () => Promise<Engine>;
  #engine: Promise<Engine> | undefined;
  /** Settings and views asked for so far; what is asked later waits for them. */
  #pending: Promise<unknown> = Promise.resolve();
  #configured: Promise<void> = Promise.resolve();
  #stopped = false;

  /** The engine is made when it is first needed. */
  constructor(factory: () => Promise<Engine>) {
    this.#factory = factory;
  }

  static get builder(): SparkSessionBuilder {
    return new SparkSessionBuilder();
  }

  /** The session of the last `getOrCreate`, if it still runs. */
  static active(): SparkSession | undefined {
    return activeSession;
  }

  /** The engine, once everything asked for before is done. Throws SESSION_STOPPED. */
  async engine(): Promise<Engine> {
    if (this.#stopped) throw new SluiceError("SESSION_STOPPED");
    const [asked, configured] = [this.#pending, this.#configured];
    this.#engine ??= this.#factory();
    const engine = await this.#engine;
    await asked;
    await configured;
    return engine;
  }

  /** Runs `task` after those before it, and before whatever is asked later. */
  inOrder<T>(task: (engine: Engine) => Promise<T>): Promise<T> {
    const result = this.engine().then(task);
    this.#pending = Promise.allSettled([this.#pending, result]);
    return result;
  }

  /** Settings of a builder that found this session. A wrong one is the error of what is asked next. */
  configure(config: ReadonlyMap<string, string>): void {
    this.#configured = this.inOrder(async (engine) => {
      for (const [key, value] of config) await engine.config.set(key, value);
    });
    this.#configured.catch(() => undefined); // told by `engine`
  }

  /** The Spark version whose behaviour is followed, e.g. "4.2.0". */
  async version(): Promise<string> {
    return (await this.engine()).sparkVersion;
  }

  get read(): DataFrameReader {
    return new DataFrameReader(this, false);
  }

  get readStream(): DataFrameReader {
    return new DataFrameReader(this, true);
  }

  /** Whole numbers in a column `id`: `range(5)` is 0 to 4, `range(2, 10, 2)` is 2, 4, 6, 8. */
  range(start: number | bigint, end?: number | bigint, step: number | bigint = 1, numPartitions?: number): DataFrame {
    const [from, to] = end === undefined ? [0, start] : [start, end];
    const value = { start: BigInt(from), end: BigInt(to), step: BigInt(step) };
    const partitions = numPartitions === undefined ? {} : { numPartitions };
    return new DataFrame(this, relation("range", { case: "range", value: { ...value, ...partitions } }));
  }

  /**
   * Rows given here: objects, arrays or Rows; `schema` is DDL, a type, or the columns' names, and is inferred when absent.
   *
   * @example
   * spark.createDataFrame([{ device: "d1", celsius: 21.5 }])
   * spark.createDataFrame([["d1", 21.5], ["d2", null]], "device STRING, celsius DOUBLE")
   */
  createDataFrame(rows: Iterable<unknown>, schema?: string | StructType | readonly string[]): DataFrame {
    const value = localRelation([...rows], schema);
    return new DataFrame(this, relation("createDataFrame", { case: "localRelation", value }));
  }

  /**
   * SQL text: a query gives its DataFrame, a command is run at once. `args` fill `:name` or `?` in the text.
   *
   * @example const hot = await spark.sql("SELECT * FROM readings WHERE celsius > :limit", { limit: 40 });
   */
  async sql(query: string, args: SqlArguments = {}): Promise<DataFrame> {
    const input = relation("sql", { case: "sql", value: { query, ...sqlArguments(args) } });
    const command = { commandType: { case: "sqlCommand", value: { input } } } as const;
    const result = await (await this.engine()).command(
      create(PlanSchema, { opType: { case: "command", value: command } }),
    );
    return new DataFrame(this, result ?? input);
  }

  /** A table or view by name. */
  table(name: string): DataFrame {
    return this.read.table(name);
  }

  /** Stops the session's queries and lets its engine go. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    const engine = this.#engine;
    this.#stopped = true;
    if (activeSession === this) activeSession = undefined;
    await (await engine?.catch(() => undefined))?.stop(); // an engine that never came has nothing to stop
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export class SparkSessionBuilder {
  readonly #config = new Map<string, string>();
  #remote: string | undefined;

  appName(name: string): this {
    return this.config("spark.app.name", name);
  }

  /** `local[*]` and the like; the embedded engine takes it and runs in this process all the same. */
  master(master: string): this {
    return this.config("spark.master", master);
  }

  config(key: string, value: string | number | boolean): this {
    this.#config.set(key, String(value));
    return this;
  }

  /** Runs on a cluster: `sc://host:15002`, with parameters as in `sc://host:443/;use_ssl=true;token=…`. */
  remote(url: string): this {
    this.#remote = url;
    return this;
  }

  /** The active session with these settings, or a new one. */
  getOrCreate(): SparkSession {
    if (activeSession === undefined || activeSession.isStopped) activeSession = this.create();
    else activeSession.configure(this.#config);
    return activeSession;
  }

  /** A new session. */
  create(): SparkSession {
    const factory = engineFactory;
    if (factory === undefined) throw new SluiceError("INTERNAL_ERROR", { message: "no engine; import from sluice" });
    const options = { remote: this.#remote ?? (process.env["SPARK_REMOTE"] || undefined), config: this.#config };
    return new SparkSession(() => factory(options));
  }
}

function sqlArguments(args: SqlArguments): {
  namedArguments?: Record<string, Expression>;
  posArguments?: Expression[];
} {
  if (Array.isArray(args)) return { posArguments: args.map((arg: ColumnOrValue) => valueExpression(arg)) };
  const named = Object.entries(args).map(([name, arg]) => [name, valueExpression(arg)] as const);
  return { namedArguments: Object.fromEntries(named) };
}
