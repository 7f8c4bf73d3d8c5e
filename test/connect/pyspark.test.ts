/**
 * Unmodified PySpark programs on `sluice connect` and on real Spark: they print the same lines. Then the same programs with the
 * older clients on `sluice connect`.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DevBroker } from "../../src/broker/index.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { runProgram, type Served, serveConnect } from "./serve.ts";

const parts = requireParts("spark", "pyspark-clients", "kafka");

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

  const programs: Readonly<Record<string, (folder: string) => string[]>> = {
    "frames.py": (folder) => [folder],
    "errors.py": () => [],
    "streams.py": (folder) => [folder, broker.bootstrapServers, `${uniqueName("connect")}-`],
  };
  /** What the programs have printed with Spark's own client, on Sluice and on Spark. */
  const printed = new Map<string, readonly string[]>();
  const on = (url: string, program: string, side: string, environment: NodeJS.ProcessEnv) =>
    runProgram(spark.python, program, [url, ...programs[program](join(folder, `${program}-${side}`))], environment);

  const both = async (program: string) => {
    const here = await on(ours.url, program, "sluice", spark.environment);
    assert.deepEqual(here, await on(spark.url, program, "spark", spark.environment));
    assert.ok(here.length > 20);
    printed.set(program, here);
  };

  test("DataFrames, SQL, views, settings, catalog, files", () => both("frames.py"));

  test("errors with class, condition, SQL state and parameters", () => both("errors.py"));

  test("streaming queries: files, rate, Kafka, memory, foreachBatch, listeners, progress", () => both("streams.py"));

  test("the same streaming queries on Apache Kafka", async () => {
    const { bootstrapServers } = await parts.kafka();
    const args = [ours.url, join(folder, "streams.py-kafka"), bootstrapServers, `${uniqueName("connect")}-`];
    const lines = await runProgram(spark.python, "streams.py", args, spark.environment);
    assert.deepEqual(lines, printed.get("streams.py"));
  });

  test("older clients print what the newest does", async (t) => {
    const clients = await parts["pyspark-clients"]();
    for (const version of clients.versions) {
      await t.test(`pyspark-client ${version}`, async () => {
        const environment = clients.environment(version);
        await using server = await serveConnect(environment); // whose foreachBatch runs with the same client
        for (const [program, expected] of printed) {
          const lines = await on(server.url, program, version, environment);
          assert.deepEqual(lines.map(bytesAsNow), expected, program);
        }
        assert.equal(printed.size, Object.keys(programs).length);
      });
    }
  });
});

/** Before 4.1 a client gave BINARY as bytearray. */
function bytesAsNow(line: string): string {
  return line.replaceAll(/bytearray\((b'[^']*')\)/g, "$1");
}
