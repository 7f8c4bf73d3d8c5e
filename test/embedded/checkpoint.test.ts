// The checkpoint: its layout, damage that is found, one live writer, and disks that fail at every step.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { DataFrame } from "../../src/api/dataframe.ts";
import type { SparkSession } from "../../src/api/session.ts";
import { type CheckpointFileSystem, diskFileSystem } from "../../src/embedded/checkpoint/file-system.ts";
import { CheckedFiles } from "../../src/embedded/checkpoint/files.ts";
import { lockCheckpoint } from "../../src/embedded/checkpoint/lock.ts";
import { expr } from "../../src/functions.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";

const root = await mkdtemp(join(tmpdir(), "sluice-checkpoint-test-"));
after(() => rm(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, `checkpoint ${folders++} %20`);

function start(
  df: DataFrame,
  name: string,
  checkpointLocation: string,
  outputMode: "append" | "update" | "complete" = "append",
) {
  return df.writeStream.format("memory").queryName(name).outputMode(outputMode).options({ checkpointLocation }).start();
}

async function valuesIn(spark: SparkSession, table: string): Promise<unknown[]> {
  return (await (await spark.sql(`SELECT * FROM ${table}`)).collect()).map((row) => row.get(0)).sort();
}

test("the files and their texts are Spark's", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const folder = newFolder();
  const query = await start(input.toDF(spark), "layout", folder);
  input.addData(1);
  await query.processAllAvailable();
  input.addData(2);
  await query.processAllAvailable();
  await query.stop();
  const text = (name: string) => readFile(join(folder, name), "utf8");
  assert.equal(await text("metadata"), `{"id":"${query.id}"}`);
  const [version, metadata, ...offsets] = (await text("offsets/1")).split("\n");
  assert.equal(version, "v1");
  assert.deepEqual(offsets, ["1"]);
  const { batchWatermarkMs, batchTimestampMs, conf } = JSON.parse(metadata);
  assert.equal(batchWatermarkMs, 0);
  assert.ok(batchTimestampMs > 0);
  assert.equal(conf["spark.sql.session.timeZone"], "UTC");
  assert.equal(await text("commits/1"), 'v1\n{"nextBatchWatermarkMs":0}');
  assert.deepEqual((await readdir(join(folder, "offsets"))).sort(), [".0.crc", ".1.crc", "0", "1"]);
});

test("a query keeps its id and the settings of its first start", async () => {
  const input = new MemoryStream("value INT");
  const folder = newFolder();
  const clockOf = (spark: SparkSession) => input.toDF(spark).selectExpr("date_format(timestamp_seconds(0), 'HH') AS h");
  const ids: string[] = [];
  for (const timeZone of ["Asia/Tokyo", "UTC"]) {
    await using spark = testSession({ config: { "spark.sql.session.timeZone": timeZone } });
    const query = await start(clockOf(spark), "kept", folder);
    input.addData(1);
    await query.processAllAvailable();
    ids.push(query.id);
    assert.equal((await valuesIn(spark, "kept")).at(-1), "09");
  }
  assert.equal(ids[0], ids[1]);
});

test("every flipped bit and every cut of a file is found", async () => {
  const folder = newFolder();
  const files = new CheckedFiles(folder, diskFileSystem, false);
  await files.prepare();
  await files.create("7", 'v1\n{"nextBatchWatermarkMs":12345}');
  let cases = 0;
  for (const name of ["7", ".7.crc"]) {
    const path = join(folder, name);
    const whole = await readFile(path);
    const damages = [
      ...Array.from(whole, (_, at) => whole.subarray(0, at)),
      ...Array.from({ length: whole.length * 8 }, (_, bit) => flipped(whole, bit)),
      Buffer.alloc(whole.length),
      Buffer.concat([whole, whole]),
    ];
    for (const damage of damages) {
      await writeFile(path, damage);
      await assert.rejects(files.read("7"), /CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED.*7 is damaged/s);
      cases++;
    }
    await writeFile(path, whole);
  }
  await rm(join(folder, ".7.crc"));
  await assert.rejects(files.read("7"), /its checksum file is missing/);
  assert.ok(cases > 300, `${cases} cases`);
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}

test("a query whose checkpoint is damaged doesn't run", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  for (const file of ["metadata", "fingerprint", "offsets/0", "commits/0"]) {
    const folder = newFolder();
    const query = await start(input.toDF(spark), "damaged", folder);
    input.addData(1);
    await query.processAllAvailable();
    await query.stop();
    const path = join(folder, file);
    await writeFile(path, (await readFile(path, "utf8")).replace(/\d/, "x"));
    await assert.rejects(
      start(input.toDF(spark), "damaged", folder).then((q) => q.processAllAvailable()),
      (error: Error) =>
        error.message.includes("CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED") && error.message.includes(path),
    );
  }
});

