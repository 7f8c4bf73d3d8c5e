import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeArrow, encodeArrow } from "../../src/columns/arrow.ts";
import { batchFromRows, rowsOf } from "../../src/columns/rows.ts";
import { parseSchema } from "../../src/types/ddl.ts";
import type { DataType } from "../../src/types/types.ts";
import { MapValue, type Value } from "../../src/types/values.ts";

const schema = parseSchema(
  "a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(38,10), i STRING, j BINARY, " +
    "k DATE, l TIMESTAMP, m TIMESTAMP_NTZ, n ARRAY<STRING>, o MAP<STRING, ARRAY<INT>>, p STRUCT<x: BIGINT, y: STRUCT<z: BOOLEAN>>, " +
    "q ARRAY<STRUCT<k: STRING, v: DECIMAL(5,2)>>, r INTERVAL DAY TO SECOND, s INTERVAL YEAR TO MONTH",
);

const int64 = () => fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });

function valueOf(type: DataType): fc.Arbitrary<Value> {
  return fc.option(nonNull(type), { nil: null, freq: 4 });
}

function nonNull(type: DataType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case "boolean":
      return fc.boolean();
    case "byte":
      return fc.integer({ min: -128, max: 127 });
    case "short":
      return fc.integer({ min: -32768, max: 32767 });
    case "float":
      return fc.float();
    case "double":
      return fc.double();
    case "string":
      return fc.string({ unit: "binary", maxLength: 40 });
    case "binary":
      return fc.uint8Array({ maxLength: 20 }).map((bytes) => Uint8Array.from(bytes));
    case "decimal":
      return fc.bigInt({ min: -(10n ** BigInt(type.precision)) + 1n, max: 10n ** BigInt(type.precision) - 1n });
    case "long":
    case "timestamp":
    case "timestamp_ntz":
    case "daytime_interval":
      return int64();
    case "array":
      return fc.array(valueOf(type.elementType), { maxLength: 4 });
    case "map":
      return fc.array(fc.tuple(nonNull(type.keyType), valueOf(type.valueType)), { maxLength: 3 }).map(
        (entries) =>
          new MapValue(
            entries.map(([k]) => k),
            entries.map(([, v]) => v),
          ),
      );
    case "struct":
      return fc.tuple(...type.fields.map((f) => valueOf(f.type))) as fc.Arbitrary<Value[]>;
    default:
      return fc.integer();
  }
}

const types = schema.fields.map((f) => f.type);

test("what goes out in Arrow comes back equal, in every type", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(...types.map(valueOf)), { maxLength: 20 }), (rows) => {
      const decoded = decodeArrow(encodeArrow(schema, [batchFromRows(types, rows, true)]));
      assert.deepEqual(decoded.schema, schema);
      assert.deepEqual(decoded.batches.flatMap(rowsOf), rows);
    }),
    { numRuns: 30 },
  );
});

test("several batches, an empty one among them, and bytes at any place in memory", () => {
  const ids = parseSchema("id BIGINT NOT NULL, s STRING");
  const idTypes = ids.fields.map((f) => f.type);
  const batches = [
    [[1n, "a"]],
    [],
    [
      [2n, null],
      [3n, ""],
    ],
  ].map((rows) => batchFromRows(idTypes, rows, true));
  const bytes = encodeArrow(ids, batches);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const decoded = decodeArrow(shifted.subarray(3));
  assert.deepEqual(decoded.schema, ids);
  assert.deepEqual(
    decoded.batches.map((b) => b.rows),
    [1, 0, 2],
  );
  assert.deepEqual(decoded.batches.flatMap(rowsOf), [
    [1n, "a"],
    [2n, null],
    [3n, ""],
  ]);
});

test("no batch at all is a stream with a schema", () => {
  const decoded = decodeArrow(encodeArrow(schema, []));
  assert.deepEqual(decoded.schema, schema);
  assert.deepEqual(decoded.batches, []);
});

test("columns as a source stores them: views on bytes, numbers of the narrow form, longer than the batch", () => {
  const stored = parseSchema("s STRING, n BIGINT, b BOOLEAN, t TINYINT");
  const bytes = new TextEncoder().encode("…abcdéf");
  const nulls = Uint8Array.from([0, 1, 0, 0]);
  const [s, n, b, t] = stored.fields.map((f) => f.type);
  const batch = {
    rows: 3,
    columns: [
      {
        repr: "utf8",
        type: s,
        bytes,
        starts: Int32Array.from([3, 0, 6, 0]),
        ends: Int32Array.from([5, 3, 9, 0]),
        nulls,
      },
      { repr: "f64", type: n, values: Float64Array.from([1, Number.NaN, 2 ** 40, 7]), nulls },
      { repr: "bool", type: b, values: Uint8Array.from([1, 0, 0, 1]), nulls: null },
      { repr: "i32", type: t, values: Int32Array.from([-1, 2, 127, 0]), nulls: null },
    ],
  } as const;
  assert.deepEqual(decodeArrow(encodeArrow(stored, [batch])).batches.flatMap(rowsOf), [
    ["ab", 1n, true, -1],
    [null, null, false, 2],
    ["dé", 1099511627776n, false, 127],
  ]);
});
