/** Streaming queries over one stream: query × output mode × how the input is cut into batches. */

import * as F from "../../../src/functions.ts";
import type { DataFrame } from "../../../src/index.ts";
import { type Case, differs, type Gap, type Input, type Stream, type StreamCase, type Table } from "../case.ts";

const schema = "device STRING, celsius DOUBLE, seq BIGINT, at TIMESTAMP";

/** One reading; `second` is the event time, counted from 2024-01-01T00:00:00Z. */
function reading(device: string | null, celsius: number | string | null, seq: number, second: number | null): string {
  const at = second === null ? null : new Date(Date.UTC(2024, 0, 1) + second * 1000).toISOString();
  return JSON.stringify({ device, celsius, seq, at });
}

/** In order of arrival. The watermark's delay in the queries is 10 s. */
const readings = [
  reading("a", 20.5, 1, 1),
  reading("b", 21, 2, 3),
  reading("a", 22.25, 3, 9.999),
  reading("a", "NaN", 4, 10),
  reading(null, 5, 5, 11),
  reading("b", null, 6, 14),
  reading("c", -0, 7, 4), // out of order, within the delay
  reading("a", 23, 8, 27),
  reading("b", 24, 9, 5), // late when 27 was in an earlier batch
  reading("b", 1e300, 10, 31),
  reading("a", 23, 8, 27), // a duplicate
  reading("c", 2.5, 11, 45),
  reading("a", -1, 12, 16), // late when 45 was in an earlier batch
  reading("c", 3.5, 13, null),
  reading("b", 9, 14, 61),
];

/** The same rows, cut into batches in four ways. */
const splits: Readonly<Record<string, Stream>> = {
  "one batch": { schema, batches: [readings] },
  "two batches": { schema, batches: [readings.slice(0, 8), readings.slice(8)] },
  "five batches": { schema, batches: [0, 3, 6, 9, 12].map((from) => readings.slice(from, from + 3)) },
  "uneven batches with an empty one": {
    schema,
    batches: [readings.slice(0, 1), readings.slice(1, 12), [], readings.slice(12, 13), readings.slice(13)],
  },
};

const sites: Table = {
  schema: "device STRING, site STRING, offset DOUBLE",
  rows: [
    ["a", "north", 0.5],
    ["b", "south", null],
    ["b", "west", -1],
    [null, "nowhere", 1],
  ],
};

const late = (input: Input): DataFrame => input.stream("readings").withWatermark("at", "10 seconds");
const measures = () => [
  F.count("*").alias("n"),
  F.count("celsius").alias("values"),
  F.avg("celsius").alias("mean"),
  F.min("celsius").alias("low"),
  F.max("celsius").alias("high"),
  F.sum("seq").alias("sum"),
];

type Program = readonly [modes: readonly StreamCase["outputMode"][], program: (input: Input) => DataFrame];

