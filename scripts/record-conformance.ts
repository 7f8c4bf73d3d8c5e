/**
 * Records what Spark gives for the conformance cases: `node scripts/record-conformance.ts [file …] [--missing]`.
 * Files are names under test/conformance/cases; `--missing` runs only cases that have no record yet.
 * Results go to test/conformance/recorded/<file>.json; look at their diff before committing it.
 */
import { SparkSession } from "../src/index.ts";
import { allCases } from "../test/conformance/list.ts";
import { readRecord, writeRecord } from "../test/conformance/record.ts";
import { runCase } from "../test/conformance/run.ts";
import { startSparkConnect } from "./parts/spark.ts";

const args = process.argv.slice(2);
const onlyMissing = args.includes("--missing");
const files = args.filter((arg) => !arg.startsWith("--"));
const own = process.env["SPARK_REMOTE"] === undefined ? await startSparkConnect() : undefined;
const spark = SparkSession.builder
  .remote(own?.url ?? (process.env["SPARK_REMOTE"] as string))
  .config("spark.sql.shuffle.partitions", 1)
  // Else numInputRows leaves out rows that the file reader itself could filter.
  .config("spark.sql.json.filterPushdown.enabled", false)
  .config("spark.sql.session.timeZone", "UTC")
  .getOrCreate();
try {
  const sparkVersion = await spark.version();
  for (const [file, cases] of Object.entries(await allCases())) {
    if (files.length > 0 && !files.includes(file)) continue;
    const known = readRecord(file)?.cases ?? {};
    const recorded: Record<string, Awaited<ReturnType<typeof runCase>>> = {};
    for (const [i, test] of cases.entries()) {
      if (process.stderr.isTTY) process.stderr.write(`\r${file}: ${i + 1}/${cases.length}`);
      const before = known[test.name];
      recorded[test.name] = onlyMissing && before !== undefined ? before : await runCase(spark, test);
    }
    process.stderr.write(`\r${file}: ${cases.length} cases\n`);
    writeRecord(file, { sparkVersion, cases: recorded });
  }
} finally {
  await spark.stop();
  await own?.stop();
}
