import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commonType,
  comparisonType,
  decimalFor,
  decimalForLiteral,
  decimalResult,
  implicitCast,
  type TypeClass,
} from "../../src/types/coercion.ts";
import { parseType } from "../../src/types/ddl.ts";
import { sqlType } from "../../src/types/print.ts";
import { array, type DataType, DOUBLE, decimal, INT, NULL, STRING } from "../../src/types/types.ts";

const sql = (type: DataType | undefined): string | undefined => type && sqlType(type);

test("the one type of several values", () => {
  const cases: [string[], string | undefined][] = [
    [[], "VOID"],
    [["VOID", "VOID"], "VOID"],
    [["VOID", "INT", "TINYINT"], "INT"],
    [["INT", "DECIMAL(5,2)"], "DECIMAL(12,2)"],
    [["BIGINT", "FLOAT"], "DOUBLE"],
    [["STRING", "INT"], "BIGINT"],
    [["STRING", "DECIMAL(5,2)"], "DOUBLE"],
    [["STRING", "DATE"], "DATE"],
    [["DATE", "TIMESTAMP_NTZ"], "TIMESTAMP_NTZ"],
    [["TIMESTAMP", "TIMESTAMP_NTZ"], "TIMESTAMP"],
    [["BOOLEAN", "INT"], undefined],
    [["DATE", "INT"], undefined],
    [["ARRAY<INT>", "ARRAY<STRING>"], "ARRAY<BIGINT>"],
    [["STRUCT<a: INT NOT NULL>", "STRUCT<A: BIGINT>"], "STRUCT<a: BIGINT>"],
    [["STRUCT<a: INT>", "STRUCT<b: INT>"], undefined],
    [["MAP<STRING, INT>", "MAP<INT, INT>"], undefined],
    [["DECIMAL(38,10)", "DECIMAL(38,20)"], "DECIMAL(38,10)"],
    [["INTERVAL DAY", "INTERVAL SECOND"], "INTERVAL DAY TO SECOND"],
  ];
  for (const [types, expected] of cases)
    assert.equal(sql(commonType(types.map(parseType))), expected, types.join(", "));
});

test("a string among arrays is promoted by CASE, but not compared", () => {
  assert.equal(sql(commonType([array(INT), array(STRING)])), "ARRAY<BIGINT>");
  assert.equal(comparisonType(array(INT), array(STRING)), undefined);
  assert.equal(sql(comparisonType(STRING, INT)), "BIGINT");
});

test("a promotion that may fail makes the element nullable", () => {
  assert.deepEqual(commonType([array(STRING, false), array(INT, false)]), array({ kind: "long" }, true));
  assert.deepEqual(commonType([array(DOUBLE, false), array(INT, false)]), array(DOUBLE, false));
});

test("what an argument is cast to", () => {
  const cases: [string, DataType | TypeClass, string | undefined][] = [
    ["INT", "numeric", "INT"],
    ["STRING", "numeric", "DOUBLE"],
    ["STRING", "decimal", "DECIMAL(38,18)"],
    ["INT", "decimal", "DECIMAL(10,0)"],
    ["DOUBLE", "integral", undefined],
    ["STRING", "integral", undefined],
    ["BOOLEAN", "numeric", undefined],
    ["VOID", "numeric", "DOUBLE"],
    ["VOID", "integral", "INT"],
    ["DATE", "anyTimestamp", "TIMESTAMP"],
    ["STRING", "anyTimestamp", "TIMESTAMP"],
    ["TIMESTAMP_NTZ", "anyTimestamp", "TIMESTAMP_NTZ"],
    ["INT", STRING, "STRING"],
    ["STRING", INT, "INT"],
    ["DOUBLE", INT, "INT"],
    ["BOOLEAN", INT, undefined],
    ["ARRAY<INT>", STRING, undefined],
    ["BINARY", STRING, "STRING"],
    ["ARRAY<INT>", { arrayOf: STRING }, "ARRAY<STRING>"],
    ["VOID", { arrayOf: STRING }, "ARRAY<STRING>"],
    ["INT", { anyOf: [STRING, { kind: "binary" }] }, "STRING"],
    ["BINARY", { anyOf: [STRING, { kind: "binary" }] }, "BINARY"],
    ["MAP<INT, INT>", "map", "MAP<INT, INT>"],
    ["INT", "map", undefined],
    ["INT", "any", "INT"],
  ];
  for (const [from, to, expected] of cases) {
    assert.equal(sql(implicitCast(parseType(from), to)), expected, `${from} to ${JSON.stringify(to)}`);
  }
});

test("decimals", () => {
  assert.deepEqual(decimalResult("*", decimal(10, 2), decimal(5, 1)), decimal(16, 3));
  assert.deepEqual(decimalResult("pmod", decimal(10, 2), decimal(5, 1)), decimal(6, 2));
  assert.deepEqual(decimalResult("div", decimal(10, 2), decimal(5, 1)), decimal(9, 0));
  assert.deepEqual(decimalFor(INT), decimal(10, 0));
  assert.equal(decimalFor(STRING), undefined);
  assert.equal(decimalFor(NULL), undefined);
  assert.deepEqual(decimalForLiteral(-1234), decimal(4, 0));
  assert.deepEqual(decimalForLiteral(0n), decimal(1, 0));
});
