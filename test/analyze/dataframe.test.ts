/**
 * Columns of DataFrames, against what Apache Spark's Connect server answered for the same calls in PySpark
 * (recorded/record_dataframes.py): names, types, nullability, or the error's condition.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { analyze, schemaOf } from "../../src/analyze/index.ts";
import type { DataFrame } from "../../src/api/dataframe.ts";
import { SparkSession } from "../../src/api/session.ts";
import { Window } from "../../src/api/window.ts";
import { SluiceError } from "../../src/errors/error.ts";
import * as F from "../../src/functions.ts";
import { parseSchema } from "../../src/types/ddl.ts";
import { toJsonValue } from "../../src/types/json.ts";
import { contextOf } from "./support.ts";

const spark = new SparkSession(async () => {
  throw new Error("these DataFrames never run");
});
const views = {
  df: {
    columns:
      "id BIGINT NOT NULL, a INT, b STRING, c DOUBLE, ts TIMESTAMP, s STRUCT<x: INT, y: STRING>, arr ARRAY<INT>, m MAP<STRING, INT>",
  },
  d2: { columns: "id BIGINT, a INT, d STRING" },
};
const df = spark.table("df");
const d2 = spark.table("d2");
const { col, lit } = F;

const cases: Readonly<Record<string, () => DataFrame>> = {
  filter_hidden: () => df.select(df.col("a")).filter(df.col("b").eq("x")),
  replaced: () => df.withColumn("a", df.col("a").plus(1)).select(df.col("a")),
  self_trivial: () => df.join(df, df.col("id").eq(df.col("id"))),
  self_filtered: () => {
    const [x, y] = [df.filter("a>1"), df.filter("a<5")];
    return x.join(y, x.col("id").eq(y.col("id"))).select(x.col("id"), y.col("a"));
  },
  using_other: () => df.join(d2, "id").select(d2.col("id")),
  agg_key: () => df.groupBy("a").count().select(df.col("a")),
  agg_order: () => df.groupBy("a").agg(F.sum("c")).orderBy(F.sum("c")),
  agg_order_hidden: () => df.groupBy("a").agg(F.sum("c")).orderBy(df.col("b")),
  agg_filter: () => df.groupBy("a").agg(F.sum("c")).filter(F.max("c").gt(1)),
  alias: () => df.alias("x").select(df.col("a"), col("x.b")),
  order_hidden: () => df.select("a").orderBy(df.col("b")),
  order_hidden_name: () => df.select("a").orderBy("b"),
  union_left: () => df.select("id", "a").union(d2.select("id", "a")).select("a"),
  dropped: () => df.drop(df.col("a")).select(df.col("a")),
  renamed: () => df.withColumnRenamed("a", "z").select(df.col("a")),
  aliased_filter: () => df.select(df.col("a").alias("q")).filter(df.col("a").gt(1)),
  foreign: () => df.select(d2.col("d")),
  win: () => df.groupBy(F.window("ts", "10 seconds")).count().select("window.start", "count"),
  cast: () =>
    df.select(df.col("a").cast("string"), df.col("s").getField("x").cast("string"), df.col("a").plus(1).cast("string")),
  expr: () => df.select(F.expr("a + 1 as z"), F.expr("a * 2")),
  nested: () =>
    df.select(
      "s.x",
      df.col("s").getField("x"),
      df.col("s").getItem("x"),
      df.col("arr").getItem(0),
      df.col("m").getItem("k"),
      df.col("m").getField("k"),
    ),
  fields: () =>
    df.select(
      df.col("s").withField("x", lit(1)),
      df.col("s").dropFields("x"),
      df.col("s").withField("z", df.col("a").plus(1)),
    ),
  when: () => df.select(F.when(df.col("a").gt(1), 2).otherwise(3), F.when(df.col("a").gt(1), "x")),
  aggs: () =>
    df.agg(F.count("*"), F.count(lit(1)), F.count_distinct("a"), F.sum("a").alias("s"), F.avg("c"), F.max("b")),
  groupcount: () => df.groupBy("a", df.col("id").mod(2)).count(),
  groupexpr: () => df.groupBy(df.col("a").plus(1).alias("k")).agg(F.sum("c")),
  fill: () => df.select("a", "b", "c").na.fill(0),
  fillc: () => df.select("a", "b", "c").na.fill({ a: 1, b: "z" }),
  dropna: () => df.select("a", "b").na.drop(),
  unpivot: () => df.unpivot(["id"], ["a", "c"], "var", "val"),
  todf: () => df.select("id", "a").toDF("x", "y"),
  withcolumns: () => df.select("id", "a").withColumns({ a: lit("q"), n: df.col("id").plus(1) }),
  pivot: () => df.groupBy("a").pivot("b", ["x", "y"]).agg(F.sum("c")),
  pivot2: () => df.groupBy("a").pivot("b", ["x", "y"]).agg(F.sum("c").alias("s"), F.count("a")),
  rollup: () => df.rollup("a", "b").count(),
  crossjoin: () => d2.crossJoin(d2.select("d")),
  joinlist: () => df.join(d2, ["id", "a"], "left").select("id", "a", "d"),
  semijoin: () => df.join(d2, "id", "leftsemi").select("id"),
  dedup: () => d2.dropDuplicates(["a"]),
  explode: () => df.select("id", F.explode("arr")),
  explode_alias: () => df.select("id", F.explode("m").alias("k", "v")),
  posexp: () => df.select(F.posexplode("arr")),
  selectexpr: () => df.selectExpr("a as q", "*").select("q", "id"),
  star: () => df.select("s.*", "a"),
  dfstar: () => df.join(d2, df.col("id").eq(d2.col("id"))).select(d2.col("*")),
  row_number: () => d2.select("a", F.row_number().over(Window.partitionBy("a").orderBy("id"))),
  transform: () =>
    df.select(
      F.transform("arr", (x) => x.plus(1)),
      F.filter("arr", (x) => x.gt(1)),
      F.aggregate("arr", lit(0), (acc, x) => acc.plus(x)),
    ),
  to: () => d2.to(parseSchema("a BIGINT, id BIGINT")),
  mixed_order: () => df.select(col("a").alias("b"), "c").orderBy("b"),
  dup_name: () => df.join(d2, df.col("id").eq(d2.col("id"))).select("id"),
  scalar_alias: () =>
    df
      .alias("l")
      .join(d2.alias("r"), col("l.id").eq(col("r.id")))
      .select("l.id", "r.id", "r.*"),
  observe: () => d2.observe("m", F.count(lit(1)).alias("n")),
};

const file = new URL("./recorded/dataframes.json", import.meta.url);
const recorded = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;

for (const [name, make] of Object.entries(cases)) {
  test(name, () => {
    assert.deepEqual(answer(make()), recorded[name]);
  });
}

function answer(frame: DataFrame): unknown {
  try {
    const plan = analyze(frame.relation, contextOf(views));
    return schemaOf(plan).fields.map((f) => [f.name, toJsonValue(f.type), f.nullable]);
  } catch (error) {
    if (error instanceof SluiceError) return error.condition;
    throw error;
  }
}

test("an error says where in the program the column was written", () => {
  assert.throws(
    () => analyze(df.select("idd").relation, contextOf(views)),
    (error: unknown) =>
      error instanceof SluiceError &&
      error.condition === "UNRESOLVED_COLUMN.WITH_SUGGESTION" &&
      error.messageParameters["proposal"].startsWith("`id`"),
  );
});
