// The loop of a streaming query: batches, watermarks, triggers, restarts. Comments do the watermark's arithmetic.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { expr } from "../../src/functions.ts";
import {
  AddData,
  AdvanceManualClock,
  AssertOnQuery,
  CheckAnswer,
  CheckLastBatch,
  CheckNewAnswer,
  ExpectFailure,
  ManualClock,
  Mark,
  MemoryStream,
  StartStream,
  StopStream,
  testSession,
  testStream,
} from "../../src/testing/index.ts";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-stream-"));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const at = (seconds: number) => new Date(seconds * 1000);

test("rows go through once, also over a stop and a start", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const doubled = input.toDF(spark).filter("value > 1").selectExpr("value * 2 AS doubled");
  await testStream(doubled)(
    AddData(input, 1, 2, 3),
    CheckAnswer(4, 6),
    StopStream,
    AddData(input, 4),
    StartStream(),
    CheckNewAnswer(8),
    CheckAnswer(4, 6, 8),
  );
});

test("a closed window is emitted once, when the watermark passes its end", async () => {
  await using spark = testSession();
  const input = new MemoryStream("time TIMESTAMP");
  const counts = input
    .toDF(spark)
    .withWatermark("time", "10 seconds")
    .groupBy(expr("window(time, '5 seconds')"))
    .agg(expr("count(1) AS n"))
    .selectExpr("window.start AS start", "n");
  await testStream(counts)(
    // Watermark 15 - 10 = 5 after this batch; [10, 15) stays open.
    AddData(input, at(10), at(11), at(12), at(13), at(14), at(15)),
    CheckNewAnswer(),
    // Watermark 25 - 10 = 15: a batch without data emits [10, 15).
    AddData(input, at(25)),
    CheckNewAnswer([at(10), 5]),
    // [10, 15) ends at the watermark 15: 10 is late and counts nowhere.
    AddData(input, at(10)),
    CheckNewAnswer(),
    AssertOnQuery("one row was dropped as late", async (query) => {
      const dropped = (await query.recentProgress()).map((p) => p.stateOperators[0].numRowsDroppedByWatermark);
      assert.equal(
        dropped.reduce((a, b) => a + b, 0),
        1,
      );
    }),
    StopStream,
    StartStream(),
    // Watermark 45 - 10 = 35: closes [15, 20) and [25, 30).
    AddData(input, at(45)),
    CheckNewAnswer([at(15), 1], [at(25), 1]),
  );
});

test("rows are late by the batch before's watermark, windows close by this one's", async () => {
  await using spark = testSession({ config: { "spark.sql.streaming.noDataMicroBatches.enabled": "false" } });
  const input = new MemoryStream("time TIMESTAMP");
  const counts = input
    .toDF(spark)
    .withWatermark("time", "0 seconds")
    .groupBy(expr("window(time, '5 seconds')"))
    .agg(expr("count(1) AS n"))
    .selectExpr("window.start AS start", "n");
  await testStream(counts)(
    AddData(input, at(1)), // watermark 1 after it
    CheckNewAnswer(),
    AddData(input, at(20)), // runs with 1; watermark 20 after it
    CheckNewAnswer(),
    // Runs with watermark 20, which closes [0, 5). Late is what is at or before the former one, 1: so 2 still counts.
    AddData(input, at(2)),
    CheckNewAnswer([at(0), 2]),
    AddData(input, at(3)), // late by 20
    CheckNewAnswer(),
  );
});

test("a watermark between two whole seconds asks for one batch without data, not for one after the other", async () => {
  await using spark = testSession();
  const input = new MemoryStream("id INT, time TIMESTAMP");
  const query = await input
    .toDF(spark)
    .withWatermark("time", "100 milliseconds")
    .dropDuplicates(["id", "time"])
    .writeStream.format("memory")
    .queryName("between_seconds")
    .start();
  for (const [id, ms] of [
    [1, 47_900],
    [2, 47_500],
    [3, 47_950],
  ]) {
    input.addData([id, new Date(ms)]);
    await query.processAllAvailable();
  }
  const { batchId } = (await query.lastProgress()) as { batchId: number };
  await query.stop();
  assert.ok(batchId <= 5, `${batchId + 1} batches for 3 rows`);
});

test("a value beyond 2^53 makes the batch run again in the wide form, with state from before", async () => {
  await using spark = testSession();
  const input = new MemoryStream("key STRING, value BIGINT");
  const sums = input.toDF(spark).groupBy("key").agg(expr("sum(value) AS total"));
  await testStream(sums, "update")(
    AddData(input, ["a", 1], ["b", 2]),
    CheckNewAnswer(["a", 1], ["b", 2]),
    AddData(input, ["a", 9007199254740993n]),
    CheckNewAnswer(["a", 9007199254740994n]),
    StopStream,
    AddData(input, ["b", 1]),
    StartStream(),
    CheckNewAnswer(["b", 3]),
    AddData(input, ["a", 1]),
    CheckNewAnswer(["a", 9007199254740995n]),
  );
});

