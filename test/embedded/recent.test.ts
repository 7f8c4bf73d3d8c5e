import assert from "node:assert/strict";
import { test } from "node:test";
import { Recent } from "../../src/embedded/stream/recent.ts";

test("the newest are kept, from the oldest to the newest", () => {
  const recent = new Recent<number>(3);
  assert.deepEqual([recent.newest, recent.all()], [undefined, []]);
  const seen: number[] = [];
  for (let i = 1; i <= 8; i++) {
    recent.add(i);
    seen.push(i);
    assert.equal(recent.newest, i);
    assert.deepEqual(recent.all(), seen.slice(-3));
  }
});

test("none is kept where none is wanted", () => {
  const recent = new Recent<number>(0);
  recent.add(1);
  assert.deepEqual([recent.newest, recent.all()], [undefined, []]);
});
