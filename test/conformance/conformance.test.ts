/** Every case on the embedded engine against what Spark gave. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { SparkSession } from "../../src/index.ts";
import type { Case, Outcome } from "./case.ts";
import { difference } from "./compare.ts";
import { allCases } from "./list.ts";
import { readRecord } from "./record.ts";
import { runCase } from "./run.ts";

const spark = SparkSession.builder
  .config("spark.sql.shuffle.partitions", 1)
  .config("spark.sql.session.timeZone", "UTC")
  .create();
after(() => spark.stop());

for (const [file, cases] of Object.entries(await allCases())) {
  describe(file, () => {
    const recorded = readRecord(file)?.cases ?? {};
    for (const one of cases) test(one.name, () => check(one, recorded[one.name]));
  });
}

async function check(one: Case, expected: Outcome | undefined): Promise<void> {
  assert.ok(expected, "no record of this case: node scripts/record-conformance.ts --missing");
  const actual = await runCase(spark, one);
  const found = difference(expected, actual);
  if (one.gap === undefined) {
    assert.equal(found, undefined, found);
    return;
  }
  assert.notEqual(found, undefined, `the gap is closed: take it out of the case (${one.gap.reason})`);
  if (one.gap.condition !== "different") {
    assert.equal("error" in actual ? actual.error : "rows", one.gap.condition);
  }
}

test("docs/support.md says what the cases say", () => {
  execFileSync(process.execPath, [
    fileURLToPath(new URL("../../scripts/support-matrix.ts", import.meta.url)),
    "--check",
  ]);
});
