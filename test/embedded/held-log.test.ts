// What a sink shows while the batch's offsets are still on their way to the disk.
import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { SparkSession } from "../../src/api/session.ts";
import { DevBroker } from "../../src/broker/index.ts";
import { type CheckpointFileSystem, diskFileSystem } from "../../src/embedded/checkpoint/file-system.ts";
import { Journal } from "../../src/embedded/checkpoint/journal.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";

let broker: DevBroker;
let root: string;
before(async () => {
  broker = await DevBroker.start();
  root = await mkdtemp(join(tmpdir(), "sluice-held-"));
});
after(async () => {
  await broker.close();
  await rm(root, { recursive: true, force: true });
});

/** A disk that doesn't finish writing offsets until it is let go. */
function holdingDisk(): { fileSystem: CheckpointFileSystem; letGo: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const fileSystem: CheckpointFileSystem = {
    ...diskFileSystem,
    async write(path, bytes, durable) {
      if (path.includes("/offsets/")) await promise;
      await diskFileSystem.write(path, bytes, durable);
    },
  };
  return { fileSystem, letGo: resolve };
}

const sinks = [
  { sink: "Kafka at least once", seenBefore: true, options: { delivery: "at-least-once" } },
  { sink: "Kafka exactly once", seenBefore: false, options: { delivery: "exactly-once" } },
  { sink: "foreachBatch", seenBefore: false, options: undefined },
] as const;

/** As `holdingDisk`, but only of a journal, or of the deltas that stand together, from `hold` to `letGo`. */
function holdingInPlace(part: "/offsets/" | "/state/") {
  let held: PromiseWithResolvers<void> | undefined;
  const fileSystem: CheckpointFileSystem = {
    ...diskFileSystem,
    async openInPlace(path, size, durable) {
      const file = await diskFileSystem.openInPlace(path, size, durable);
      return {
        ...file,
        async write(at, bytes, isDurable) {
          if (path.includes(part)) await held?.promise;
          await file.write(at, bytes, isDurable);
        },
      };
    },
  };
  const hold = (): void => {
    held = Promise.withResolvers();
  };
  return { fileSystem, hold, letGo: () => held?.resolve() };
}

async function valuesIn(spark: SparkSession, topic: string): Promise<string[]> {
  const rows = await spark.read
    .format("kafka")
    .options({ "kafka.bootstrap.servers": broker.bootstrapServers, subscribe: topic })
    .option("kafka.isolation.level", "read_committed")
    .load()
    .selectExpr("CAST(value AS STRING) AS v")
    .collect();
  return rows.map((row) => String(row.get(0)));
}

/** Waits until it is so, for 20 s, or for `ms`. */
async function until(isSo: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (Date.now() < end && !(await isSo())) await wait(10);
}

for (const { sink, seenBefore, options } of sinks) {
  test(`${sink}: rows are ${seenBefore ? "" : "not "}seen before the offsets are on the disk`, async () => {
    const topic = `held-${sink.replaceAll(" ", "-")}`;
    broker.createTopic(topic);
    const { fileSystem, letGo } = holdingDisk();
    await using spark = testSession({ fileSystem });
    const given: string[] = [];
    const seen = async (): Promise<string[]> => {
      return options === undefined ? given : valuesIn(spark, topic);
    };
    const stream = new MemoryStream("value STRING");
    stream.addData("a");
    const writer = stream.toDF(spark).writeStream.option("checkpointLocation", join(root, topic));
    if (options === undefined) {
      writer.foreachBatch(async (batch) => {
        given.push(...(await batch.collect()).map((row) => String(row.get(0))));
      });
    } else {
      writer.format("kafka").options({ "kafka.bootstrap.servers": broker.bootstrapServers, topic, ...options });
    }
    const query = await writer.start();
    await until(async () => (await seen()).length > 0, seenBefore ? 20_000 : 500);
    assert.deepEqual(await seen(), seenBefore ? ["a"] : []);
    letGo();
    await query.processAllAvailable();
    assert.deepEqual(await seen(), ["a"]);
    await query.stop();
  });
}

/** Offsets go to a journal from the first batch on. */
const journalAtOnce = { "sluice.checkpoint.journalAfterBatches": "0" };

type Form = "stateless" | "append" | "update";

/** A query, with state for the latter two forms, that has one batch behind it. */
async function inQuickSuccession(spark: SparkSession, topic: string, delivery: string, form: Form) {
  broker.createTopic(topic);
  const stream = new MemoryStream("value STRING");
  const query = await started(spark, stream, topic, delivery, form);
  stream.addData("first");
  await query.processAllAvailable();
  return { query, stream, lastBatch: async () => (await query.lastProgress())?.batchId ?? -1 };
}