test("a failed batch is run again after a restart, and its rows count once", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const sums = input.toDF(spark).groupBy().agg(expr("sum(value) AS total"));
  await testStream(sums, "complete")(
    AddData(input, 1, 2),
    CheckAnswer(3),
    AddData(input, 4),
    Mark(input, "failOnce"),
    AddData(input, 8),
    ExpectFailure("the source failed on purpose"),
    StartStream(),
    CheckAnswer(15),
  );
});

test("a failed query tells the cause, by STREAM_FAILED", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  input.failOnce();
  const query = await input.toDF(spark).writeStream.format("memory").queryName("failing").start();
  await assert.rejects(query.awaitTermination(), /STREAM_FAILED.*the source failed on purpose/);
  assert.equal((await query.status()).message, "Terminated with exception: the source failed on purpose");
  assert.equal(await query.isActive(), false);
  assert.match(String((await query.exception())?.cause), /failed on purpose/);
  assert.deepEqual(await spark.streams.active(), []);
});

test("a marker ends a batch", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  input.addData(1);
  input.pause();
  input.addData(2, 3);
  await testStream(input.toDF(spark))(
    CheckLastBatch(2, 3),
    CheckAnswer(1, 2, 3),
    AssertOnQuery("two batches", async (query) => (await query.recentProgress()).length === 2),
  );
});

test("processing time: one batch an interval, on its multiples, and missed ones are left out", async () => {
  const clock = new ManualClock(1_000_050);
  await using spark = testSession({ clock });
  const input = new MemoryStream("value INT");
  await testStream(input.toDF(spark))(
    StartStream({ trigger: { processingTime: "100 milliseconds" } }),
    AddData(input, 1),
    AdvanceManualClock(50), // 1,000,100: a multiple of 100
    CheckAnswer(1),
    AddData(input, 2),
    AdvanceManualClock(99), // 1,000,199
    CheckNewAnswer(),
    AdvanceManualClock(1), // 1,000,200
    CheckNewAnswer(2),
    AddData(input, 3),
    AdvanceManualClock(250), // 1,000,450: the triggers at 300 and 400 become one
    CheckNewAnswer(3),
    AddData(input, 4),
    AdvanceManualClock(49), // 1,000,499
    CheckNewAnswer(),
    AdvanceManualClock(1),
    CheckNewAnswer(4),
  );
});

test("available now: everything there is, batch by batch, then the end", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  input.addData(1);
  input.pause();
  input.addData(2);
  const query = await input
    .toDF(spark)
    .writeStream.format("memory")
    .queryName("available")
    .trigger({ availableNow: true })
    .start();
  assert.equal(await query.awaitTermination(), true);
  assert.equal((await query.recentProgress()).length, 2);
  assert.equal(await (await spark.sql("SELECT * FROM available")).count(), 2);
});

test("once: everything there is in one batch, whatever the limits", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  input.addData(1);
  input.pause();
  input.addData(2);
  const query = await input.toDF(spark).writeStream.format("memory").queryName("once").trigger({ once: true }).start();
  await query.awaitTermination();
  assert.deepEqual(
    (await query.recentProgress()).map((p) => p.numInputRows),
    [2],
  );
});

test("progress is Spark's, field for field", async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  await using spark = testSession({ clock });
  const input = new MemoryStream("time TIMESTAMP, value INT");
  const df = input.toDF(spark).withWatermark("time", "10 seconds").groupBy(expr("window(time, '5 seconds')")).count();
  const query = await df.writeStream.format("memory").queryName("progress").start();
  input.addData([at(100), 1], [at(104), 2]);
  await query.processAllAvailable();
  const [first] = await query.recentProgress();
  assert.deepEqual(Object.keys(first), [
    "id",
    "runId",
    "name",
    "timestamp",
    "batchId",
    "batchDuration",
    "numInputRows",
    "inputRowsPerSecond",
    "durationMs",
    "eventTime",
    "stateOperators",
    "sources",
    "sink",
    "ext",
  ]);
  assert.deepEqual(
    {
      ...first,
      stateOperators: first.stateOperators.map(({ numRowsTotal, numRowsUpdated }) => ({
        numRowsTotal,
        numRowsUpdated,
      })),
      ext: undefined,
    },
    {
      id: query.id,
      runId: query.runId,
      name: "progress",
      timestamp: "2026-01-02T03:04:05.000Z",
      batchId: 0,
      batchDuration: 0,
      numInputRows: 2,
      inputRowsPerSecond: 0,
      durationMs: {
        addBatch: 0,
        commitOffsets: 0,
        getBatch: 0,
        latestOffset: 0,
        queryPlanning: 0,
        triggerExecution: 0,
        walCommit: 0,
      },
      eventTime: {
        avg: "1970-01-01T00:01:42.000Z",
        max: "1970-01-01T00:01:44.000Z",
        min: "1970-01-01T00:01:40.000Z",
        watermark: "1970-01-01T00:00:00.000Z",
      },
      stateOperators: [{ numRowsTotal: 1, numRowsUpdated: 1 }],
      sources: [
        {
          description: "MemoryStream[time,value]",
          startOffset: -1,
          endOffset: 0,
          latestOffset: 0,
          numInputRows: 2,
          inputRowsPerSecond: 0,
        },
      ],
      sink: { description: "MemorySink", numOutputRows: 0 },
      ext: undefined,
    },
  );
});

