/**
 * Scripted tests of streaming queries, as in Spark's own test kit: the steps run one after the other, and a step that
 * fails prints the script with an arrow.
 *
 * @example
 * const spark = testSession();
 * const input = new MemoryStream("value INT");
 * await testStream(input.toDF(spark).filter("value > 1"), "append")(
 *   AddData(input, 1, 2),
 *   CheckAnswer(2),
 *   StopStream,
 *   AddData(input, 3),
 *   StartStream(),
 *   CheckNewAnswer(3),
 * );
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataFrame } from "../api/dataframe.ts";
import type { StreamingQuery } from "../api/streaming-query.ts";
import { canonicalText } from "../columns/canonical.ts";
import { rowsOf } from "../columns/rows.ts";
import { textOf } from "../columns/text.ts";
import type { Batch } from "../columns/vector.ts";
import type { OutputMode } from "../connectors/contract.ts";
import type { MemoryTable } from "../connectors/memory/table.ts";
import type { EmbeddedEngine } from "../embedded/engine.ts";
import { SluiceError } from "../errors/error.ts";
import type { StructType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import { type CheckScope, describeAction, type StartOptions, type StreamAction } from "./actions.ts";
import { ManualClock } from "./manual-clock.ts";
import { rowOf } from "./memory-stream.ts";
import { engineOf } from "./session.ts";

let scripts = 0;

/** Returns the function that runs the script. The query's rows go to a memory sink, its checkpoint to a temporary folder. */
export function testStream(
  df: DataFrame,
  outputMode: OutputMode = "append",
): (...actions: readonly StreamAction[]) => Promise<void> {
  return async (...actions) => {
    const checkpoint = await mkdtemp(join(tmpdir(), "sluice-test-"));
    const run = new ScriptRun(df, outputMode, checkpoint);
    const first = actions[0]?.kind === "start" ? [] : ([{ kind: "start", options: {} }] as const);
    const script = [...first, ...actions];
    try {
      for (const [i, action] of script.entries()) {
        try {
          await run.step(action);
        } catch (error) {
          throw new Error(`${(error as Error).message}\n\n${scriptText(script, i)}`, { cause: error });
        }
      }
    } finally {
      await run.close();
      await rm(checkpoint, { recursive: true, force: true });
    }
  };
}

function scriptText(script: readonly StreamAction[], failed: number): string {
  return `== Script ==\n${script.map((a, i) => `${i === failed ? "=>" : "  "} ${describeAction(a)}`).join("\n")}`;
}

class ScriptRun {
  private readonly df: DataFrame;
  private readonly outputMode: OutputMode;
  private readonly checkpoint: string;
  private readonly engine: EmbeddedEngine;
  private readonly name = `test_stream_${++scripts}`;
  private query: StreamingQuery | undefined;
  private trigger: StartOptions["trigger"];
  /** The last batch that a check has seen. */
  private checkedBatch = -1;

  constructor(df: DataFrame, outputMode: OutputMode, checkpoint: string) {
    this.df = df;
    this.outputMode = outputMode;
    this.checkpoint = checkpoint;
    this.engine = engineOf(df.sparkSession);
  }

  async step(action: StreamAction): Promise<void> {
    switch (action.kind) {
      case "addData":
        return action.input.addData(...action.rows);
      case "mark":
        return action.input[action.marker]();
      case "check":
        return this.check(action.scope, action.rows);
      case "advance":
        return this.advance(action.ms);
      case "start":
        return this.start(action.options);
      case "stop":
        return this.running().stop();
      case "expectFailure":
        return this.expectFailure(action.condition);
      case "assert":
        await this.settle();
        if ((await action.test(this.running())) === false) throw new Error(`not so: ${action.what}`);
    }
  }

  async close(): Promise<void> {
    await this.query?.stop();
  }

  private running(): StreamingQuery {
    if (this.query === undefined) throw new Error("the query has not been started");
    return this.query;
  }

  private get clock(): ManualClock | undefined {
    const { clock } = this.engine;
    return clock instanceof ManualClock ? clock : undefined;
  }

  private async start({ trigger, options }: StartOptions): Promise<void> {
    let writer = this.df.writeStream
      .format("memory")
      .queryName(this.name)
      .outputMode(this.outputMode)
      .option("checkpointLocation", this.checkpoint)
      .options(options ?? {});
    if (trigger !== undefined) writer = writer.trigger(trigger);
    this.trigger = trigger;
    this.query = await writer.start();
  }

  private async advance(ms: number): Promise<void> {
    if (this.clock === undefined)
      throw new Error("the session has no ManualClock: testSession({ clock: new ManualClock() })");
    await this.settle();
    this.clock.advance(ms);
  }

  /** Waits until the query has done all that it can do by itself. */
  private async settle(): Promise<void> {
    const query = this.running();
    if (!(await query.isActive())) {
      const error = await query.exception();
      if (error !== null) throw error;
      return;
    }
    const ticking = this.trigger !== undefined && "processingTime" in this.trigger && this.clock !== undefined;
    if (ticking) await Promise.race([this.clock?.untilAwaited(), query.awaitTermination()]);
    else await query.processAllAvailable();
  }

  private async check(scope: CheckScope, expected: readonly unknown[]): Promise<void> {
    await this.settle();
    const table = this.engine.memoryTable(this.name);
    if (table === undefined) throw new Error("the query has no table");
    const got = rowsIn(table, scope, this.checkedBatch);
    this.checkedBatch = table.lastBatchId;
    const wanted = expected.map((row, i) => rowOf(row, table.schema, `expected row ${i + 1}`));
    const difference = compareRows(wanted, got, table.schema);
    if (difference !== undefined) throw new Error(difference);
  }

  private async expectFailure(condition: string | undefined): Promise<void> {
    const query = this.running();
    const ended = await query.processAllAvailable().then(
      () => undefined,
      (error: unknown) => error,
    );
    const error = ended ?? (await query.exception());
    if (!(error instanceof Error)) throw new Error("the query has not failed");
    const conditions = conditionsOf(error);
    if (condition !== undefined && !conditions.includes(condition)) {
      throw new Error(`the query failed with ${conditions.join(" < ") || error.message}`, { cause: error });
    }
  }
}

function rowsIn(table: MemoryTable, scope: CheckScope, checkedBatch: number): Value[][] {
  const after = scope === "all" ? -1 : scope === "new" ? checkedBatch : table.lastBatchId - 1;
  return table.batchesAfter(after).flatMap((batch: Batch) => rowsOf(batch));
}

/** Conditions of the error and of its causes, outermost first; names of errors that have none. */
function conditionsOf(error: unknown): string[] {
  const found: string[] = [];
  for (let e = error; e instanceof Error; e = e.cause) found.push(e instanceof SluiceError ? e.condition : e.message);
  return found;
}

function compareRows(wanted: readonly Value[][], got: readonly Value[][], schema: StructType): string | undefined {
  const keys = (rows: readonly Value[][]) => rows.map((row) => canonicalText(row)).sort();
  const [a, b] = [keys(wanted), keys(got)];
  if (a.length === b.length && a.every((key, i) => key === b[i])) return undefined;
  const columns = schema.fields.map((f) => textOf(f.type, { timeZone: "UTC", nullText: "NULL" }));
  const lines = (rows: readonly Value[][]) =>
    rows
      .map((row) => `  [${row.map((value, c) => columns[c](value)).join(", ")}]`)
      .sort()
      .join("\n") || "  no rows";
  return `Results don't match.\n== Expected ==\n${lines(wanted)}\n== Got ==\n${lines(got)}`;
}