function started(spark: SparkSession, stream: MemoryStream, topic: string, delivery: string, form: Form) {
  const rows = stream.toDF(spark);
  const counts = () => rows.groupBy("value").count().selectExpr("concat(left(value, 5), ' ', count) AS value");
  const plan = form === "stateless" ? rows : form === "append" ? rows.dropDuplicates("value") : counts();
  return plan.writeStream
    .format("kafka")
    .options({ "kafka.bootstrap.servers": broker.bootstrapServers, topic, delivery })
    .option("checkpointLocation", join(root, topic))
    .outputMode(form === "update" ? "update" : "append")
    .start();
}

interface Succession {
  readonly kind: string;
  readonly delivery: string;
  readonly form: Form;
  readonly held: "/offsets/" | "/state/";
  readonly goesOn: boolean;
}

const successions: readonly Succession[] = [
  { kind: "at least once goes on", delivery: "at-least-once", form: "stateless", held: "/offsets/", goesOn: true },
  { kind: "updates at least once go on", delivery: "at-least-once", form: "update", held: "/offsets/", goesOn: true },
  { kind: "and without their state", delivery: "at-least-once", form: "update", held: "/state/", goesOn: true },
  { kind: "rows for good wait", delivery: "at-least-once", form: "append", held: "/offsets/", goesOn: false },
  { kind: "exactly once goes on", delivery: "exactly-once", form: "stateless", held: "/offsets/", goesOn: true },
  { kind: "exactly once, without its state", delivery: "exactly-once", form: "update", held: "/state/", goesOn: true },
  { kind: "exactly once, for good", delivery: "exactly-once", form: "append", held: "/offsets/", goesOn: true },
];

for (const { kind, delivery, held, form, goesOn } of successions) {
  test(`Kafka in quick succession, while the disk is busy: ${kind}`, async () => {
    const { fileSystem, hold, letGo } = holdingInPlace(held);
    await using spark = testSession({ fileSystem, config: journalAtOnce });
    const topic = `succession-${delivery}-${form}-${held.replaceAll("/", "")}`;
    const { query, stream, lastBatch } = await inQuickSuccession(spark, topic, delivery, form);
    hold();
    for (const row of ["a", "b", "c"]) {
      const last = await lastBatch();
      stream.addData(row);
      await until(async () => (await lastBatch()) > last, goesOn ? 20_000 : 300);
    }
    const shown = (rows: string[]) => (form === "update" ? rows.map((row) => `${row} 1`) : rows);
    assert.deepEqual(await valuesIn(spark, topic), shown(goesOn ? ["first", "a", "b", "c"] : ["first"]));
    letGo();
    await query.processAllAvailable();
    assert.deepEqual(await valuesIn(spark, topic), shown(["first", "a", "b", "c"]));
    await query.stop();
  });
}

test("exactly once waits for the disk where the broker doesn't take what the log lacks", async () => {
  const { fileSystem, hold, letGo } = holdingInPlace("/offsets/");
  await using spark = testSession({ fileSystem, config: journalAtOnce });
  const topic = "memo-refused";
  const { query, stream } = await inQuickSuccession(spark, topic, "exactly-once", "stateless");
  hold();
  broker.inject({ api: "TxnOffsetCommit", action: { kind: "error", error: "OFFSET_METADATA_TOO_LARGE" } });
  stream.addData("a");
  await wait(500);
  assert.deepEqual(await valuesIn(spark, topic), ["first"]);
  letGo();
  await query.processAllAvailable();
  assert.deepEqual(await valuesIn(spark, topic), ["first", "a"]);
  await query.stop();
});

test("exactly once into another sink waits for the disk", async () => {
  const { fileSystem, hold, letGo } = holdingInPlace("/offsets/");
  await using spark = testSession({ fileSystem, config: journalAtOnce });
  const file = join(root, "held.db");
  const stream = new MemoryStream("value STRING");
  const writer = stream.toDF(spark).writeStream.format("sqlite").option("dbtable", "held");
  const query = await writer.option("checkpointLocation", join(root, "held-sqlite")).start(file);
  const rows = () => {
    const database = new DatabaseSync(file);
    const found = database.prepare("SELECT value FROM held").all();
    database.close();
    return found.map((row) => row["value"]);
  };
  stream.addData("first");
  await query.processAllAvailable();
  hold();
  stream.addData("a");
  await wait(500);
  assert.deepEqual(rows(), ["first"]);
  letGo();
  await query.processAllAvailable();
  assert.deepEqual(rows(), ["first", "a"]);
  await query.stop();
});

