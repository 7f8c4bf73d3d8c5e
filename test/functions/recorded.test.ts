// Every function's examples against what Spark gave for them (scripts/record-functions.py).
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { SluiceError } from "../../src/errors/error.ts";
import type { SessionSettings } from "../../src/functions/definition.ts";
import { decimalText } from "../../src/functions/math/decimals.ts";
import { allFunctions } from "../../src/functions/registry.ts";
import { simpleString } from "../../src/types/print.ts";
import type { DataType } from "../../src/types/types.ts";
import type { MapValue, Value } from "../../src/types/values.ts";
import { settings } from "./calls.ts";
import { differences, otherNames } from "./differences.ts";
import { runSql } from "./sql.ts";

interface Case {
  readonly function: string;
  readonly sql: string;
  readonly type?: readonly string[];
  readonly nullable?: readonly boolean[];
  readonly name?: readonly string[];
  readonly rows?: readonly (readonly unknown[])[];
  /** The value as a string, where it couldn't be recorded otherwise. */
  readonly text?: string | null;
  readonly error?: string;
}

const folder = new URL("recorded/", import.meta.url);

/** Entries of a map in one order: Python's client doesn't keep theirs. */
function sorted(entries: unknown[][]): unknown[][] {
  return entries.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** A value in the form of the recording (see the recorder). */
function encode(value: Value, type: DataType): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case "array":
      return (value as Value[]).map((v) => encode(v, type.elementType));
    case "map":
      return sorted(
        (value as MapValue).keys.map((k, i) => [
          encode(k, type.keyType),
          encode((value as MapValue).values[i], type.valueType),
        ]),
      );
    case "struct":
      return (value as Value[]).map((v, i) => encode(v, type.fields[i].type));
    case "boolean":
    case "string":
      return value;
    case "float":
    case "double":
      return Object.is(value, -0) ? "-0" : String(value);
    case "decimal":
      return decimalText(value as number | bigint, type.scale);
    case "binary":
      return Buffer.from(value as Uint8Array).toString("hex");
    default:
      return String(value);
  }
}

/** The recorded form of a fraction is Python's; ours is JS's. */
function normal(value: unknown, type: DataType): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case "array":
      return (value as unknown[]).map((v) => normal(v, type.elementType));
    case "map":
      return sorted(
        (value as [unknown, unknown][]).map(([k, v]) => [normal(k, type.keyType), normal(v, type.valueType)]),
      );
    case "struct":
      return (value as unknown[]).map((v, i) => normal(v, type.fields[i].type));
    case "float":
    case "double": {
      const x =
        { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY }[value as "nan"] ??
        Number(value);
      return Object.is(x, -0) ? "-0" : String(x);
    }
    default:
      return value;
  }
}

async function check(c: Case, settings: SessionSettings): Promise<void> {
  if (c.error !== undefined) {
    await assert.rejects(
      () => runSql(`SELECT ${c.sql}`, settings),
      (e) => {
        assert.ok(e instanceof SluiceError, String((e as Error).stack));
        assert.equal(e.condition, c.error);
        return true;
      },
    );
    return;
  }
  const { schema, rows } = await runSql(`SELECT ${c.sql}`, settings);
  assert.deepEqual(
    schema.fields.map((f) => simpleString(f.type)),
    c.type,
    "types",
  );
  if (!otherNames.some(([sql]) => sql.test(c.sql))) {
    assert.deepEqual(
      schema.fields.map((f) => f.name),
      c.name,
      "column names",
    );
  }
  if (c.rows === undefined) {
    const again = await runSql(`SELECT CAST((${c.sql}) AS STRING)`, settings);
    assert.equal(again.rows[0][0], c.text);
    return;
  }
  const types = schema.fields.map((f) => f.type);
  assert.deepEqual(
    rows.map((row) => row.map((v, i) => encode(v, types[i]))),
    c.rows.map((row) => row.map((v, i) => normal(v, types[i]))),
    "values",
  );
  for (const [i, f] of schema.fields.entries()) {
    assert.ok(f.nullable || rows.every((r) => r[i] !== null), `${f.name} is null but not nullable`);
  }
}

/** The file's cases with the session that they were recorded in: `cast.America-New_York.json`. */
const recorded = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => {
    const zone = name.split(".")[1].replace("-", "/");
    const session = zone === "json" ? settings : { ...settings, timeZone: zone };
    return (JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Case[]).map((c) => ({ ...c, session }));
  });

test("every example of every function is recorded", () => {
  const known = new Set(recorded.map((c) => c.sql));
  const missing = allFunctions().flatMap((f) => f.doc.examples.filter((sql) => !known.has(sql)));
  assert.deepEqual(missing, []);
});

test("differences from Spark that are known stand in the list only while they exist", () => {
  const known = new Set(recorded.map((c) => c.sql));
  assert.deepEqual(
    [...differences.keys()].filter((sql) => !known.has(sql)),
    [],
  );
});

for (const c of recorded) {
  const reason = differences.get(c.sql);
  const zone = c.session === settings ? "" : ` in ${c.session.timeZone}`;
  test(`${c.function}: ${c.sql}${zone}`, async () => {
    if (reason === undefined) await check(c, c.session);
    else await assert.rejects(() => check(c, c.session), `the difference "${reason}" is gone: remove it from the list`);
  });
}
