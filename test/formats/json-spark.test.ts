// What real Spark made of these texts, recorded by json-spark.record.py, against the scanner and the writer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { textAt } from "../../src/columns/vector.ts";
import { jsonOptions } from "../../src/formats/json/options.ts";
import { createJsonScanner } from "../../src/formats/json/scanner.ts";
import { createJsonWriter } from "../../src/formats/json/writer.ts";
import { parseSchema } from "../../src/types/ddl.ts";

interface Case {
  readonly schema: string;
  readonly options?: Record<string, string>;
  readonly text?: string;
  readonly bytes?: number[];
  /** Spark's to_json(struct(j)). */
  readonly json: string;
  /** Why the answer here differs; such a case fails when it no longer does. */
  readonly gap?: string;
}

const cases = JSON.parse(readFileSync(new URL("json-spark.json", import.meta.url), "utf8")) as Case[];

/** The record once and a second time, when the code has been made for its shape. */
function answers(c: Case): string[] {
  const schema = parseSchema(c.schema);
  const options = jsonOptions(new Map(Object.entries(c.options ?? {})), "UTC");
  const record = c.bytes === undefined ? new TextEncoder().encode(c.text) : Uint8Array.from(c.bytes);
  const scanner = createJsonScanner(schema, [...schema.fields.keys()], { json: options, wide: true });
  const writer = createJsonWriter(schema, { timeZone: "UTC" });
  return [0, 1].map(() => {
    const result = scanner.scan(record, Int32Array.of(0), Int32Array.of(record.length), null, 0, 1);
    if (result.recordNull !== null) return "{}";
    return `{"j":${textAt(writer.column({ rows: 1, columns: result.columns }), 0)}}`;
  });
}

test(`${cases.length} texts read and written as Spark 4.2 does`, async (t) => {
  for (const c of cases) {
    await t.test(`${c.schema}: ${c.text ?? c.bytes?.join(" ")}`, () => {
      const [first, second] = answers(c);
      if (c.gap === undefined) assert.equal(first, c.json);
      else assert.notEqual(first, c.json, `no longer differs: ${c.gap}`);
      assert.equal(second, first);
    });
  }
});
