// The bugs of scripts/planted-bugs.ts can still be planted: their places are there, and the tests that notice them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/parts/part.ts";
import { planted, plantedBugs } from "../../scripts/planted-bugs.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");

for (const bug of plantedBugs) {
  test(`can be planted: ${bug.name}`, () => {
    for (const [file, text] of planted(bug, read)) assert.notEqual(text, read(file));
    assert.match(read(bug.test), /\btest\(|onBothBrokers\(/);
  });
}

test("a place that has moved is an error that says so", () => {
  const bug = { name: "moved", edits: [{ file: "f", find: "a", replace: "b" }], test: "t" };
  assert.throws(() => planted(bug, () => "x"), /"moved": 0 places in f/);
  assert.throws(() => planted(bug, () => "a a"), /"moved": 2 places in f/);
});
