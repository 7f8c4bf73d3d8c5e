import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReusedArrays } from "../../src/columns/arrays.ts";
import { packed, packedBytes } from "../../src/columns/pack.ts";
import { type Utf8Vector, type Vector, valueAt, vectorFrom } from "../../src/columns/vector.ts";
import { BOOLEAN, DOUBLE, INT, LONG, STRING } from "../../src/types/types.ts";
import type { Value } from "../../src/types/values.ts";

const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ minLength: 60, maxLength: 80 }));
const row = fc.tuple(
  fc.option(fc.boolean()),
  fc.option(fc.integer()),
  fc.option(fc.double()),
  fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.option(text),
);

/** Texts as views on bytes with something before, between and behind. */
function views(texts: readonly (string | null)[]): Utf8Vector {
  const starts = new Int32Array(texts.length);
  const ends = new Int32Array(texts.length);
  let all = "<";
  texts.forEach((t, i) => {
    starts[i] = Buffer.byteLength(all);
    all += t ?? "";
    ends[i] = Buffer.byteLength(all);
    all += "|";
  });
  const nulls = texts.includes(null) ? Uint8Array.from(texts, (t) => Number(t === null)) : null;
  return { repr: "utf8", type: STRING, bytes: new Uint8Array(Buffer.from(all)), starts, ends, nulls };
}

test("packed columns hold the same values, all in the one buffer", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 50 }), (rows) => {
      const of = (c: number): Value[] => rows.map((r) => r[c] as Value);
      const columns: Vector[] = [
        vectorFrom(BOOLEAN, of(0)),
        vectorFrom(INT, of(1)),
        views(rows.map((r) => r[4])),
        vectorFrom(DOUBLE, of(2)),
        vectorFrom(LONG, of(3), true),
      ];
      const buffer = new ArrayBuffer(packedBytes(columns, rows.length));
      const copies = packed(columns, rows.length, buffer);
      copies.forEach((copy, c) => {
        assert.equal(copy.repr === "obj" ? undefined : ("values" in copy ? copy.values : copy.bytes).buffer, buffer);
        for (let i = 0; i < rows.length; i++) assert.deepEqual(valueAt(copy, i), valueAt(columns[c], i));
      });
    }),
  );
});

test("reused arrays are the same ones after a reset, flags are zero again, and longer ones are made where needed", () => {
  const arrays = new ReusedArrays();
  const flags = arrays.flags(10).fill(1);
  const numbers = arrays.f64(10);
  const others = arrays.f64(10);
  assert.notEqual(numbers.buffer, others.buffer);
  arrays.reset();
  const again = arrays.flags(8);
  assert.equal(again.buffer, flags.buffer);
  assert.deepEqual([...again], new Array(8).fill(0));
  assert.equal(arrays.f64(10).buffer, numbers.buffer);
  assert.equal(arrays.f64(100_000).length, 100_000);
});
