/** Inputs that several files share: each with nulls, and with the values at which engines differ. */
import { Decimal } from "../../../src/index.ts";
import type { Table } from "../case.ts";

export const numbers: Table = {
  schema: "i INT, l BIGINT, s SMALLINT, d DOUBLE, f FLOAT, m DECIMAL(10,2)",
  rows: [
    [1, 10n, 1, 1.5, 1.5, Decimal.from("1.50")],
    [-7, -3n, -2, -2.5, -2.5, Decimal.from("-2.55")],
    [0, 0n, 0, 0, 0, Decimal.from("0.00")],
    [3, 9007199254740993n, 32767, -0, -0, Decimal.from("99999999.99")],
    [2147483647, 9223372036854775807n, -32768, Number.NaN, Number.NaN, Decimal.from("-99999999.99")],
    [-2147483648, -9223372036854775808n, 5, Number.POSITIVE_INFINITY, 0.1, Decimal.from("0.05")],
    [12, 5n, 7, Number.NEGATIVE_INFINITY, 16777216, Decimal.from("12.34")],
    [null, null, null, null, null, null],
  ],
};

/** Numbers with which arithmetic stays in range. */
export const small: Table = {
  schema: "i INT, j INT, l BIGINT, d DOUBLE, e DOUBLE, f FLOAT, m DECIMAL(10,2), n DECIMAL(5,3)",
  rows: [
    [7, 2, 100n, 7.25, 0.5, 1.25, Decimal.from("10.25"), Decimal.from("0.125")],
    [-7, 2, -100n, -7.75, 2, -0.1, Decimal.from("-10.25"), Decimal.from("1.500")],
    [7, -2, 9007199254740993n, 0.1, 0.2, 3.4e38, Decimal.from("0.01"), Decimal.from("-0.001")],
    [1, 3, 1n, -0, 3, -0, Decimal.from("2.50"), Decimal.from("2.000")],
    [2, 5, 3n, 2.5, Number.NaN, 2.5, Decimal.from("3.50"), Decimal.from("99.999")],
    [null, 1, null, null, 1, null, null, Decimal.from("1.000")],
    [5, null, 5n, 1e300, null, 1, Decimal.from("12345678.90"), null],
  ],
};

export const strings: Table = {
  schema: "s STRING, t STRING, n INT, b BINARY",
  rows: [
    ["hello world", "o", 3, new Uint8Array([104, 105])],
    ["Ünï©ödé 😀 x", "ï", -2, new Uint8Array([0, 255, 16])],
    ["", "a", 0, new Uint8Array([])],
    ["  padded\t", " ", 2, new Uint8Array([32])],
    ["a,b,,c", ",", 1, null],
    ["123.45", "2", 20, new Uint8Array([49])],
    ["ABCabc123", "c", 5, new Uint8Array([1, 2, 3])],
    [null, "x", 1, null],
    ["x", null, null, null],
  ],
};

export const times: Table = {
  schema: "t TIMESTAMP, u TIMESTAMP, d DATE, n TIMESTAMP_NTZ, k INT",
  rows: [
    ["2024-02-29T23:59:59.999999Z", "2024-03-01T00:00:00Z", "2024-02-29", "2024-02-29T23:59:59.999999", 1],
    ["1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "1970-01-01", "1970-01-01T00:00:00", 0],
    ["1969-07-20T20:17:40.123456Z", "2000-01-01T12:00:00Z", "1969-07-20", "1969-07-20T20:17:40.123456", -5],
    ["2026-12-31T10:05:07.5Z", "2026-01-01T00:00:00Z", "2026-12-31", "2026-12-31T10:05:07.5", 13],
    ["2024-10-27T00:30:00Z", "2024-03-31T01:30:00Z", "2024-10-27", "2024-10-27T03:30:00", 400],
    [null, "2024-01-01T00:00:00Z", null, null, 1],
    ["2024-01-31T08:00:00Z", null, "2024-01-31", "2024-01-31T08:00:00", null],
  ],
};

export const nested: Table = {
  schema:
    "a ARRAY<INT>, b ARRAY<INT>, w ARRAY<STRING>, m MAP<STRING,INT>, p STRUCT<x: INT, y: STRING>, g ARRAY<DOUBLE>, n INT, q ARRAY<STRUCT<k: STRING, v: INT>>",
  rows: [
    [
      [3, 1, 2],
      [2, 4],
      ["b", "a", null],
      new Map([
        ["x", 1],
        ["y", null],
      ]),
      [1, "one"],
      [1.5, Number.NaN, -0],
      2,
      [
        ["k1", 1],
        ["k2", null],
      ],
    ],
    [[], [], [], new Map(), [null, null], [], 0, []],
    [
      [1, null, 1],
      [null, 1],
      ["z"],
      new Map([["__proto__", 7]]),
      [2, "__proto__"],
      [0, -0, null],
      -1,
      [null, ["k3", 3]],
    ],
    [[5], null, null, null, null, [Number.POSITIVE_INFINITY], 1, null],
    [null, [1], ["a", "a", "b"], new Map([["x", 9]]), [3, ""], null, null, [["k4", 4]]],
  ],
};
