/** df.observe in batch queries: what an Observation holds when the first action has ended. */
import * as F from "../../../src/functions.ts";
import { type Column, type DataFrame, Observation } from "../../../src/index.ts";
import type { Case, Input } from "../case.ts";
import { nested, numbers, strings, times } from "./inputs.ts";

const tables = { nested, numbers, strings, times };
const rows = F.count(F.lit(1)).alias("rows");

/** The metrics as a relation of texts: one row each, in the order of their names. */
async function observed({ spark }: Input, seen: Observation): Promise<DataFrame> {
  const text = (value: unknown): string => {
    if (typeof value === "bigint") return String(value);
    if (value instanceof Date) return value.toISOString();
    return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  };
  const metrics = Object.entries(await seen.get()).map(([name, value]) => [name, text(value)]);
  return spark.createDataFrame(metrics, "name STRING, value STRING");
}

/** Runs `action` on `df`, observed with `metrics`. */
function watching(
  table: keyof typeof tables,
  metrics: Column[],
  action: (df: DataFrame, input: Input) => Promise<unknown> = (df) => df.collect(),
) {
  return async (input: Input) => {
    const seen = new Observation("seen");
    await action(input.table(table).observe(seen, ...metrics), input);
    return observed(input, seen);
  };
}

const numbersOf = [F.count("i").alias("n"), F.sum("i").alias("sum"), F.max("l").alias("l"), F.avg("m").alias("m")];

const programs: Readonly<Record<string, (input: Input) => Promise<DataFrame>>> = {
  "counts and sums": watching("numbers", [rows, ...numbersOf]),
  "texts, times and bytes": watching("strings", [F.min("s").alias("s"), F.max("n").alias("n")]),
  "dates and timestamps": watching("times", [F.min("t").alias("t"), F.max("d").alias("d"), F.max("n").alias("ntz")]),
  "a metric named by Spark": watching("numbers", [F.max("i")]),
  "of no rows": async (input) => {
    const seen = new Observation();
    await input.table("numbers").where("false").observe(seen, rows, F.max("i").alias("i")).collect();
    return observed(input, seen);
  },
  "below a filter that comes after": watching("numbers", [rows], (df) => df.where("i > 0").collect()),
  "below an aggregate": watching("numbers", [rows], (df) => df.groupBy("s").count().collect()),
  "by count()": watching("numbers", [rows], (df) => df.count()),
  "by a write": watching("numbers", [rows, F.max("i").alias("i")], (df, { path }) =>
    df.select("i").write.mode("overwrite").json(path("out")),
  ),
  "the first action counts": watching("numbers", [rows], async (df) => {
    await df.count();
    await df.union(df).count();
  }),
  "two observations in one query": async (input) => {
    const all = new Observation("all");
    const positive = new Observation("positive");
    await input.table("numbers").observe(all, rows).where("i > 0").observe(positive, rows).collect();
    return (await observed(input, all)).union(await observed(input, positive));
  },
  "an observation used twice": async (input) => {
    const seen = new Observation();
    input.table("numbers").observe(seen, rows);
    return input.table("numbers").observe(seen, rows);
  },
};

export const cases: readonly Case[] = Object.entries(programs).map(([name, program]) => ({
  kind: "batch",
  name,
  tables,
  program,
}));