test("a checkpoint whose offsets are gone is refused", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const folder = newFolder();
  const query = await start(input.toDF(spark), "gone", folder);
  input.addData(1);
  await query.processAllAvailable();
  await query.stop();
  await rm(join(folder, "offsets"), { recursive: true });
  const again = await start(input.toDF(spark), "gone", folder);
  await assert.rejects(again.processAllAvailable(), /CHECKPOINT_INCONSISTENT.*commits\/0/s);
});

test("one query at a time writes to a checkpoint, in this process", async () => {
  await using spark = testSession();
  await using other = testSession();
  const input = new MemoryStream("value INT");
  const folder = newFolder();
  const first = await start(input.toDF(spark), "first", folder);
  for (const session of [spark, other]) {
    await assert.rejects(
      start(input.toDF(session), "second", folder),
      new RegExp(`CHECKPOINT_LOCKED.*process ${process.pid} on`),
    );
  }
  await first.stop();
  await (await start(input.toDF(other), "second", folder)).stop();
});

test("one query at a time, also of several processes; a killed one leaves nothing that locks", async () => {
  const folder = newFolder();
  await new CheckedFiles(folder, diskFileSystem, false).prepare();
  for (let i = 0; i < 3; i++) {
    const holder = spawn(process.execPath, [join(import.meta.dirname, "checkpoint-lock.ts"), folder]);
    await once(holder.stdout, "data");
    assert.throws(() => lockCheckpoint(folder), new RegExp(`CHECKPOINT_LOCKED.*process ${holder.pid} on`));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    lockCheckpoint(folder).release();
  }
});

test("of many that start at once exactly one gets the checkpoint", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const folder = newFolder();
  for (let round = 0; round < 10; round++) {
    const starts = await Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => start(input.toDF(spark), `at_once_${i}`, folder)),
    );
    const started = starts.filter((s) => s.status === "fulfilled");
    assert.equal(started.length, 1);
    for (const s of starts) if (s.status === "rejected") assert.match(String(s.reason), /CHECKPOINT_LOCKED/);
    await started[0].value.stop();
  }
});

test("a changed query is refused, with what changed", async () => {
  await using spark = testSession();
  const input = new MemoryStream("device STRING, value INT");
  const df = input.toDF(spark);
  const sums = (key: string, aggregate: string) => df.groupBy(expr(key).alias("k")).agg(expr(aggregate));
  const folder = newFolder();
  const query = await start(sums("device", "sum(value)"), "changed", folder, "update");
  input.addData(["a", 1]);
  await query.processAllAvailable();
  await query.stop();
  const refused = (changed: DataFrame, mode: "append" | "update", message: RegExp) =>
    assert.rejects(start(changed, "changed", folder, mode), message);
  await refused(df, "append", /STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA.*0: aggregate.*Now: none/s);
  await refused(sums("value", "sum(value)"), "update", /STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE.*\(STRING\) to \(INT\)/s);
  await refused(sums("device", "max(value)"), "update", /STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE.*sum.*max/s);
  const rate = spark.readStream.format("rate").load().groupBy(expr("CAST(value AS STRING)")).agg(expr("sum(value)"));
  await refused(rate, "update", /CHECKPOINT_QUERY_CHANGED.*memory.*rate/s);
  const filtered = df.filter("value > 0").groupBy(expr("device").alias("k")).agg(expr("sum(value)"));
  await (await start(filtered, "changed", folder, "update")).stop();
});

