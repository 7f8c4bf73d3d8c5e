/** Runs a SQL query without sources: parse, analyse, run, collect. */
import { type AnalyzeContext, analyze, schemaOf } from "../../src/analyze/index.ts";
import { rowsOf } from "../../src/columns/rows.ts";
import { evaluate } from "../../src/compile/evaluate.ts";
import { runBatchPlan } from "../../src/embedded/operators/batch.ts";
import type { SessionSettings } from "../../src/functions/definition.ts";
import { parseExpression, parseQuery } from "../../src/sql/index.ts";
import type { StructType } from "../../src/types/types.ts";
import { type Value, WideRequired } from "../../src/types/values.ts";

export interface Result {
  readonly schema: StructType;
  readonly rows: readonly (readonly Value[])[];
}

export async function runSql(sql: string, settings: SessionSettings): Promise<Result> {
  const context: AnalyzeContext = {
    settings,
    view: () => undefined,
    sourceSchema: () => {
      throw new Error("no sources here");
    },
    parseExpression: (text) => parseExpression(text),
    parseQuery: (text) => parseQuery(text),
    localRows: () => {
      throw new Error("no local rows here");
    },
    fold: (expression) => evaluate(expression, settings),
  };
  const plan = analyze(parseQuery(sql), context);
  const run = async (wide: boolean): Promise<Value[][]> => {
    const rows: Value[][] = [];
    const execution = {
      settings,
      wide,
      batchRowsMax: 1024,
      nowUs: 1_700_000_000_000_000,
      seed: 42,
      readScan: () => {
        throw new Error("no sources here");
      },
      script: () => {
        throw new Error("no scripts here");
      },
      breathe: () => undefined,
      signal: new AbortController().signal,
    };
    for await (const batch of runBatchPlan(plan, execution)) rows.push(...rowsOf(batch));
    return rows;
  };
  try {
    return { schema: schemaOf(plan), rows: await run(false) };
  } catch (error) {
    if (!(error instanceof WideRequired)) throw error;
    return { schema: schemaOf(plan), rows: await run(true) };
  }
}
