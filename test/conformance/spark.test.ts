/**
 * The records against Spark itself, through the cluster engine: a part of the cases in each run, all of them with
 * CONFORMANCE=all.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SparkSession } from "../../src/index.ts";
import { requireParts } from "../support/parts.ts";
import type { Case } from "./case.ts";
import { difference } from "./compare.ts";
import { allCases } from "./list.ts";
import { readRecord } from "./record.ts";
import { runCase } from "./run.ts";

const parts = requireParts("spark");
const all = process.env["CONFORMANCE"] === "all";
/** One case in so many; streaming ones take seconds on Spark. */
const EVERY = { batch: 15, stream: 25 };

describe("records are what Spark gives", parts.options, () => {
  let spark: SparkSession;
  before(async () => {
    const { url } = await parts.spark();
    spark = SparkSession.builder
      .remote(url)
      .config("spark.sql.shuffle.partitions", 1)
      // Else numInputRows leaves out rows that the file reader itself could filter.
      .config("spark.sql.json.filterPushdown.enabled", false)
      .config("spark.sql.session.timeZone", "UTC")
      .create();
  });
  after(() => spark?.stop());

  test("the chosen cases", async (t) => {
    for (const [file, cases] of Object.entries(await allCases())) {
      const recorded = readRecord(file)?.cases ?? {};
      for (const one of cases.filter(isChosen)) {
        await t.test(`${file}: ${one.name}`, async () => {
          const expected = recorded[one.name];
          assert.ok(expected, "no record of this case");
          const found = difference(expected, await runCase(spark, one));
          assert.equal(found, undefined, found);
        });
      }
    }
  });
});

function isChosen(one: Case, i: number): boolean {
  return all || i % EVERY[one.kind] === 0;
}