/** A disk whose step number `at` fails; later steps work again. */
function failingAt(at: number): { fileSystem: CheckpointFileSystem; steps: () => number; heal: () => void } {
  let step = 0;
  let healed = false;
  const guarded = <A extends unknown[], R>(name: string, run: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (!healed && ++step === at) throw Object.assign(new Error(`no space left, ${name}`), { code: "ENOSPC" });
      return run(...args);
    };
  };
  const fileSystem = Object.fromEntries(
    Object.entries(diskFileSystem).map(([name, run]) => [name, guarded(name, run as () => Promise<unknown>)]),
  ) as unknown as CheckpointFileSystem;
  const heal = () => {
    healed = true;
  };
  return { fileSystem, steps: () => step, heal };
}

test("a disk that fails at any step ends the query, and its rows count once after a restart", async () => {
  let failures = 0;
  for (let at = 1; ; at++) {
    const disk = failingAt(at);
    await using spark = testSession({ fileSystem: disk.fileSystem });
    const input = new MemoryStream("value INT");
    const sums = input.toDF(spark).groupBy().agg(expr("sum(value) AS total"));
    const folder = newFolder();
    const step = async (work: () => Promise<unknown>) => {
      await work().catch((error: Error) => {
        failures++;
        assert.match(error.message, /no space left/);
      });
    };
    for (const value of [1, 2, 4]) {
      input.addData(value);
      await step(async () => {
        const query = await start(sums, "failing", folder, "complete");
        await query.processAllAvailable().finally(() => query.stop());
      });
    }
    disk.heal();
    input.addData(8);
    const query = await start(sums, "failing", folder, "complete");
    await query.processAllAvailable();
    await query.stop();
    assert.deepEqual(await valuesIn(spark, "failing"), [15], `step ${at}`);
    if (disk.steps() < at) break;
  }
  assert.ok(failures > 50, `${failures} failures`);
});

test("old batches are forgotten, as many as a restart needs are kept", async () => {
  await using spark = testSession({ config: { "spark.sql.streaming.minBatchesToRetain": "2" } });
  const input = new MemoryStream("value INT");
  const folder = newFolder();
  for (let run = 0; run < 2; run++) {
    const query = await start(input.toDF(spark).groupBy().agg(expr("sum(value)")), "retained", folder, "complete");
    for (let i = 0; i < 4; i++) {
      input.addData(1);
      await query.processAllAvailable();
    }
    await query.stop();
  }
  const left = async (name: string) => (await readdir(join(folder, name))).filter((n) => !n.startsWith(".")).sort();
  assert.deepEqual(await left("offsets"), ["5", "6", "7"]);
  assert.deepEqual(await left("commits"), ["5", "6", "7"]);
  assert.deepEqual(await valuesIn(spark, "retained"), [8]);
});

test("a temporary checkpoint goes with its query", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const before = (await readdir(tmpdir())).filter((n) => n.startsWith("sluice-checkpoint-")).length;
  const query = await input.toDF(spark).writeStream.format("noop").queryName("temporary").start();
  input.addData(1);
  await query.processAllAvailable();
  await query.stop();
  const left = (await readdir(tmpdir())).filter((n) => n.startsWith("sluice-checkpoint-")).length;
  assert.ok(left <= before);
});

test("other sinks need a checkpoint", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value STRING");
  const write = () => input.toDF(spark).writeStream.format("json");
  await assert.rejects(write().start(join(root, "out")), /CHECKPOINT_LOCATION_REQUIRED/);
  await spark.conf.set("spark.sql.streaming.checkpointLocation", join(root, "base"));
  const query = await write().queryName("named").start(join(root, "out"));
  await query.stop();
  assert.deepEqual(await readdir(join(root, "base")), ["named"]);
});
