// The offset log of a query with many batches a second: in a journal, and in files now and then.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { diskFileSystem } from "../../src/embedded/checkpoint/file-system.ts";
import { CommitLog, OffsetLog } from "../../src/embedded/checkpoint/logs.ts";
import { expr } from "../../src/functions.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { MemoryDisk, tornBetween } from "../faults/memory-disk.ts";

const DIRECTORY = "/checkpoint/offsets";
const entry = (n: number, text = "") => ({
  batchWatermarkMs: n,
  batchTimestampMs: 1000 + n,
  conf: {},
  offsets: [`{"t":{"0":${n}}}${text}`],
});

async function opened(disk: MemoryDisk, journalAfter = 2): Promise<OffsetLog> {
  const log = new OffsetLog(DIRECTORY, disk, true, journalAfter);
  await log.prepare();
  return log;
}

const namesOn = (disk: MemoryDisk): string[] =>
  [...disk.files.keys()].map((path) => path.slice(DIRECTORY.length + 1)).sort();
const journalsOn = (disk: MemoryDisk): string[] => namesOn(disk).filter((name) => name.startsWith(".journal"));

test("what a crash leaves in the journal is in the log again", async () => {
  for (let batches = 1; batches < 12; batches++) {
    const disk = new MemoryDisk();
    const log = await opened(disk);
    for (let n = 0; n < batches; n++) await log.write(n, entry(n));
    const after = await opened(new MemoryDisk(disk.files));
    assert.equal(await after.latest(), batches - 1);
    for (const n of [batches - 1, batches - 2]) if (n >= 0) assert.deepEqual(await after.entry(n), entry(n));
  }
});

test("files come for the newest two, when they are asked for; a log that is closed has no journal", async () => {
  const disk = new MemoryDisk();
  const log = await opened(disk);
  for (let n = 0; n < 9; n++) await log.write(n, entry(n));
  assert.ok(log.isJournaling);
  assert.equal(journalsOn(disk).length, 1);
  assert.deepEqual(await log.batchIds(), [0, 1]);
  await log.file();
  assert.deepEqual(await log.batchIds(), [0, 1, 7, 8]);
  await log.write(9, entry(9));
  await log.close();
  assert.deepEqual(namesOn(disk), [".0.crc", ".1.crc", ".7.crc", ".8.crc", ".9.crc", "0", "1", "7", "8", "9"].sort());
});

test("no file comes before the journal has what it is the newer one of", async () => {
  const disk = new MemoryDisk();
  const held = Promise.withResolvers<void>();
  const openInPlace = disk.openInPlace.bind(disk);
  disk.openInPlace = async (path, size) => {
    const file = await openInPlace(path, size);
    return { ...file, write: (...args) => held.promise.then(() => file.write(...args)) };
  };
  const log = await opened(disk, 0);
  const writes = [0, 1, 2, 3].map((n) => log.write(n, entry(n)));
  const filed = log.file();
  for (let turns = 0; turns < 500; turns++) await undefined;
  assert.deepEqual(namesOn(disk), journalsOn(disk));
  held.resolve();
  await Promise.all([...writes, filed]);
  assert.deepEqual(await log.batchIds(), [2, 3]);
});

for (const followers of [1, 3]) {
  test(`when batches slow down while the log follows, none is in it without the one before; ${followers} at once`, async () => {
    const disk = new MemoryDisk();
    const held = Promise.withResolvers<void>();
    const write = disk.write.bind(disk);
    disk.write = async (path, bytes) => {
      if (path.includes("/.2.")) await held.promise; // the file of batch 2, before it has its name
      await write(path, bytes);
    };
    const log = await opened(disk, 1);
    for (const n of [0, 1]) await log.write(n, entry(n));
    await wait(150); // more than there is between batches that follow each other closely
    const late = Array.from({ length: 1 + followers }, (_, i) => log.write(2 + i, entry(2 + i)));
    const latest = async () => {
      const after = await opened(new MemoryDisk(disk.files));
      const last = (await after.latest()) as number;
      for (const n of [last - 1, last]) assert.deepEqual(await after.entry(n), entry(n));
      return last;
    };
    for (let turns = 0; turns < 500; turns++) await undefined;
    assert.equal(await latest(), 1);
    held.resolve();
    await Promise.all(late);
    assert.equal(await latest(), 2 + followers);
  });
}

