// The newest entries of an offset log as one text, for a sink to hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { batchesIn, LogTail, type PlannedBatch } from "../../src/embedded/stream/log-tail.ts";

const planned = (n: number, offsets: readonly (string | undefined)[]): PlannedBatch => ({
  batchWatermarkMs: n * 7,
  batchTimestampMs: 1_700_000_000_000 + n * 13,
  offsets,
});
const kafka = (n: number) => planned(n, [`{"in-1":{"0":${n * 100},"1":${n * 99},"2":0}}`]);

function tailOf(first: number, batches: readonly PlannedBatch[]): LogTail {
  const tail = new LogTail();
  for (const [i, batch] of batches.entries()) tail.add(first + i, batch);
  return tail;
}

test("entries come back as they were, whatever their offsets look like", () => {
  const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[-0-9:{}".,]{0,40}$/));
  const offsets = fc.array(fc.option(text, { nil: undefined }), { minLength: 1, maxLength: 3 });
  const time = fc.nat(2 ** 31).map((n) => n * 1000);
  const batch = fc
    .tuple(time, time, offsets)
    .map(([batchWatermarkMs, batchTimestampMs, offsets]) => ({ batchWatermarkMs, batchTimestampMs, offsets }));
  fc.assert(
    fc.property(fc.nat(1e9), fc.array(batch, { minLength: 1, maxLength: 8 }), (first, batches) => {
      const found = batchesIn(tailOf(first, batches).text(1e6) as string);
      assert.deepEqual(
        [...found],
        batches.map((each, i) => [first + i, each]),
      );
    }),
    { numRuns: 500 },
  );
});

test("an entry of a few partitions takes some twenty characters after the first", () => {
  const batches = Array.from({ length: 100 }, (_, i) => kafka(1000 + i));
  const text = tailOf(50, batches).text(4000) as string;
  assert.ok(text.length < 2500, `${text.length}`);
  assert.deepEqual(batchesIn(text).get(149), batches[99]);
});

test("what is on the disk is forgotten; what is too long isn't told", () => {
  const batches = Array.from({ length: 9 }, (_, i) => kafka(i));
  const tail = tailOf(0, batches);
  tail.forget(5);
  tail.add(9, kafka(9));
  assert.deepEqual([...batchesIn(tail.text(1000) as string).keys()], [6, 7, 8, 9]);
  assert.equal(tail.text(20), undefined);
  tail.forget(9);
  assert.equal(tail.text(1000), "");
  assert.equal(tail.text(0), undefined);
});

test("a text of another form has no batches, and one that is damaged those before the damage", () => {
  for (const text of ["", "x", "1", "-1\n[1,2]", "7\n{}", "7\n[1]", '7\n["a",2]', "7\n[1,2,3]"]) {
    assert.equal(batchesIn(text).size, 0, text);
  }
  const text = tailOf(3, [kafka(3), kafka(4), kafka(5)]).text(1000) as string;
  const lines = text.split("\n");
  assert.deepEqual([...batchesIn([...lines.slice(0, 3), "+1,2"].join("\n")).keys()], [3, 4]);
});
