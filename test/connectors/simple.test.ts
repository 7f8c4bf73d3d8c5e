// Options of connectors, and the connectors without a part outside: rate, rate-micro-batch, console, noop.
import assert from "node:assert/strict";
import { test } from "node:test";
import { batchFromRows } from "../../src/columns/rows.ts";
import { consoleSinkTo } from "../../src/connectors/console/console.ts";
import type { Environment, SinkRequest } from "../../src/connectors/contract.ts";
import { checkOptions, OptionMap, redactOptions } from "../../src/connectors/options.ts";
import { valueAtSecond } from "../../src/connectors/rate/rate.ts";
import { ManualClock, testSession } from "../../src/testing/index.ts";
import { field, INT, STRING, struct } from "../../src/types/types.ts";

const specs = [
  { name: "startingOffsets", doc: "" },
  { name: "kafka.", doc: "", prefix: true },
  { name: "hush", doc: "", secret: true },
];

test("option names are compared without regard to case, and kept as documented", () => {
  const options = checkOptions(
    "kafka",
    [
      ["STARTINGOFFSETS", "earliest"],
      ["kafka.group.id", "g"],
    ],
    specs,
  );
  assert.equal(options.get("startingoffsets"), "earliest");
  assert.deepEqual([...options.keys()], ["startingOffsets", "kafka.group.id"]);
});

test("an unknown option is an error that names the nearest", () => {
  assert.throws(
    () => checkOptions("kafka", [["startingOffset", "x"]], specs),
    /UNKNOWN_OPTION.*Did you mean startingOffsets/,
  );
  assert.throws(() => checkOptions("kafka", [["kafka.", "x"]], specs), /UNKNOWN_OPTION/);
  assert.throws(() => checkOptions("kafka", [["__proto__", "x"]], specs), /UNKNOWN_OPTION/);
});

test("secrets are never shown", () => {
  const given = [
    ["hush", "a"],
    ["kafka.sasl.jaas.config", "b"],
    ["url", "postgres://me:pass@host/db"],
    ["plain", "c"],
  ] as const;
  assert.deepEqual(redactOptions(given, specs), {
    hush: "***",
    "kafka.sasl.jaas.config": "***",
    url: "postgres://me:***@host/db",
    plain: "c",
  });
});

test("rate makes its rows by the clock, and goes on where it was", async () => {
  const clock = new ManualClock(1_000_000);
  await using spark = testSession({ clock });
  const df = spark.readStream.format("rate").option("rowsPerSecond", 2).load();
  const query = await df.writeStream.format("memory").queryName("rate").start();
  await query.processAllAvailable();
  clock.advance(2500);
  await query.processAllAvailable();
  const rows = (await spark.table("rate").collect()).map((r) => [(r.get(0) as Date).getTime(), r.get(1)]);
  assert.deepEqual(rows, [
    [1_000_000, 0],
    [1_000_500, 1],
    [1_001_000, 2],
    [1_001_500, 3],
  ]);
  await query.stop();
});

test("rate's ramp", () => {
  // 10 rows a second after 4 seconds: 2, 4, 6, 8, then 10.
  const rate = { rowsPerSecond: 10, rampUpSeconds: 4 };
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].map((s) => valueAtSecond(s, rate)),
    [0, 2, 6, 12, 20, 30, 40],
  );
});

test("rate-micro-batch repeats itself exactly", async () => {
  await using spark = testSession();
  const df = spark.readStream
    .format("rate-micro-batch")
    .options({ rowsPerBatch: 3, startTimestamp: 5000, advanceMillisPerBatch: 10 })
    .load();
  const query = await df.writeStream.format("memory").queryName("micro").trigger({ availableNow: true }).start();
  await query.awaitTermination();
  const rows = (await spark.table("micro").collect()).map((r) => [(r.get(0) as Date).getTime(), r.get(1)]);
  assert.deepEqual(rows, [
    [5000, 0],
    [5000, 1],
    [5000, 2],
  ]);
});

const request: SinkRequest = {
  streaming: true,
  options: new OptionMap([["numRows", "2"]]),
  path: undefined,
  schema: struct(field("id", INT), field("name", STRING)),
  outputMode: "append",
  queryId: "01234567-89ab",
  queryName: undefined,
  partitionBy: [],
  saveMode: "append",
};
const environment: Environment = {
  clock: new ManualClock(),
  log: { info() {}, warn() {}, error() {} },
  timeZone: "UTC",
  signal: new AbortController().signal,
};

test("console draws each batch as Spark does", async () => {
  let printed = "";
  const provider = consoleSinkTo((text) => {
    printed += text;
  });
  const sink = await provider.create(request, environment);
  const batch = await sink.begin(3);
  await batch.write(batchFromRows([INT, STRING], [[1, "a"]]));
  await batch.write(
    batchFromRows(
      [INT, STRING],
      [
        [2, null],
        [3, "c"],
      ],
    ),
  );
  assert.equal(printed, "");
  await batch.commit();
  const rule = "-".repeat(43);
  assert.equal(
    printed,
    [
      rule,
      "Batch: 3",
      rule,
      "+---+----+",
      "| id|name|",
      "+---+----+",
      "|  1|   a|",
      "|  2|NULL|",
      "+---+----+",
      "only showing top 2 rows",
      "",
    ].join("\n"),
  );
});
