/**
 * Starts a streaming query: `df.writeStream`.
 *
 * @example
 * const query = await counts.writeStream
 *   .format("kafka").option("kafka.bootstrap.servers", "127.0.0.1:9092").option("topic", "counts")
 *   .option("checkpointLocation", "/data/checkpoints/counts")
 *   .outputMode("update")
 *   .start();
 */
import { create } from "@bufbuild/protobuf";
import { PlanSchema } from "../plan/messages.ts";
import type { DataFrame } from "./dataframe.ts";
import type { ForeachFunctions } from "./engine.ts";
import { type ForeachBatchFunction, type ForeachWriter, foreachBatchFunctions, foreachFunctions } from "./foreach.ts";
import { refuseObservations } from "./observation.ts";
import { type OptionMap, type OptionValue, withOptions } from "./options.ts";
import type { Row } from "./row.ts";
import type { StreamingQuery } from "./streaming-query.ts";
import { type Trigger, triggerInit } from "./trigger.ts";

export class DataStreamWriter {
  readonly #df: DataFrame;
  #format = "";
  #options: OptionMap = {};
  #outputMode = "";
  #queryName = "";
  #partitionBy: string[] = [];
  #trigger: ReturnType<typeof triggerInit> | undefined;
  #foreach: ForeachFunctions | undefined;

  constructor(df: DataFrame) {
    this.#df = df;
  }

  /** kafka, console, memory, parquet, json, sqlite, postgres, … */
  format(format: string): this {
    this.#format = format;
    return this;
  }

  option(name: string, value: OptionValue): this {
    this.#options = withOptions(this.#options, { [name]: value });
    return this;
  }

  options(options: Readonly<Record<string, OptionValue | undefined>>): this {
    this.#options = withOptions(this.#options, options);
    return this;
  }

  /** `append` (the default): rows that will not change; `update`: rows that changed; `complete`: all rows, every batch. */
  outputMode(mode: "append" | "update" | "complete"): this {
    this.#outputMode = mode;
    return this;
  }

  /** `trigger({ processingTime: "10 seconds" })` or `trigger(Trigger.ProcessingTime("10 seconds"))`. */
  trigger(trigger: Trigger): this {
    this.#trigger = triggerInit(trigger);
    return this;
  }

  /** Shown in progress, and the table's name for `format("memory")`. */
  queryName(name: string): this {
    this.#queryName = name;
    return this;
  }

  partitionBy(...columns: readonly (string | readonly string[])[]): this {
    this.#partitionBy = columns.flat() as string[];
    return this;
  }

  /** Calls `f` with each batch's rows. After a crash a batch may come again, with the same number. Embedded engine only. */
  foreachBatch(f: ForeachBatchFunction): this {
    this.#foreach = foreachBatchFunctions(this.#df.sparkSession, f);
    return this;
  }

  /** Calls a function with each row, or an object's `open`, `process` and `close`. Embedded engine only. */
  foreach(f: ((row: Row) => void | Promise<void>) | ForeachWriter): this {
    this.#foreach = foreachFunctions(f);
    return this;
  }

  /** Starts the query; resolves once it runs, rejects when the plan or the options are wrong. */
  async start(path?: string): Promise<StreamingQuery> {
    return this.#start(path === undefined ? undefined : { case: "path", value: path });
  }

  /** Writes to a table by name. */
  async toTable(name: string): Promise<StreamingQuery> {
    return this.#start({ case: "tableName", value: name });
  }

  async #start(sinkDestination: { case: "path" | "tableName"; value: string } | undefined): Promise<StreamingQuery> {
    refuseObservations(this.#df.relation);
    const value = {
      input: this.#df.relation,
      format: this.#format,
      options: this.#options,
      partitioningColumnNames: this.#partitionBy,
      outputMode: this.#outputMode,
      queryName: this.#queryName,
      ...(this.#trigger && { trigger: this.#trigger }),
      ...(sinkDestination && { sinkDestination }),
    };
    const command = { commandType: { case: "writeStreamOperationStart", value } } as const;
    const plan = create(PlanSchema, { opType: { case: "command", value: command } });
    const engine = await this.#df.sparkSession.engine();
    return this.#df.sparkSession.streams.started(await engine.startStream(plan, this.#foreach));
  }
}
