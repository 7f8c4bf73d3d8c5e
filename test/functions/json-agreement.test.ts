// The row-wise JSON parser (from_json as a function) and the columnar scanner (from_json turned into columns) must agree.
import assert from "node:assert/strict";
import { test } from "node:test";
import { valueAt } from "../../src/columns/vector.ts";
import { jsonOptions as scannerOptions } from "../../src/formats/json/options.ts";
import { createJsonScanner } from "../../src/formats/json/scanner.ts";
import { jsonOptions } from "../../src/functions/json/functions.ts";
import { fromJson } from "../../src/functions/json/parse.ts";
import { parseSchema } from "../../src/types/ddl.ts";
import { MapValue, type Value } from "../../src/types/values.ts";
import { settings } from "./calls.ts";

const schema = parseSchema(
  "a INT, b DOUBLE, c STRING, d DECIMAL(5,2), e TIMESTAMP, f DATE, g BOOLEAN, h ARRAY<INT>, i STRUCT<x: INT, y: STRING>, " +
    "j MAP<STRING, INT>, k BIGINT, l FLOAT, m TINYINT, n BINARY, _corrupt_record STRING",
);

const values = (
  "1 -0 1.5 1e3 1.50 01 +1 .5 NaN -Infinity -INF INF true tru null [1,2] [] [[1]] {} 1700000000 300 9007199254740993 123456 " +
  "1.005 -1.5e-7 1E400 12345678901234567890 's' 1,"
)
  .split(" ")
  .concat(
    [
      '"NaN"',
      '"Infinity"',
      '"x"',
      '""',
      '"12"',
      '"1.5"',
      '[1,"x"]',
      '{"x":1,"y":"z"}',
      '{"x":"q","y":2}',
      '{"p":1}',
      '{"p":"z"}',
    ],
    [
      '"2024-01-02"',
      '"2024-01-02T03:04:05Z"',
      '"2024-13-01"',
      '"c3A="',
      '"\\u00e9\\n"',
      '[ 1 , {"b" : "x"} ]',
      '"a\tb"',
      '"\\x"',
    ],
    // Nested values that aren't JSON.
    ["[1,nope,3]", "[nope]", "[1,]", "[1 2]", "[1}", '["a\\q"]', "[01]", '{"x":nope,"y":"q"}', '{"y":"q","x":nope}'],
    [
      '{"x":1,}',
      '{"x":1 "y":2}',
      '{"x":1]',
      '{"y":"bad\\q"}',
      '{"x":01}',
      "{nope:1}",
      '{"x":1,"w":nope}',
      '{"x":[nope]}',
    ],
    ['{"x":{"y":nope}}', '[{"x":nope}]', '{"x":1', "[1,nop", '{"y":"cut', '{"x":1,"y"', "[[1,nope],2]"],
    ['"2024-01-02 10:11:12.123456789"', '"10:11"', '"é😀"', '{"x":{"y":[1.0,2]}}'],
  );

const texts = [
  "",
  " ",
  "null",
  "5",
  '"x"',
  '[{"a":1}]',
  "{",
  '{"a":1',
  '{"a":1}x',
  '{"a":1,}',
  '{"a":1,"a":2}',
  "{'a':1}",
  "{a:1}",
  '{"a" 1}',
  '{"a":1}{"a":2}',
];
for (const { name } of schema.fields.slice(0, -1)) {
  for (const value of values) texts.push(`{"${name}":${value}}`, `{"${name}":${value},"k":7}`);
}

function show(value: Value | Value[]): string {
  return JSON.stringify(value, (_, v) => {
    if (typeof v === "bigint") return String(v);
    if (typeof v === "number" && (!Number.isFinite(v) || Object.is(v, -0))) return Object.is(v, -0) ? "-0" : String(v);
    if (v instanceof Uint8Array) return [...v];
    return v instanceof MapValue ? [v.keys, v.values] : v;
  });
}

for (const wide of [true, false]) {
  test(`scanner and row parser agree, ${wide ? "wide" : "narrow"} form`, () => {
    const ordinals = schema.fields.map((_, i) => i);
    const scanner = createJsonScanner(schema, ordinals, {
      json: scannerOptions(new Map(), "UTC"),
      wide,
      nowMs: () => 0,
    });
    const parse = fromJson(schema, jsonOptions(new Map()), settings, wide, { nowUs: 0 });
    const attempt = (run: () => string): string => {
      try {
        return run();
      } catch (error) {
        return (error as Error).message;
      }
    };
    const different = texts.flatMap((text) => {
      const bytes = new TextEncoder().encode(text);
      const columns = attempt(() => {
        const scanned = scanner.scan(bytes, Int32Array.of(0), Int32Array.of(bytes.length), null, 0, 1);
        return scanned.recordNull?.[0] === 1 ? "null" : show(scanned.columns.map((c) => valueAt(c, 0)));
      });
      const row = attempt(() => show(parse(text)));
      return columns === row ? [] : [{ text, columns, row }];
    });
    assert.deepEqual(different, []);
  });
}