const programs: Readonly<Record<string, Program>> = {
  "select and filter": [
    ["append", "update"],
    (i) => i.stream("readings").filter("celsius > 20 OR device = 'c'").select("device", F.col("seq").plus(1)),
  ],
  "computed columns": [
    ["append"],
    (i) =>
      i
        .stream("readings")
        .select(
          F.upper("device").alias("d"),
          F.round(F.col("celsius").multiply(1.8).plus(32), 1).alias("f"),
          F.date_format("at", "HH:mm:ss.SSS").alias("t"),
        ),
  ],
  explode: [
    ["append"],
    (i) => i.stream("readings").select("device", F.explode(F.array("seq", F.col("seq").multiply(10))).alias("e")),
  ],
  "tumbling window": [
    ["append", "update", "complete"],
    (i) =>
      late(i)
        .groupBy(F.window("at", "10 seconds"))
        .agg(...measures()),
  ],
  "tumbling window by device": [
    ["append", "update", "complete"],
    (i) =>
      late(i)
        .groupBy(F.window("at", "10 seconds"), "device")
        .agg(...measures()),
  ],
  "tumbling window with an offset": [
    ["append"],
    (i) =>
      late(i)
        .groupBy(F.window("at", "10 seconds", "10 seconds", "3 seconds"))
        .count(),
  ],
  "sliding window": [
    ["append", "update"],
    (i) =>
      late(i)
        .groupBy(F.window("at", "20 seconds", "10 seconds"), "device")
        .agg(F.count("*").alias("n"), F.max("seq")),
  ],
  "cube of a window and a device": [
    ["append", "update"],
    (i) => late(i).cube(F.window("at", "10 seconds"), "device").agg(F.count("*").alias("n"), F.max("seq")),
  ],
  "JSON of a sliding window by device": [
    ["append", "update"],
    (i) =>
      late(i)
        .groupBy(F.window("at", "20 seconds", "10 seconds").alias("w"), "device")
        .agg(F.count("*").alias("n"), F.avg("celsius").alias("mean"))
        .select("device", F.to_json(F.struct("*")).alias("json")),
  ],
  "session window": [
    ["append", "complete"],
    (i) => late(i).groupBy(F.session_window("at", "8 seconds"), "device").agg(F.count("*").alias("n"), F.sum("seq")),
  ],
  "count by device": [["update", "complete"], (i) => i.stream("readings").groupBy("device").count()],
  "aggregates by device": [
    ["update", "complete"],
    (i) =>
      i
        .stream("readings")
        .groupBy("device")
        .agg(
          F.sum("celsius"),
          F.avg("celsius"),
          F.min("at"),
          F.max("at"),
          F.round(F.stddev("seq"), 9).alias("sd"),
          F.max_by("seq", "at"),
        ),
  ],
  "aggregates without groups": [["update", "complete"], (i) => i.stream("readings").agg(...measures())],
  "sorted aggregates": [
    ["complete"],
    (i) => i.stream("readings").groupBy("device").count().orderBy(F.desc("count"), "device"),
  ],
  "more aggregates": [
    ["complete"],
    (i) =>
      i
        .stream("readings")
        .groupBy("device")
        .agg(
          F.sort_array(F.collect_set("seq")),
          F.sort_array(F.collect_list("celsius")),
          F.approx_count_distinct("seq"),
          F.percentile_approx("seq", 0.5),
          F.corr("seq", "seq"),
          F.round(F.variance("seq"), 9),
          F.count_if(F.col("seq").gt(3)),
          F.bool_or(F.col("seq").gt(8)),
        ),
  ],
  "group by event time": [["append", "update"], (i) => late(i).groupBy("at").count()],
  "filter after a window": [
    ["append", "update"],
    (i) => late(i).groupBy(F.window("at", "10 seconds"), "device").agg(F.count("*").alias("n")).filter("n > 1"),
  ],
  "window's parts": [
    ["append"],
    (i) =>
      late(i)
        .groupBy(F.window("at", "10 seconds").alias("w"))
        .agg(F.count("*").alias("n"))
        .select("w.start", "w.end", F.window_time("w").alias("t"), "n"),
  ],
  distinct: [["append", "update"], (i) => i.stream("readings").select("device", "seq").distinct()],
  dropDuplicates: [
    ["append", "update"],
    (i) => i.stream("readings").dropDuplicates("device", "seq").select("device", "seq"),
  ],
  "dropDuplicates with event time": [["append"], (i) => late(i).dropDuplicates("device", "seq", "at")],
  dropDuplicatesWithinWatermark: [["append"], (i) => late(i).dropDuplicatesWithinWatermark("device", "seq")],
  "deduplicated, then windows": [
    ["append"],
    (i) =>
      late(i)
        .dropDuplicates("device", "seq", "at")
        .groupBy(F.window("at", "10 seconds"))
        .agg(F.count("*").alias("n"), F.sum("seq")),
  ],
  "windows of windows": [
    ["append"],
    (i) =>
      late(i)
        .groupBy(F.window("at", "5 seconds"), "device")
        .agg(F.count("*").alias("n"))
        .groupBy(F.window("window", "20 seconds"))
        .agg(F.sum("n").alias("total"), F.count("*").alias("groups")),
  ],
  "join with a table": [
    ["append"],
    (i) =>
      i
        .stream("readings")
        .join(i.table("sites"), "device")
        .select("device", "seq", "site", F.col("celsius").plus(F.col("offset")).alias("c")),
  ],
  "left join with a table": [
    ["append"],
    (i) => i.stream("readings").join(i.table("sites"), "device", "left").select("device", "seq", "site"),
  ],
  "semi join with a table": [
    ["append"],
    (i) => i.stream("readings").join(i.table("sites"), "device", "leftsemi").select("device", "seq"),
  ],
  "anti join with a table": [
    ["append"],
    (i) => i.stream("readings").join(i.table("sites"), "device", "leftanti").select("device", "seq"),
  ],
  "join with a table, then windows": [
    ["append", "update"],
    (i) =>
      late(i)
        .join(i.table("sites"), "device")
        .groupBy(F.window("at", "10 seconds"), "site")
        .agg(F.avg(F.col("celsius").plus(F.col("offset"))).alias("mean"), F.count("*").alias("n")),
  ],
  limit: [["append"], (i) => i.stream("readings").limit(4).select("device", "seq")],
};

/** Splits in which a program tells apart nothing that "two batches" doesn't. */
const FEW = ["two batches", "five batches"];
const stateless = new Set([
  "select and filter",
  "computed columns",
  "explode",
  "limit",
  "left join with a table",
  "semi join with a table",
  "anti join with a table",
]);

/** Differences that stay for now, by program; or by case, where only one way to cut the input shows them. */
const gaps: Readonly<Record<string, Gap>> = {
  limit: differs("numInputRows: Spark stops reading a file once the limit is reached, and counts what it read"),
  "aggregates without groups, update, uneven batches with an empty one": differs("an empty file makes no batch"),
  "aggregates without groups, complete, uneven batches with an empty one": differs("an empty file makes no batch"),
};

function gapOf(program: string, name: string): { gap?: Gap } {
  const gap = gaps[program] ?? gaps[name];
  return gap === undefined ? {} : { gap };
}

export const cases: readonly Case[] = Object.entries(programs).flatMap(([name, [modes, program]]) =>
  modes.flatMap((outputMode) =>
    Object.entries(splits)
      .filter(([split]) => !stateless.has(name) || FEW.includes(split))
      .map(
        ([split, stream]): Case => ({
          kind: "stream",
          name: `${name}, ${outputMode}, ${split}`,
          streams: { readings: stream },
          tables: { sites },
          outputMode,
          ...gapOf(name, `${name}, ${outputMode}, ${split}`),
          program,
        }),
      ),
  ),
);
