// B4: the power goes with a step that a query makes on the disk, while the writing of one batch goes on beside another.
// SLUICE_TORTURE=full tries every step.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { DataFrame } from "../../src/api/dataframe.ts";
import type { StreamingQuery } from "../../src/api/streaming-query.ts";
import { DevBroker } from "../../src/broker/index.ts";
import { expr } from "../../src/functions.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { LosingDisk } from "./losing-disk.ts";

const seed = Number(process.env["SLUICE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const full = process.env["SLUICE_TORTURE"] === "full";
const BATCHES = 7;
/** Of which so many are there at first. What comes later belongs to the batch after the last one that was planned. */
const FIRST = 4;
/** Offsets go to files of their own, or from the second batch on to a journal. */
type Log = "files" | "journal";
const logs: readonly Log[] = ["files", "journal"];
const configOf = (log: Log, retained: number) => ({
  "sluice.checkpoint.journalAfterBatches": log === "files" ? "1000" : "1",
  "sluice.state.deltaBytesForSnapshot": "0",
  "spark.sql.streaming.minBatchesToRetain": String(retained),
  "spark.sql.streaming.stateStore.minDeltasForSnapshot": "3",
});

/** Mulberry32: seeds that follow each other give numbers that have nothing to do with each other. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Adds batches of which each begins as soon as the one before is in its sink. */
function add(stream: MemoryStream, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    stream.addData([`k${i % 3}`, 2 ** i], [`k${(i + 1) % 3}`, 2 ** (i + 10)]);
    if (i < to - 1) stream.pause();
  }
}

interface Run {
  readonly log: Log;
  readonly disk: LosingDisk;
  readonly stream: MemoryStream;
  readonly folder: string;
}

interface Query {
  /** Of the columns k and n. */
  readonly of: (df: DataFrame) => DataFrame;
  readonly start: (df: DataFrame, checkpointLocation: string) => Promise<StreamingQuery>;
  readonly check: (folder: string) => void | Promise<void>;
  /** Milliseconds that a step of the disk takes at most; 0 unless told. */
  readonly slowestMs?: number;
  /** Batches that a restart can go back to, by which the state may be behind, too; 2 unless told. */
  readonly retained?: number;
}

const sumsOf = (df: DataFrame): DataFrame => df.groupBy("k").agg(expr("sum(n) AS total"), expr("count(1) AS c"));

/** Whether it came to its end. */
async function ran({ log, disk, stream, folder }: Run, query: Query): Promise<boolean> {
  await using spark = testSession({ fileSystem: disk, config: configOf(log, query.retained ?? 2) });
  try {
    await (await query.start(query.of(stream.toDF(spark)), folder)).awaitTermination();
    return true;
  } catch (error) {
    assert.ok(disk.isOff, `the disk was on: ${String(error)}`);
    return false;
  }
}

/** Runs until the power goes with one step after the other, and on from what is left, where it may go again. */
async function throughLosses(log: Log, query: Query): Promise<number> {
  const { slowestMs } = query;
  const root = await mkdtemp(join(tmpdir(), "sluice-power-"));
  let losses = 0;
  try {
    for (let end = 1, isWhole = false; !isWhole; end++) {
      const random = generator(seed + end);
      if (!full && random() < 0.4) continue;
      const folder = join(root, String(end), "checkpoint");
      await mkdir(folder, { recursive: true }); // the lock's own file is a real one
      const stream = new MemoryStream("k STRING, n INT");
      add(stream, 0, FIRST);
      let disk = new LosingDisk(random, end, undefined, slowestMs);
      isWhole = await ran({ log, disk, stream, folder }, query);
      if (!isWhole) losses++;
      add(stream, FIRST, BATCHES);
      // Once more while it recovers.
      disk = new LosingDisk(random, 1 + Math.floor(random() * 150), disk.survivors(), slowestMs);
      if (!(await ran({ log, disk, stream, folder }, query))) losses++;
      const last = new LosingDisk(random, Number.POSITIVE_INFINITY, disk.survivors());
      assert.ok(await ran({ log, disk: last, stream, folder }, query));
      try {
        await query.check(folder);
      } catch (error) {
        throw new Error(`seed ${seed}, power lost with step ${end}: ${(error as Error).message}`, { cause: error });
      }
      stream.close();
      await rm(join(root, String(end)), { recursive: true });
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return losses;
}

/** What a batch over all the input gives. */
function expected(): string[] {
  const sums = new Map<string, [number, number]>();
  for (let i = 0; i < BATCHES; i++) {
    for (const [k, n] of [
      [`k${i % 3}`, 2 ** i],
      [`k${(i + 1) % 3}`, 2 ** (i + 10)],
    ] as const) {
      const [total, count] = sums.get(k) ?? [0, 0];
      sums.set(k, [total + n, count + 1]);
    }
  }
  return [...sums].map(([k, [total, count]]) => `${k} ${total} ${count}`).sort();
}

for (const log of logs) {
  test(`exactly once into a sink with transactions, wherever the power goes; offsets in ${log}`, async () => {
    const database = (checkpoint: string) => join(checkpoint, "../out.db");
    const losses = await throughLosses(log, {
      of: sumsOf,
      start: (df, checkpointLocation) =>
        df.writeStream
          .format("sqlite")
          .options({ dbtable: "sums", keyColumns: "k", checkpointLocation })
          .outputMode("update")
          .trigger({ availableNow: true })
          .start(database(checkpointLocation)),
      check: (checkpoint) => {
        const db = new DatabaseSync(database(checkpoint));
        const rows = db.prepare("SELECT k, total, c FROM sums").all();
        db.close();
        assert.deepEqual(rows.map((r) => Object.values(r).join(" ")).sort(), expected());
      },
    });
    assert.ok(losses > 50, `${losses} losses`);
  });

  test(`a batch that is given again has the same number and the same rows, wherever the power goes; offsets in ${log}`, async () => {
    const batches = new Map<string, Map<number, string[]>>();
    const losses = await throughLosses(log, {
      of: sumsOf,
      start: (df, checkpointLocation) =>
        df.writeStream
          .foreachBatch(async (batch, batchId) => {
            const rows = (await batch.collect()).map((r) => `${r.get(0)} ${r.get(1)} ${r.get(2)}`).sort();
            let seen = batches.get(checkpointLocation);
            if (seen === undefined) batches.set(checkpointLocation, (seen = new Map()));
            assert.deepEqual(rows, seen.get(batchId) ?? rows, `batch ${batchId} came out differently`);
            seen.set(batchId, rows);
          })
          .option("checkpointLocation", checkpointLocation)
          .outputMode("update")
          .trigger({ availableNow: true })
          .start(),
      check: (checkpoint) => {
        const seen = batches.get(checkpoint) as Map<number, string[]>;
        assert.deepEqual([...seen.keys()].sort(), [...Array(seen.size).keys()]);
        const last = new Map<string, string>();
        for (const [, rows] of [...seen].sort(([a], [b]) => a - b)) for (const r of rows) last.set(r.split(" ")[0], r);
        assert.deepEqual([...last.values()].sort(), expected());
      },
    });
    assert.ok(losses > 50, `${losses} losses`);
  });

  test(`at least once into Kafka, which is quicker than the disk, wherever the power goes; offsets in ${log}`, async () => {
    const all = Array.from({ length: BATCHES }, (_, i) => [2 ** i, 2 ** (i + 10)]).flat();
    await intoKafka(log, {
      delivery: "at-least-once",
      of: (df) => df.select(expr("k AS key"), expr("CAST(n AS STRING) AS value")),
      outputMode: "append",
      check: (values) => {
        const seen = [...new Set(values.map(Number))].sort((a, b) => a - b);
        assert.deepEqual(
          seen,
          [...new Set(all)].sort((a, b) => a - b),
        );
      },
    });
  });

  test(`with state, too; offsets in ${log}`, async () => {
    await intoKafka(log, {
      delivery: "at-least-once",
      of: (df) => sumsOf(df).select(expr("k AS key"), expr("concat_ws(' ', k, total, c) AS value")),
      outputMode: "update",
      retained: 4,
      check: (values) => {
        const last = new Map(values.map((value) => [value.split(" ")[0], value]));
        assert.deepEqual([...last.values()].sort(), expected());
      },
    });
  });
}

test("exactly once into Kafka, which is quicker than the disk, wherever the power goes", async () => {
  const all = Array.from({ length: BATCHES }, (_, i) => [2 ** i, 2 ** (i + 10)]).flat();
  await intoKafka("journal", {
    delivery: "exactly-once",
    of: (df) => df.select(expr("k AS key"), expr("CAST(n AS STRING) AS value")),
    outputMode: "append",
    check: (values) => {
      assert.deepEqual(
        values.map(Number).sort((a, b) => a - b),
        all.sort((a, b) => a - b),
      );
    },
  });
});

test("exactly once with state, too", async () => {
  await intoKafka("journal", {
    delivery: "exactly-once",
    of: (df) => sumsOf(df).select(expr("k AS key"), expr("concat_ws(' ', k, total, c) AS value")),
    outputMode: "update",
    check: (values) => {
      const last = new Map(values.map((value) => [value.split(" ")[0], value]));
      assert.deepEqual([...last.values()].sort(), expected());
      assert.equal(new Set(values).size, values.length, `some came twice: ${values}`);
    },
  });
});

interface IntoKafka {
  readonly delivery: "at-least-once" | "exactly-once";
  readonly of: (df: DataFrame) => DataFrame;
  readonly outputMode: "append" | "update";
  readonly retained?: number;
  /** Is given all values in the topic; those of one key in the order of their offsets. */
  readonly check: (values: readonly string[]) => void;
}

async function intoKafka(log: Log, { delivery, outputMode, check, ...query }: IntoKafka): Promise<void> {
  const broker = await DevBroker.start();
  const servers = { "kafka.bootstrap.servers": broker.bootstrapServers };
  const topicOf = (checkpoint: string) => `power-${basename(dirname(checkpoint))}`;
  try {
    const losses = await throughLosses(log, {
      ...query,
      slowestMs: 20,
      start: (df, checkpointLocation) =>
        df.writeStream
          .format("kafka")
          .options({ ...servers, topic: topicOf(checkpointLocation), delivery, checkpointLocation })
          .outputMode(outputMode)
          .trigger({ availableNow: true })
          .start(),
      check: async (checkpoint) => {
        await using spark = testSession();
        const source = spark.read
          .format("kafka")
          .options({ ...servers, subscribe: topicOf(checkpoint), "kafka.isolation.level": "read_committed" });
        const rows = await source.load().selectExpr("CAST(value AS STRING) AS value", "offset").collect();
        const ordered = rows.sort((a, b) => Number(a.get(1)) - Number(b.get(1)));
        check(ordered.map((row) => String(row.get(0))));
      },
    });
    assert.ok(losses > 20, `${losses} losses`);
  } finally {
    await broker.close();
  }
}