test("observed metrics stand in the progress", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const observed = input.toDF(spark).observe("seen", expr("count(1) AS n"), expr("max(value) AS highest"));
  await testStream(observed)(
    AddData(input, 3, 7),
    AssertOnQuery("of this batch", async (query) => {
      assert.deepEqual((await query.lastProgress())?.observedMetrics, { seen: { n: 2, highest: 7 } });
    }),
  );
});

test("a failed query is told to the log, when nobody asks", async () => {
  const errors: string[] = [];
  const log = { info() {}, warn() {}, error: (message: string) => void errors.push(message) };
  await using spark = testSession({ log });
  const input = new MemoryStream("value INT");
  input.failOnce();
  const query = await input.toDF(spark).writeStream.format("noop").start();
  await query.awaitTermination().catch(() => {});
  assert.match(errors.join(), /STREAM_FAILED.*failed on purpose/);
});

test("foreach gets each row, with the batch's number", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const seen: unknown[] = [];
  const writer = {
    open: (_partition: number, epoch: number) => {
      seen.push(`open ${epoch}`);
      return true;
    },
    process: (row: { get(i: number): unknown }) => void seen.push(row.get(0)),
    close: (error: unknown) => void seen.push(error === undefined ? "close" : "failed"),
  };
  const query = await input.toDF(spark).writeStream.foreach(writer).start();
  input.addData(1, 2);
  await query.processAllAvailable();
  input.addData(3);
  await query.processAllAvailable();
  await query.stop();
  assert.deepEqual(seen, ["open 0", 1, 2, "close", "open 1", 3, "close"]);
});

test("stop leaves a long batch, which is run again by the next start", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  input.addData(...Array.from({ length: 50 }, (_, i) => i));
  const slow = input.toDF(spark).crossJoin(spark.range(2_000_000).toDF("n")).filter("n < 0 OR value + n < 0");
  const query = await slow.writeStream
    .format("noop")
    .option("checkpointLocation", await newFolder())
    .start();
  while (!(await query.status()).isDataAvailable) await new Promise((resolve) => setImmediate(resolve));
  await query.stop();
  assert.equal(await query.isActive(), false);
  assert.equal(await query.exception(), null);
  assert.deepEqual(await query.recentProgress(), []);
});

test("foreachBatch gets each batch's rows as a DataFrame, with the batch's number", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const seen: unknown[] = [];
  const query = await input
    .toDF(spark)
    .writeStream.foreachBatch(async (batch, batchId) => {
      const [row] = await batch.selectExpr("sum(value) AS s", "count(1) AS n").collect();
      seen.push([batchId, row.get(0), row.get(1)]);
    })
    .start();
  input.addData(1, 2);
  await query.processAllAvailable();
  input.addData(3);
  await query.processAllAvailable();
  assert.deepEqual(seen, [
    [0, 3, 2],
    [1, 3, 1],
  ]);
  await query.stop();
});

test("an error of the user's function ends the query with its condition", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  input.addData(1);
  const query = await input
    .toDF(spark)
    .writeStream.foreachBatch(() => {
      throw new Error("no room");
    })
    .start();
  await assert.rejects(query.awaitTermination(), /FOREACH_BATCH_USER_FUNCTION_ERROR.*batch 0.*no room/s);
});

test("what is wrong with a query is an error at its start", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const stream = () => input.toDF(spark).writeStream;
  const refused = async (start: Promise<unknown>, message: RegExp) => assert.rejects(start, message);
  await refused(stream().format("memry").start(), /DATA_SOURCE_NOT_FOUND.*Did you mean memory/);
  await refused(stream().format("memory").start(), /QUERY_NAME_REQUIRED/);
  await refused(stream().format("console").option("numrow", 3).start(), /UNKNOWN_OPTION.*Did you mean numRows/);
  await refused(stream().format("noop").trigger({ processingTime: "soon" }).start(), /INVALID_TRIGGER_INTERVAL/);
  await refused(spark.range(3).writeStream.format("noop").start(), /WRITE_STREAM_NOT_ALLOWED/);
  await refused(input.toDF(spark).collect(), /STREAMING_QUERY_IN_BATCH/);
  await refused(input.toDF(spark).select("valu").writeStream.format("noop").start(), /UNRESOLVED_COLUMN/);
  assert.deepEqual(await spark.streams.active(), []);
});

test("two queries of one name can't run at once", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const start = () => input.toDF(spark).writeStream.format("noop").queryName("twin").start();
  const first = await start();
  await assert.rejects(start(), /QUERY_NAME_IN_USE/);
  await first.stop();
  await (await start()).stop();
});