test("no file comes after one that couldn't be written", async () => {
  const disk = new MemoryDisk();
  const write = disk.write.bind(disk);
  disk.write = async (path, bytes) => {
    if (path.includes("/.2.")) throw new Error("EIO");
    await write(path, bytes);
  };
  const log = await opened(disk, 1000);
  const writes = await Promise.allSettled([0, 1, 2, 3].map((n) => log.write(n, entry(n))));
  assert.deepEqual(
    writes.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "rejected"],
  );
  await assert.rejects(log.close(), /CHECKPOINT_IO_ERROR/);
  assert.equal(await (await opened(new MemoryDisk(disk.files))).latest(), 1);
});

test("an entry that is torn isn't there; the one before it is", async () => {
  const disk = new MemoryDisk();
  const log = await opened(disk);
  for (let n = 0; n < 7; n++) await log.write(n, entry(n));
  const [name] = journalsOn(disk) as [string];
  const path = join(DIRECTORY, name);
  const before = disk.files.get(path)?.slice() as Uint8Array;
  await log.write(7, entry(7));
  const whole = disk.files.get(path) as Uint8Array;
  const copies = [...tornBetween(before, whole)];
  assert.ok(copies.length > 101);
  for (const torn of copies) {
    const after = await opened(new MemoryDisk(new Map(disk.files).set(path, torn)));
    assert.equal(await after.latest(), 6);
    assert.deepEqual(await after.entry(5), entry(5));
  }
});

test("a writer that was replaced writes to a journal that nobody reads", async () => {
  const disk = new MemoryDisk();
  const zombie = await opened(disk);
  for (let n = 0; n < 6; n++) await zombie.write(n, entry(n));
  const next = await opened(disk);
  assert.equal(await next.latest(), 5);
  await zombie.write(6, entry(6, "zombie"));
  await next.write(6, entry(6));
  assert.deepEqual(await (await opened(disk)).entry(6), entry(6));
});

test("a writer that was replaced leaves its successor's journal alone when it ends", async () => {
  const disk = new MemoryDisk();
  const zombie = await opened(disk);
  for (let n = 0; n < 6; n++) await zombie.write(n, entry(n));
  await zombie.file();
  const next = await opened(disk, 0);
  await next.write(6, entry(6));
  await zombie.close();
  assert.equal(journalsOn(disk).length, 1);
  assert.deepEqual(await (await opened(disk)).entry(6), entry(6));
});

test("offsets that are too long for the journal go to files", async () => {
  const disk = new MemoryDisk();
  const log = await opened(disk);
  const long = "x".repeat(40_000);
  for (let n = 0; n < 8; n++) await log.write(n, entry(n, n === 5 ? long : ""));
  const after = await opened(disk);
  assert.deepEqual(await after.entry(5), entry(5, long));
  assert.deepEqual(await after.entry(4), entry(4));
  assert.equal(await after.latest(), 7);
});

test("a number that is there already is refused, also in the journal", async () => {
  const log = await opened(new MemoryDisk(), 0);
  await log.write(0, entry(0));
  await log.file();
  await assert.rejects(log.write(0, entry(0)), /CONCURRENT_STREAM_LOG_UPDATE/);
});

test("a query in quick succession stops with the files that another engine reads", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-journal-"));
  try {
    const folder = join(root, "checkpoint");
    const stream = new MemoryStream("n INT");
    for (let n = 0; n < 60; n++) {
      stream.addData(n);
      stream.pause();
    }
    await using spark = testSession({ config: { "sluice.checkpoint.journalAfterBatches": "3" } });
    const sums = stream.toDF(spark).groupBy().agg(expr("sum(n) AS total"));
    const run = async () => {
      const writer = sums.writeStream.format("memory").queryName("quick").outputMode("complete");
      const query = await writer.option("checkpointLocation", folder).trigger({ availableNow: true }).start();
      await query.awaitTermination();
    };
    await run();
    const seen = async (name: string) =>
      (await readdir(join(folder, name))).filter((file) => !file.endsWith(".crc")).map(Number);
    assert.equal(Math.max(...(await seen("offsets"))), 59);
    assert.equal(Math.max(...(await seen("commits"))), 59);
    assert.ok((await seen("offsets")).length < 60, "most batches had no file of their own");
    const commits = new CommitLog(join(folder, "commits"), diskFileSystem, false);
    assert.equal(await commits.latest(), 59);
    stream.addData(1000);
    await run();
    assert.deepEqual(
      (await (await spark.sql("SELECT total FROM quick")).collect()).map((r) => Number(r.get(0))),
      [2770],
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