for (const { form, held } of [
  { form: "stateless", held: "/offsets/" },
  { form: "update", held: "/offsets/" },
  { form: "update", held: "/state/" },
  { form: "append", held: "/state/" },
] as const) {
  test(`exactly once, a restart goes on after what the sink has and the disk hasn't: ${form}, ${held} behind`, async () => {
    const { fileSystem, hold, letGo } = holdingInPlace(held);
    const topic = `memo-${form}-${held.replaceAll("/", "")}`;
    const crashed = join(root, `${topic}-crashed`);
    await using spark = testSession({ fileSystem, config: journalAtOnce });
    const { query, stream, lastBatch } = await inQuickSuccession(spark, topic, "exactly-once", form);
    hold();
    for (const rows of [["a", "b"], ["b"], ["c", "first"]]) {
      const last = await lastBatch();
      stream.addData(...rows);
      await until(async () => (await lastBatch()) > last);
    }
    // What is on the disk now is what a crash would leave.
    await cp(join(root, topic), crashed, { recursive: true, filter: (path) => !path.endsWith(".lock") });
    letGo();
    await query.stop();
    await rm(join(root, topic), { recursive: true });
    await rename(crashed, join(root, topic));
    await using later = testSession({ config: journalAtOnce });
    const again = await started(later, stream, topic, "exactly-once", form);
    stream.addData("c", "d");
    await again.processAllAvailable();
    const expected = {
      stateless: ["a", "b", "b", "c", "c", "d", "first", "first"],
      update: ["a 1", "b 1", "b 2", "c 1", "c 2", "d 1", "first 1", "first 2"],
      append: ["a", "b", "c", "d", "first"],
    };
    assert.deepEqual((await valuesIn(later, topic)).sort(), expected[form]);
    await again.stop();
  });
}

test("the log doesn't get ahead of the state that it says is there", async () => {
  const { fileSystem, hold, letGo } = holdingInPlace("/state/");
  await using spark = testSession({ fileSystem, config: journalAtOnce });
  const topic = "state-behind";
  const { query, stream, lastBatch } = await inQuickSuccession(spark, topic, "at-least-once", "update");
  const first = await lastBatch();
  hold();
  for (const row of ["a", "b", "c"]) {
    const last = await lastBatch();
    stream.addData(row);
    await until(async () => (await lastBatch()) > last);
  }
  // What "a" did to the state isn't on the disk, so the batch of "b" has no right to be in the log.
  const logged = await Journal.read(diskFileSystem, join(root, topic, "offsets"));
  assert.equal(Math.max(...logged.keys()), first + 1);
  letGo();
  await query.processAllAvailable();
  await query.stop();
});

test("a restart finds the state that the log asks for, however many batches were ahead of it", async () => {
  const { fileSystem, hold, letGo } = holdingInPlace("/offsets/");
  const config = {
    ...journalAtOnce,
    "sluice.state.deltaBytesForSnapshot": "0",
    "spark.sql.streaming.minBatchesToRetain": "1",
    "spark.sql.streaming.stateStore.minDeltasForSnapshot": "1",
  };
  const [topic, copy] = ["state-kept", "state-kept-copy"];
  await using spark = testSession({ fileSystem, config });
  const { query, stream, lastBatch } = await inQuickSuccession(spark, topic, "at-least-once", "update");
  // Each makes a snapshot, and is too large to stand together with others: what is purged is gone.
  const large = [140, 280, 560].map((kib, i) => `${"abc"[i]}${"x".repeat(kib << 10)}`);
  for (const row of large) {
    const last = await lastBatch();
    stream.addData(row);
    await until(async () => (await lastBatch()) > last);
    if (row === large[0]) {
      await query.processAllAvailable();
      hold();
    }
  }
  const isThere = async (name: string) => (await readdir(join(root, topic, "state/0/0"))).includes(name);
  await until(() => isThere("4.snapshot"));
  // What is on the disk now is what a crash would leave.
  await cp(join(root, topic), join(root, copy), { recursive: true, filter: (path) => !path.endsWith(".lock") });
  letGo();
  await query.stop();
  await using later = testSession({ config });
  broker.createTopic(copy);
  const again = await started(later, stream, copy, "at-least-once", "update");
  stream.addData("first", "last");
  await again.processAllAvailable();
  assert.deepEqual((await valuesIn(later, copy)).sort(), ["bxxxx 1", "cxxxx 1", "first 2", "last 1"]);
  await again.stop();
});

test("batches wait until Kafka has them, also where they don't wait for the journal", async () => {
  await using spark = testSession({ config: journalAtOnce });
  const { query, stream, lastBatch } = await inQuickSuccession(spark, "slow-broker", "at-least-once", "stateless");
  const last = await lastBatch();
  broker.inject({ api: "Produce", action: { kind: "delay", ms: 1500 } });
  stream.addData("a");
  await wait(500);
  assert.equal(await lastBatch(), last);
  await until(async () => (await lastBatch()) > last);
  assert.deepEqual(await valuesIn(spark, "slow-broker"), ["first", "a"]);
  await query.stop();
});
