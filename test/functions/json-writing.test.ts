// to_json row by row and the writer of whole columns must write the same text.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Batch, type Utf8Vector, type Vector, valueAt, vectorFrom } from "../../src/columns/vector.ts";
import { createJsonWriter } from "../../src/formats/json/writer.ts";
import { jsonWriter } from "../../src/functions/json/write.ts";
import { SparkSession } from "../../src/index.ts";
import { parseSchema } from "../../src/types/ddl.ts";
import type { Value } from "../../src/types/values.ts";
import { settings } from "./calls.ts";

const schema = parseSchema(
  'b BOOLEAN, i INT, s SMALLINT, l BIGINT, f FLOAT, d DOUBLE, m DECIMAL(10,2), t STRING, `q"é` STRING, a DATE, ts TIMESTAMP, n TIMESTAMP_NTZ',
);

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("\u0000\u001f\u007f\u2028", '"\\/\b\f\n\r\t', "x".repeat(100)),
);
const decimals = fc.integer({ min: -9_999_999_999, max: 9_999_999_999 });
const reals = fc.oneof(
  fc.double(),
  fc.tuple(decimals, fc.constantFrom(1, 10, 100, 1000, 10_000, 100_000)).map(([n, unit]) => n / unit),
  fc.constantFrom(0, -0, 1e-3, 9.99999e-4, 1e7, 9999999.9999, -0.001, 21.5, 80.60000000000001, Number.NaN, -Infinity),
);
const times = fc.maxSafeInteger();
const row = fc.tuple(
  fc.option(fc.boolean()),
  fc.option(fc.integer()),
  fc.option(fc.integer({ min: -32768, max: 32767 })),
  fc.option(fc.maxSafeInteger()),
  fc.option(fc.float().map(Math.fround)),
  fc.option(reals),
  fc.option(decimals),
  fc.option(texts),
  fc.option(texts),
  fc.option(fc.integer({ min: -719_162, max: 2_932_896 })),
  fc.option(times),
  fc.option(times),
);

function bytes(values: readonly Value[]): Utf8Vector {
  const parts = values.map((v) => Buffer.from((v as string | null) ?? ""));
  const ends = Int32Array.from(parts, (_, i) => parts.slice(0, i + 1).reduce((n, p) => n + p.length, 0));
  const starts = Int32Array.from(ends, (end, i) => end - parts[i].length);
  const nulls = Uint8Array.from(values, (v) => Number(v === null));
  return {
    repr: "utf8",
    type: schema.fields[7].type,
    bytes: new Uint8Array(Buffer.concat(parts)),
    starts,
    ends,
    nulls,
  };
}

for (const timeZone of ["UTC", "Asia/Kolkata", "+05:30", "America/New_York"]) {
  test(`to_json by rows and by columns, in ${timeZone}`, () => {
    const write = jsonWriter(schema, { ignoreNullFields: true, pretty: false }, { ...settings, timeZone });
    const writer = createJsonWriter(schema, { timeZone });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (generated) => {
        const rows = generated.map((r) => r.map((v) => (typeof v === "string" ? v.toWellFormed() : v)));
        const columns = schema.fields.map((f, c): Vector => {
          const values = rows.map((r) => r[c] as Value);
          return c === 7 ? bytes(values) : vectorFrom(f.type, values);
        });
        const batch: Batch = { rows: rows.length, columns };
        // The second one isn't written over the first, but the next one is written over the second.
        const both = [writer.column(batch), writer.column(batch)] as const;
        rows.forEach((r, i) => {
          for (const written of both) assert.equal(valueAt(written, i), write(r as Value[]));
        });
        writer.reuse(both[1]);
      }),
      { numRuns: 300 },
    );
  });
}

test("to_json of names that are long, and of rows whose texts outgrow what was foreseen", () => {
  const name = "nämé ".repeat(20);
  const long = parseSchema(`\`${name}\` INT, t STRING`);
  const writer = createJsonWriter(long, { timeZone: "UTC" });
  const values = Array.from({ length: 200 }, (_, i) => "\u0001".repeat(i * 7));
  const columns = [
    vectorFrom(
      long.fields[0].type,
      values.map((_, i) => (i % 3 === 0 ? null : i)),
    ),
    vectorFrom(long.fields[1].type, values),
  ];
  const written = writer.column({ rows: values.length, columns });
  const utf8 = writer.column({ rows: values.length, columns: [columns[0], bytes(values)] });
  values.forEach((t, i) => {
    const text = JSON.stringify(i % 3 === 0 ? { t } : { [name]: i, t });
    assert.equal(valueAt(written, i), text);
    assert.equal(valueAt(utf8, i), text);
  });
});

const inner = fc.tuple(fc.option(fc.integer()), fc.option(texts), fc.option(times));
const nestedRow = fc.tuple(
  fc.option(fc.integer()),
  fc.tuple(inner, fc.option(reals), inner),
  fc.option(fc.array(fc.option(inner), { maxLength: 3 })),
  fc.option(inner),
);

const wellFormed = (v: Value): Value => {
  if (typeof v === "string") return v.toWellFormed();
  return Array.isArray(v) ? v.map(wellFormed) : v;
};

test("to_json of structs whose fields are columns of their own", () => {
  const innerType = "i: INT, t: STRING, `a name that is longer than what is written byte by byte`: TIMESTAMP";
  const type = parseSchema(
    `i INT, s STRUCT<x: STRUCT<${innerType}>, d: DOUBLE, y: STRUCT<${innerType}>>,
     list ARRAY<STRUCT<${innerType}>>, z STRUCT<${innerType}>`,
  );
  const write = jsonWriter(type, { ignoreNullFields: true, pretty: false }, settings);
  // The columns stand in another order than the fields.
  const writer = createJsonWriter(type, { timeZone: "UTC" }, [9, [[3, 2, 1], 0, [4, 5, 6]], 8, 7]);
  fc.assert(
    fc.property(fc.array(nestedRow, { minLength: 1, maxLength: 20 }), (generated) => {
      const rows = generated.map((r) => wellFormed(r) as Value[]);
      const leaves = rows.map((r) => {
        const [x, d, y] = r[1] as [Value[], Value, Value[]];
        return [d, ...x.toReversed(), ...y];
      });
      const kinds = ["DOUBLE", "TIMESTAMP", "STRING", "INT", "INT", "STRING", "TIMESTAMP"];
      const columns: Vector[] = kinds.map((kind, c) =>
        vectorFrom(
          parseSchema(`c ${kind}`).fields[0].type,
          leaves.map((l) => l[c] as Value),
        ),
      );
      for (const k of [3, 2, 0])
        columns.push(
          vectorFrom(
            type.fields[k].type,
            rows.map((r) => r[k] as Value),
          ),
        );
      const written = writer.column({ rows: rows.length, columns });
      rows.forEach((r, i) => {
        assert.equal(valueAt(written, i), write(r));
      });
    }),
    { numRuns: 300 },
  );
});

test("to_json computes a struct once, however many fields it has", async () => {
  const spark = SparkSession.builder.create();
  const perhaps = "transform(array(uuid()), u -> named_struct('a', u, 'b', u))[0]";
  const made = `coalesce(${perhaps}, named_struct('a', '', 'b', 'never null'))`;
  const rows = await (await spark.sql(`SELECT to_json(struct(id, ${made} AS s)) AS json FROM range(20)`)).collect();
  assert.equal(rows.length, 20);
  for (const { json } of rows) {
    const { s } = JSON.parse(json as string) as { s: { a: string; b: string } };
    assert.equal(s.a, s.b);
  }
  await spark.stop();
});
