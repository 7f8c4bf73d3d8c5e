// State of a query with many batches a second: its deltas stand together in files that are written over.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encodeRows, StateFiles } from "../../src/embedded/state/files.ts";
import { SlotTable } from "../../src/embedded/state/slots.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { LONG, STRING } from "../../src/types/types.ts";
import { MemoryDisk, tornBetween } from "../faults/memory-disk.ts";

const DIRECTORY = "/checkpoint/state/0/0/groups";
const emptyTable = (): SlotTable =>
  new SlotTable(
    [
      { name: "k", type: STRING, interned: true, nullable: true, initial: null },
      { name: "n", type: LONG, interned: false, nullable: true, initial: null },
    ],
    false,
  );

const rowsOf = (table: SlotTable): string =>
  [...table.liveSlots()]
    .map((slot) => table.columns.map((c) => String(c.get(slot))).join(" "))
    .sort()
    .join("\n");

/** A run: a table, its files, and what the table was at each version. */
class Run {
  readonly table = emptyTable();
  readonly files: StateFiles;
  readonly disk: MemoryDisk;
  readonly seen = new Map<number, string>();
  version: number;

  private constructor(disk: MemoryDisk, version: number) {
    this.disk = disk;
    this.version = version;
    this.files = new StateFiles(DIRECTORY, disk, true);
  }

  static async from(disk: MemoryDisk, version: number): Promise<Run> {
    const run = new Run(disk, version);
    await run.files.prepare();
    await run.files.forgetAfter(version);
    await run.files.load(run.table, version);
    return run;
  }

  /** The next version, in which a key is set and another one may go. */
  async step(note: string, isOften = true, keyBytes = 8): Promise<void> {
    const { table, files } = this;
    const version = ++this.version;
    const live = table.liveSlots();
    if (live.length > 20) table.remove(live[version % live.length] as number);
    const slot = table.add();
    table.columns[0]?.set(slot, `${note}${version}`.padEnd(keyBytes, "x"));
    table.columns[1]?.set(slot, version);
    await files.write(version, "delta", encodeRows(table, table.changedSlots(), table.removed.view()), isOften);
    table.endRound();
    this.seen.set(version, rowsOf(table));
  }

  async snapshot(retain: number): Promise<void> {
    await this.files.write(this.version, "snapshot", encodeRows(this.table, this.table.liveSlots(), new Int32Array()));
    await this.files.purge(this.version - retain);
  }
}

const logsOn = (disk: MemoryDisk): string[] => [...disk.files.keys()].filter((path) => path.includes("/.deltas-"));

test("any version that is kept comes back, while the files go round", async () => {
  const disk = new MemoryDisk();
  const run = await Run.from(disk, 0);
  for (let i = 1; i <= 400; i++) {
    // Some 20 KB each: 50 to a file. Now and then one has a file of its own, because it is large or because it came alone.
    await run.step("a", i % 17 !== 0, i % 31 === 0 ? 200_000 : 20_000);
    if (i % 20 === 0) await run.snapshot(60);
    if (i % 13 !== 0) continue;
    for (const version of [i, i - 1, Math.max(1, i - 60)]) {
      const back = await Run.from(new MemoryDisk(disk.files), version);
      assert.equal(rowsOf(back.table), run.seen.get(version), `version ${version} of ${i}`);
    }
  }
  assert.ok(logsOn(disk).length <= 5, `${logsOn(disk).length} files`);
  await run.files.close();
  const last = await Run.from(disk, 400);
  assert.equal(rowsOf(last.table), run.seen.get(400));
});

test("a record that is torn isn't there, and its version is written again", async () => {
  const disk = new MemoryDisk();
  const run = await Run.from(disk, 0);
  for (let i = 0; i < 6; i++) await run.step("a");
  const [path] = logsOn(disk) as [string];
  const before = disk.files.get(path) as Uint8Array;
  await run.step("a");
  const after = disk.files.get(path) as Uint8Array;
  const copies = [...tornBetween(before, after)];
  assert.ok(copies.length > 51);
  for (const torn of copies) {
    const again = new MemoryDisk(new Map(disk.files).set(path, torn));
    const next = await Run.from(again, 6);
    assert.equal(rowsOf(next.table), run.seen.get(6));
    await next.step("b");
    assert.equal(rowsOf((await Run.from(again, 7)).table), next.seen.get(7));
  }
});

test("versions after the one to go on from are forgotten, also when a writer that was replaced goes on", async () => {
  const disk = new MemoryDisk();
  const zombie = await Run.from(disk, 0);
  for (let i = 0; i < 9; i++) await zombie.step("old");
  const next = await Run.from(disk, 5);
  assert.equal(rowsOf(next.table), zombie.seen.get(5));
  await zombie.step("old");
  for (let i = 0; i < 5; i++) await next.step("new");
  for (const version of [5, 6, 9, 10]) {
    const back = await Run.from(new MemoryDisk(disk.files), version);
    assert.equal(rowsOf(back.table), (version === 5 ? zombie : next).seen.get(version));
  }
  const later = await Run.from(disk, 7);
  await assert.rejects(later.files.load(emptyTable(), 8), { condition: "STATE_STORE_VERSION_MISSING" });
});

test("a damaged record is named with its file, and a snapshot after it makes up for it", async () => {
  const disk = new MemoryDisk();
  const run = await Run.from(disk, 0);
  for (let i = 0; i < 6; i++) await run.step("damaged-key-");
  const [path] = logsOn(disk) as [string];
  const bytes = disk.files.get(path) as Uint8Array;
  const at = Buffer.from(bytes).indexOf("damaged-key-4");
  bytes[at] ^= 1;
  await assert.rejects(Run.from(new MemoryDisk(disk.files), 6), (error: Error) => {
    assert.match(error.message, /CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED/);
    assert.match(error.message, /\.deltas-/);
    return true;
  });
  await run.snapshot(100);
  assert.equal(rowsOf((await Run.from(disk, 6)).table), run.seen.get(6));
});

for (const bytes of ["0", "1000000"]) {
  test(`a query in quick succession makes ${bytes === "0" ? "snapshots" : "no snapshot before its deltas are large"}`, async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-deltas-"));
    try {
      await using spark = testSession({
        config: {
          "sluice.checkpoint.journalAfterBatches": "0",
          "spark.sql.streaming.stateStore.minDeltasForSnapshot": "3",
          "sluice.state.deltaBytesForSnapshot": bytes,
        },
      });
      const stream = new MemoryStream("n INT");
      const run = async (from: number, to: number) => {
        for (let n = from; n < to; n++) {
          stream.addData(n);
          stream.pause();
        }
        const writer = stream.toDF(spark).groupBy("n").count().writeStream.format("memory").queryName("counted");
        const query = await writer
          .outputMode("complete")
          .option("checkpointLocation", root)
          .trigger({ availableNow: true })
          .start();
        await query.awaitTermination();
      };
      await run(0, 30);
      const [operator] = await readdir(join(root, "state"));
      const names = await readdir(join(root, "state", operator as string, "0"), { recursive: true });
      assert.equal(names.filter((name) => name.endsWith(".snapshot")).length > 0, bytes === "0");
      assert.ok(names.some((name) => name.includes(".deltas-")));
      assert.ok(!names.some((name) => name.endsWith(".delta")));
      await run(30, 32);
      assert.equal(await (await spark.sql("SELECT * FROM counted")).count(), 32);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
}
