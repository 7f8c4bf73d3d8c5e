/** The benchmark's workloads on few messages: Sluice gives what the same query gives written by hand. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Bench, workloads } from "../../bench/workloads.ts";
import { requireParts } from "../support/parts.ts";

const parts = requireParts("kafka");
const MESSAGES = 20_000;

describe("benchmark", parts.options, () => {
  let bench: Bench;
  before(async () => {
    const { bootstrapServers } = await parts.kafka();
    bench = await Bench.open(bootstrapServers, MESSAGES, { fromSource: true });
  });
  after(() => bench?.[Symbol.asyncDispose]());

  // What goes to nothing shows its rows in no other way than by going to a topic.
  const distinct = new Map(workloads.map((w) => [`${w.query} of ${w.devices} devices`, { ...w, toKafka: true }]));
  for (const [name, workload] of distinct) {
    test(`${name} is the same by hand`, async () => {
      const [ours, byHand] = [
        await bench.run("sluice", workload, 1),
        await bench.run("by hand", workload, 1, { digest: true }),
      ];
      const digest = await bench.digestOf(ours, workload.query);
      assert.equal(digest, await bench.digestOf(byHand, workload.query));
      assert.ok(Number.parseInt(digest, 10) > MESSAGES / 2, digest);
      await bench.drop(...ours.outputs);
    });
  }

  test("the loop written by hand over typed arrays gives the same groups", async () => {
    const [rollup] = workloads;
    assert.ok(rollup !== undefined);
    const byHand = await bench.run("by hand", rollup, 1, { digest: true });
    assert.equal((await bench.handwritten(rollup, 1)).digest, byHand.digest);
  });

  test("a workload to nothing runs twice in one process", async () => {
    const [rollup] = workloads.filter((w) => !w.toKafka);
    const { runs } = await bench.run("sluice", rollup, 2);
    assert.deepEqual(
      runs.map((r) => r.rows),
      [MESSAGES, MESSAGES],
    );
  });

  test("the first row of a query that goes on is seen", async () => {
    const forward = workloads.find((w) => w.query === "forward");
    assert.ok(forward !== undefined && (await bench.firstRow("sluice", forward, MESSAGES)) > 0);
  });
});
