/**
 * Records what the examples' PySpark twins (scripts/pyspark) give on real Spark with real Kafka:
 * `node scripts/record-examples.ts` writes test/examples/recorded.json. Look at its diff before committing it.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeHistory } from "../test/examples/input.ts";
import { produceInput } from "../test/examples/produce.ts";
import { BATCH } from "../test/examples/run.ts";
import { startKafka } from "./parts/kafka.ts";
import { sparkEnvironment, sparkPython, startSparkConnect } from "./parts/spark.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-record-"));
const kafka = await startKafka();
const spark = await startSparkConnect();
try {
  const history = join(folder, "history");
  writeHistory(history);
  await produceInput(kafka.bootstrapServers, "");
  const program = fileURLToPath(new URL("./pyspark/run.py", import.meta.url));
  const args = [spark.url, kafka.bootstrapServers, history, String(BATCH), join(folder, "checkpoint"), ""];
  const output = execFileSync(sparkPython(), [program, ...args], { env: sparkEnvironment(), encoding: "utf8" });
  const results = JSON.parse(output) as object;
  writeFileSync(
    new URL("../test/examples/recorded.json", import.meta.url),
    `${JSON.stringify(results, undefined, 1)}\n`,
  );
} finally {
  await spark.stop();
  await kafka.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
