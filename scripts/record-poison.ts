/**
 * Records what Spark makes of the poisoned records of test/embedded/poison: `node scripts/record-poison.ts` writes
 * test/embedded/poison/recorded.json. Look at its diff before committing it.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lineOf, poisonRecords, SCHEMA } from "../test/embedded/poison/records.ts";
import { sparkEnvironment, sparkPython } from "./parts/spark.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-poison-"));
try {
  const records = [...poisonRecords()];
  const pairs = records.map(({ kind, value }) => `${kind}\t${value === null ? "-" : value.toString("base64")}\n`);
  writeFileSync(join(folder, "pairs.txt"), pairs.join(""));
  writeFileSync(join(folder, "lines.json"), Buffer.concat(records.flatMap((record) => lineOf(record) ?? [])));
  const program = fileURLToPath(new URL("./pyspark/poison.py", import.meta.url));
  const args = [program, join(folder, "pairs.txt"), join(folder, "lines.json"), SCHEMA];
  const output = execFileSync(sparkPython(), args, { env: sparkEnvironment(), encoding: "utf8", maxBuffer: 1 << 26 });
  const results = JSON.parse(output.slice(output.indexOf("{"))) as object;
  const target = new URL("../test/embedded/poison/recorded.json", import.meta.url);
  writeFileSync(target, `${JSON.stringify(results, undefined, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
