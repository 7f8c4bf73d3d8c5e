/** Unmodified PySpark programs on `sluice connect` and on real Spark: they print the same lines. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DevBroker } from "../../src/broker/index.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { runProgram, type Served, serveConnect } from "./serve.ts";

const parts = requireParts("spark");

describe("PySpark", parts.options, () => {
  let ours: Served;
  let spark: Awaited<ReturnType<typeof parts.spark>>;
  let broker: DevBroker;
  let folder: string;
  before(async () => {
    spark = await parts.spark();
    ours = await serveConnect(spark.environment);
    broker = await DevBroker.start({ port: 0 });
    folder = await mkdtemp(join(tmpdir(), "sluice-connect-"));
  });
  after(async () => {
    await ours?.stop();
    await broker?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const both = async (program: string, args: (side: string) => string[]) => {
    const on = (url: string, side: string) =>
      runProgram(spark.python, program, [url, ...args(join(folder, side))], spark.environment);
    const here = await on(ours.url, `${program}-sluice`);
    assert.deepEqual(here, await on(spark.url, `${program}-spark`));
    assert.ok(here.length > 20);
  };

  test("DataFrames, SQL, views, settings, catalog, files", () => both("frames.py", (side) => [side]));

  test("errors with class, condition, SQL state and parameters", () => both("errors.py", () => []));

  test("streaming queries: files, rate, Kafka, memory, foreachBatch, listeners, progress", () =>
    both("streams.py", (side) => [side, broker.bootstrapServers, `${uniqueName("connect")}-`]));
});
