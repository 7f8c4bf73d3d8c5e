import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptValue } from "../../src/api/accept.ts";
import { inferSchema } from "../../src/api/infer.ts";
import { rowFactory } from "../../src/api/row.ts";
import { publicValue } from "../../src/api/values.ts";
import { Decimal, SluiceError, Timestamp, types } from "../../src/index.ts";
import { toDdl } from "../../src/types/ddl.ts";
import { MapValue } from "../../src/types/values.ts";

const fails = (condition: string) => (error: unknown) => error instanceof SluiceError && error.condition === condition;

test("Decimal keeps its scale and rounds half away from zero", () => {
  assert.equal(Decimal.from("-0.05").toString(), "-0.05");
  assert.equal(Decimal.from("1e-3").toString(), "0.001");
  assert.equal(Decimal.from("12e2").toString(), "1200");
  assert.equal(Decimal.from("2.345").toScale(2).toString(), "2.35");
  assert.equal(Decimal.from("-2.345").toScale(2).toString(), "-2.35");
  assert.equal(Decimal.from("1.5").toScale(3).toString(), "1.500");
  assert.ok(Decimal.from("1.50").equals(Decimal.from("1.5")));
  assert.equal(Decimal.from("99999999999999999999.99").unscaled, 9999999999999999999999n);
  assert.equal(JSON.stringify({ price: Decimal.from("1.10") }), '{"price":"1.10"}');
  for (const text of ["", ".", "1.2.3", "x", "1e", "--1"])
    assert.throws(() => Decimal.from(text), fails("CAST_INVALID_INPUT"));
});

test("Timestamp keeps microseconds, before 1970 too", () => {
  const t = Timestamp.from("2026-01-31T10:15:00.123456Z");
  assert.equal(t.epochMicros, 1769854500123456n);
  assert.equal(t.getTime(), 1769854500123);
  assert.equal(t.toISOString(), "2026-01-31T10:15:00.123456Z");
  const before = new Timestamp(-1n);
  assert.equal(before.getTime(), -1);
  assert.equal(before.toISOString(), "1969-12-31T23:59:59.999999Z");
  assert.equal(Timestamp.from("2026-01-31 10:15:00+02:00").epochMicros, 1769847300000000n);
  assert.equal(Timestamp.from(new Date(5)).epochMicros, 5000n);
  assert.throws(() => Timestamp.from("yesterday"), fails("CAST_INVALID_INPUT"));
  assert.throws(() => Timestamp.from("2026-13-31"), fails("CAST_INVALID_INPUT"));
});

test("values as users see them", () => {
  assert.equal(publicValue(types.long)(5n), 5);
  assert.equal(publicValue(types.long)(9007199254740993n), 9007199254740993n);
  assert.equal(publicValue(types.long)(7), 7);
  assert.ok(Object.is(publicValue(types.double)(-0), -0));
  assert.equal(String(publicValue(types.decimal(10, 2))(150)), "1.50");
  assert.deepEqual(publicValue(types.date)(19753), new Date("2024-01-31T00:00:00Z"));
  assert.deepEqual(publicValue(types.array(types.long))([1n, null]), [1, null]);
  const map = publicValue(types.map(types.string, types.int))(new MapValue(["__proto__"], [1]));
  assert.deepEqual(map, new Map([["__proto__", 1]]));
});

test("a row by name, by position, as an object and as JSON", () => {
  const type = types.struct({ device: types.string, get: types.int, __proto__x: types.long, at: types.timestamp });
  const row = rowFactory(type)(["d1", 3, 9007199254740993n, Timestamp.from("2026-01-31T00:00:00Z")]) as never as Record<
    string,
    unknown
  > &
    ReturnType<ReturnType<typeof rowFactory>>;
  assert.equal(row["device"], "d1");
  assert.equal(row.get("get"), 3); // the column; `row.get` itself stays the method
  assert.equal(row.get(0), "d1");
  assert.equal(row.length, 4);
  assert.deepEqual([...row].slice(0, 2), ["d1", 3]);
  assert.deepEqual(Object.keys(row.toObject()), ["device", "get", "__proto__x", "at"]);
  assert.equal(
    JSON.stringify(row),
    '{"device":"d1","get":3,"__proto__x":"9007199254740993","at":"2026-01-31T00:00:00.000Z"}',
  );
  assert.throws(
    () => row.get("divice"),
    (error) => fails("FIELD_NOT_FOUND")(error) && /`device`/.test(String(error)),
  );
});

test("a column named __proto__ is data like any other", () => {
  const schema = { kind: "struct", fields: [{ name: "__proto__", type: types.int, nullable: true }] } as const;
  const row = rowFactory(schema)([7]);
  assert.equal(row.get("__proto__"), 7);
  assert.equal(Object.getOwnPropertyDescriptor(row.toObject(), "__proto__")?.value, 7);
});

test("users' values are checked against their type", () => {
  const accept = (value: unknown, type: Parameters<typeof acceptValue>[1]) => acceptValue(value, type, "column `c`");
  assert.equal(accept(5, types.long), 5n);
  assert.equal(accept("1.005", types.decimal(5, 2)), 101n);
  assert.equal(accept("2024-01-31", types.date), 19753);
  assert.equal(accept(0.1, types.float), Math.fround(0.1));
  assert.deepEqual(accept({ b: 1 }, types.struct({ a: types.string, b: types.int })), [null, 1]);
  assert.deepEqual(accept({ k: 1 }, types.map(types.string, types.int)), new MapValue(["k"], [1]));
  for (const [value, type] of [
    [1.5, types.long],
    [2 ** 53, types.long],
    [1n << 63n, types.long],
    [128, types.byte],
    ["x", types.int],
    [1, types.string],
    ["123.456", types.decimal(5, 3)],
    [Number.NaN, types.decimal(5, 3)],
    [new Date(Number.NaN), types.timestamp],
    [[1], types.map(types.string, types.int)],
  ] as const) {
    assert.throws(() => accept(value, type), fails("CANNOT_ACCEPT_OBJECT_IN_TYPE"), `${String(value)}`);
  }
  assert.throws(() => accept([1], types.struct({ a: types.int, b: types.int })), fails("FIELD_COUNT_MISMATCH"));
});

test("types are inferred from all rows", () => {
  const schema = inferSchema([
    { a: 1, b: null, c: [1, 2.5], d: { x: true } },
    { a: 2.5, b: "x", c: [], d: { x: null, y: 1n } },
  ]);
  assert.equal(toDdl(schema), "a DOUBLE,b STRING,c ARRAY<DOUBLE>,d STRUCT<x: BOOLEAN, y: BIGINT>");
  assert.equal(toDdl(inferSchema([[1, "x"]])), "_1 BIGINT,_2 STRING");
  assert.equal(toDdl(inferSchema([[1, new Date()]], ["n", "at"])), "n BIGINT,at TIMESTAMP");
  assert.throws(() => inferSchema([{ a: null }]), fails("CANNOT_INFER_TYPE_FOR_FIELD"));
  assert.throws(() => inferSchema([{ a: 1 }, { a: "x" }]), fails("CANNOT_INFER_TYPE_FOR_FIELD"));
});
