// A checkpoint and an output folder go from here to Apache Spark and back, and each file counts once.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { sparkEnvironment, sparkPython } from "../../scripts/parts/spark.ts";
import { testSession } from "../../src/testing/index.ts";
import { requireParts } from "../support/parts.ts";

const parts = requireParts("spark");

const PROGRAM = `
import sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
  .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate())
folder = "file://" + sys.argv[1]
print("before", sorted(r[0] for r in spark.read.parquet(folder + "/out").collect()))
query = (spark.readStream.schema("v INT").json(folder + "/in").writeStream.format("parquet")
  .option("checkpointLocation", folder + "/checkpoint").trigger(availableNow=True).start(folder + "/out"))
query.awaitTermination()
print("progress", query.id, [(p["batchId"], p["numInputRows"]) for p in query.recentProgress])
print("after", sorted(r[0] for r in spark.read.parquet(folder + "/out").collect()))
`;

test("Spark continues our checkpoint, and we continue Spark's", { ...parts.options, timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-spark-"));
  try {
    await mkdir(join(folder, "in"));
    let files = 0;
    const add = async () => {
      await writeFile(join(folder, "in", ".w"), `{"v":${files}}`);
      await rename(join(folder, "in", ".w"), join(folder, "in", `${files++}.json`));
    };
    await using spark = testSession();
    const run = async () => {
      const query = await spark.readStream
        .schema("v INT")
        .option("maxFilesPerTrigger", 1)
        .json(join(folder, "in"))
        .writeStream.format("parquet")
        .option("checkpointLocation", join(folder, "checkpoint"))
        .trigger({ availableNow: true })
        .start(join(folder, "out"));
      await query.awaitTermination();
      return query;
    };
    // So many batches that both logs were compacted.
    for (let i = 0; i < 13; i++) await add();
    const first = await run();
    // A file that no batch has committed, as a crash leaves it.
    const [some] = (await readdir(join(folder, "out"))).filter((n) => n.startsWith("part-"));
    await copyFile(join(folder, "out", some), join(folder, "out", "part-99999-stray.snappy.parquet"));
    for (let i = 0; i < 3; i++) await add();

    const program = promisify(execFile);
    const { stdout } = await program(sparkPython(), ["-c", PROGRAM, folder], { env: sparkEnvironment() });
    const upTo = (n: number) => `[${Array.from({ length: n }, (_, i) => i).join(", ")}]`;
    assert.deepEqual(stdout.trim().split("\n"), [
      `before ${upTo(13)}`,
      `progress ${first.id} [(13, 3)]`,
      `after ${upTo(16)}`,
    ]);

    await add();
    const last = await run();
    assert.equal(last.id, first.id);
    assert.deepEqual(
      (await last.recentProgress()).map((p) => [p.batchId, p.numInputRows]),
      [[14, 1]],
    );
    const rows = await spark.read.parquet(join(folder, "out")).orderBy("v").collect();
    assert.deepEqual(
      rows.map((r) => r.get(0)),
      Array.from({ length: 17 }, (_, i) => i),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
