// Our answers beside those that Apache Spark gave (test/types/recorded/record.py asks it).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { SluiceError } from "../../src/errors/error.ts";
import { fromProtoType } from "../../src/plan/data-types.ts";
import { sqlText } from "../../src/plan/print.ts";
import { parseExpression } from "../../src/sql/index.ts";
import {
  canCast,
  canStoreAssign,
  canUpCast,
  castForcesNullable,
  decimalResult,
  tightestCommonType,
  widerType,
} from "../../src/types/coercion.ts";
import {
  formatDate,
  formatTimestamp,
  formatTimestampNtz,
  parseDate,
  parseTimestamp,
  parseTimestampNtz,
  zoneOf,
} from "../../src/types/datetime.ts";
import { parseDdl, parseType } from "../../src/types/ddl.ts";
import type { DecimalOperator } from "../../src/types/decimal.ts";
import { fromJson, toJson } from "../../src/types/json.ts";
import { simpleString, sqlType, toDdl, treeString } from "../../src/types/print.ts";
import type { DataType, DecimalType } from "../../src/types/types.ts";

function recorded(name: string): [string, unknown][] {
  const url = new URL(`recorded/${name}.json`, import.meta.url);
  return Object.entries(JSON.parse(readFileSync(url, "utf8")) as Record<string, unknown>);
}

function answer(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof SluiceError) return { error: error.condition };
    throw error;
  }
}

/** Where we differ on purpose. */
const OTHER_TYPES: Readonly<Record<string, unknown>> = {
  // Calendar intervals are no type of a column here.
  interval: { error: "PARSE_SYNTAX_ERROR" },
  // Lengths aren't kept: Spark too reads such columns as strings.
  "varchar(10)": { json: '"string"', sql: "STRING", simple: "string" },
  "char(3)": { json: '"string"', sql: "STRING", simple: "string" },
  "string collate UTF8_BINARY": { json: '"string"', sql: "STRING", simple: "string" },
  // Spark reports what it met when it tried the other reading of the text.
  "a foo": { error: "UNSUPPORTED_DATATYPE" },
  "a.b int": { error: "UNSUPPORTED_DATATYPE" },
  "a: int, b: string": { error: "UNSUPPORTED_DATATYPE" },
  "interval second to day": { error: "UNSUPPORTED_DATATYPE" },
  "interval day to month": { error: "UNSUPPORTED_DATATYPE" },
  // Spark has no name for it.
  "decimal(3,5)": { error: "DECIMAL_SCALE_EXCEEDS_PRECISION" },
};

test("type texts read and print as in Spark", () => {
  const cases = recorded("types");
  assert.ok(cases.length > 50);
  for (const [text, spark] of cases) {
    const ours = answer(() => {
      const type = parseDdl(text);
      const all = { json: toJson(type), sql: sqlType(type), simple: simpleString(type) };
      return type.kind === "struct" ? { ...all, ddl: toDdl(type), tree: treeString(type) } : all;
    });
    assert.deepEqual(ours, OTHER_TYPES[text] ?? spark, text);
  }
});

test("Spark's JSON reads back to the same type", () => {
  for (const [text, spark] of recorded("types")) {
    const { json } = spark as { json?: string };
    if (json === undefined || Object.hasOwn(OTHER_TYPES, text)) continue;
    assert.equal(toJson(fromJson(json)), json, text);
  }
});

test("pairs of types meet and cast as in Spark's ANSI mode", () => {
  const sql = (type: DataType | undefined): string | null => (type ? sqlType(type) : null);
  const cases = recorded("pairs");
  assert.ok(cases.length > 1000);
  for (const [pair, spark] of cases) {
    const [a, b] = pair.split(" | ").map(parseType);
    const ours = [
      sql(widerType(a, b)),
      sql(tightestCommonType(a, b)),
      canCast(a, b),
      canUpCast(a, b),
      canStoreAssign(a, b),
      castForcesNullable(a, b),
    ];
    assert.deepEqual(ours, spark, `${pair}: wider, tightest, canCast, canUpCast, canStoreAssign, castForcesNullable`);
  }
});

test("decimal arithmetic has Spark's result types", () => {
  for (const [text, spark] of recorded("decimals")) {
    const [, a, operator, b] = /^(.*\)) (.) (.*)$/.exec(text) as RegExpExecArray;
    const type = decimalResult(operator as DecimalOperator, parseType(a) as DecimalType, parseType(b) as DecimalType);
    assert.equal(simpleString(type), spark, text);
  }
});

test("texts become timestamps and dates as in Spark's casts", () => {
  const cases = recorded("times");
  assert.ok(cases.length > 400);
  for (const [key, spark] of cases) {
    const bar = key.indexOf(" | ");
    const zone = zoneOf(key.slice(0, bar));
    const text = key.slice(bar + 3);
    const us = parseTimestamp(text, zone, true);
    const days = parseDate(text);
    const ntz = parseTimestampNtz(text, true);
    const ours = [
      us === undefined ? null : formatTimestamp(us, zone),
      us === undefined ? null : String(us),
      days === undefined ? null : formatDate(days),
      ntz === undefined ? null : formatTimestampNtz(ntz),
    ];
    // Without a day it is today, which Spark's answer was about another one of.
    if (spark !== null && /^\d{1,2}:/.test(text)) continue;
    assert.deepEqual(ours, spark, key);
  }
});

test("interval literals have Spark's types and texts", () => {
  for (const [text, spark] of recorded("intervals")) {
    if (text.startsWith("-")) continue; // a negation, folded by Spark's optimiser
    const ours = answer(() => {
      const { exprType } = parseExpression(text);
      assert.ok(exprType.case === "literal" && exprType.value.dataType, text);
      return [simpleString(fromProtoType(exprType.value.dataType)), sqlText(parseExpression(text))];
    });
    // Spark's errors have many names here, ours one; what is refused is the same.
    if (!Array.isArray(spark)) assert.ok(!Array.isArray(ours) && (ours as { error: string }).error, text);
    else assert.deepEqual(ours, spark, text);
  }
});
