import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Vector, valueAt } from "../../src/columns/vector.ts";
import { jsonOptions } from "../../src/formats/json/options.ts";
import { createJsonScanner, MalformedRecord, type ScanResult } from "../../src/formats/json/scanner.ts";
import { BAD, Cursor, readerContext, readerOf } from "../../src/formats/json/values.ts";
import {
  array,
  BOOLEAN,
  type DataType,
  DOUBLE,
  decimal,
  field,
  INT,
  LONG,
  map,
  STRING,
  type StructType,
  struct,
  TIMESTAMP,
} from "../../src/types/types.ts";
import { MapValue, type Value, WideRequired } from "../../src/types/values.ts";

const json = jsonOptions(new Map(), "UTC");

interface Records {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

function recordsOf(texts: readonly (string | Uint8Array)[]): Records {
  const parts = texts.map((t) => (typeof t === "string" ? Buffer.from(t) : Buffer.from(t)));
  const starts = new Int32Array(texts.length);
  const ends = new Int32Array(texts.length);
  let p = 0;
  parts.forEach((part, i) => {
    starts[i] = p;
    p += part.length;
    ends[i] = p;
  });
  return { bytes: new Uint8Array(Buffer.concat(parts)), starts, ends };
}

function scan(schema: StructType, texts: readonly (string | Uint8Array)[], wide = true, fields?: number[]): ScanResult {
  const { bytes, starts, ends } = recordsOf(texts);
  const scanner = createJsonScanner(schema, fields ?? [...schema.fields.keys()], { json, wide, nowMs: () => 0 });
  return scanner.scan(bytes, starts, ends, null, 0, texts.length);
}

function rowsOf(result: ScanResult): Value[][] {
  return Array.from({ length: result.rows }, (_, i) => result.columns.map((c: Vector) => valueAt(c, i)));
}

/** A record read by the plain readers of nested values: no generated code, no shapes. */
function plainRow(schema: StructType, text: string | Uint8Array): { row: Value[]; corrupt: boolean } {
  const bytes = new Uint8Array(Buffer.from(text as string));
  const cursor = new Cursor();
  cursor.b = bytes;
  cursor.end = bytes.length;
  cursor.depth = 0;
  const context = readerContext(json, true, () => 0);
  cursor.p = context.lexer.space(bytes, 0, bytes.length);
  const nothing = schema.fields.map(() => null);
  if (cursor.p === bytes.length) return { row: nothing, corrupt: false };
  const value = readerOf(schema, context)(cursor);
  if (value === BAD || cursor.p < 0 || value === null) return { row: nothing, corrupt: true };
  return { row: value as Value[], corrupt: cursor.partial };
}

const scalars: readonly DataType[] = [STRING, LONG, INT, DOUBLE, BOOLEAN, decimal(10, 2), TIMESTAMP];
const names = ["id", "ts", "temperature", "v", "__proto__", "constructor", "é", "a b", "site"];

const schemas = fc
  .uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 6 })
  .chain((chosen) =>
    fc
      .array(
        fc.oneof(
          { weight: 6, arbitrary: fc.constantFrom(...scalars) },
          fc.constantFrom<DataType>(array(INT), map(STRING, DOUBLE), struct(field("x", INT), field("y", STRING))),
        ),
        { minLength: chosen.length, maxLength: chosen.length },
      )
      .map((types) => struct(...chosen.map((name, i) => field(name, types[i] as DataType)))),
  );

const numbers = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom("0", "-0", "-0.0", "1e5", "1E-7", "0.1", "12345678901234567890.5", "1.0", "3e400"),
);
const texts = fc.oneof(
  fc.string().map((s) => JSON.stringify(s)),
  fc.string({ unit: "binary" }).map((s) => JSON.stringify(s)),
  fc.constantFrom(
    '"\\u00e9\\ud83d\\ude00"',
    '"\\/"',
    '""',
    '"2024-01-02T03:04:05.5Z"',
    '"2024-01-02 03:04:05+02:00"',
    '"it\'s"',
  ),
);
const scalarTexts = fc.oneof(numbers, texts, fc.constantFrom("true", "false", "null"));
const values = fc.oneof(
  { weight: 5, arbitrary: scalarTexts },
  fc.array(scalarTexts, { maxLength: 3 }).map((v) => `[${v.join(" , ")}]`),
  fc.array(fc.tuple(fc.constantFrom("x", "y", "z"), scalarTexts), { maxLength: 3 }).map((pairs) => {
    return `{${pairs.map(([k, v]) => `"${k}": ${v}`).join(",")}}`;
  }),
);
const spaces = fc.constantFrom("", "", "", " ", "\n\t");
const records = fc
  .tuple(fc.array(fc.tuple(fc.constantFrom(...names, "other", "x"), values, spaces), { maxLength: 8 }), spaces)
  .map(([pairs, space]) => {
    return `${space}{${pairs.map(([k, v, s]) => `${s}${JSON.stringify(k)}${s}:${s}${v}`).join(",")}${space}}`;
  });

test("generated code reads what the plain readers read, with and without a learned shape", () => {
  fc.assert(
    fc.property(schemas, fc.array(records, { minLength: 1, maxLength: 8 }), fc.boolean(), (schema, given, repeat) => {
      // The first record gives the shape; repeated, most records have it.
      const all = repeat ? given.flatMap((r) => [given[0] as string, r]) : given;
      const result = scan(schema, all);
      const rows = rowsOf(result);
      all.forEach((text, i) => {
        const expected = plainRow(schema, text);
        assert.deepEqual(rows[i], expected.row, text);
        assert.equal(result.corrupt?.[i] ?? 0, schema.fields.length > 0 && expected.corrupt ? 1 : 0, text);
      });
    }),
    { numRuns: 1500 },
  );
});

test("a damaged record gives the same row with and without a learned shape", () => {
  const schema = struct(field("id", STRING), field("ts", LONG), field("v", DOUBLE), field("ok", BOOLEAN));
  const sample = '{"id":"dev-1","ts":1700000000000,"v":21.5,"ok":true,"note":"é\\n"}';
  const bytes = Buffer.from(sample);
  const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: -1, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(damage, (changes) => {
      const damaged = [...bytes];
      for (const [at, byte] of changes) damaged.splice(at, 1, ...(byte < 0 ? [] : [byte]));
      const record = Uint8Array.from(damaged);
      const result = scan(schema, [sample, record, sample]);
      const rows = rowsOf(result);
      const expected = plainRow(schema, record);
      assert.deepEqual(rows[1], expected.row);
      assert.equal(result.corrupt?.[1] ?? 0, expected.corrupt ? 1 : 0);
      assert.deepEqual(rows[2], ["dev-1", 1700000000000n, 21.5, true]);
    }),
    { numRuns: 5000 },
  );
});

test("standard JSON is read as JSON.parse reads it", () => {
  const schema = struct(field("s", STRING), field("n", DOUBLE), field("b", BOOLEAN));
  const record = fc.record(
    { s: fc.string({ unit: "grapheme" }), n: fc.double({ noNaN: true, noDefaultInfinity: true }), b: fc.boolean() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (objects) => {
      const rows = rowsOf(
        scan(
          schema,
          objects.map((o) => JSON.stringify(o)),
        ),
      );
      const expected = objects.map((o) => {
        const parsed = JSON.parse(JSON.stringify(o)) as Partial<typeof o>;
        return [parsed.s ?? null, parsed.n ?? null, parsed.b ?? null];
      });
      assert.deepEqual(rows, expected);
    }),
  );
});

test("doubles are rounded once, whatever their form", () => {
  const schema = struct(field("n", DOUBLE));
  const forms = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.nat(25), fc.integer({ min: -40, max: 40 }));
  fc.assert(
    fc.property(forms, ([digits, point, exponent]) => {
      const text = String(digits).padStart(point + 1, "0");
      const plain = point === 0 ? text : `${text.slice(0, -point)}.${text.slice(-point)}`;
      for (const form of [plain, `${plain}e${exponent}`, `-${plain}`]) {
        const clean = form.replace(/^(-?)0+(?=\d)/, "$1");
        const expected = /[.e]/.test(clean) ? Number(clean) : Number(clean) + 0;
        assert.ok(Object.is(rowsOf(scan(schema, [`{"n":${clean}}`]))[0]?.[0], expected), clean);
      }
    }),
  );
});

test("64-bit numbers are exact: a narrow scan gives way to a wide one", () => {
  const schema = struct(field("n", LONG));
  const text = '{"n":9007199254740993}';
  assert.throws(() => scan(schema, [text], false), WideRequired);
  assert.deepEqual(rowsOf(scan(schema, [text], true)), [[9007199254740993n]]);
  assert.deepEqual(rowsOf(scan(schema, ['{"n":9007199254740991}'], false)), [[9007199254740991]]);
  assert.deepEqual(rowsOf(scan(schema, ['{"n":-9223372036854775808}'])), [[-9223372036854775808n]]);
});

test("keys that objects have anyway are data", () => {
  const schema = struct(field("__proto__", INT), field("m", map(STRING, INT)), field("toString", STRING));
  const text = '{"__proto__":1,"m":{"__proto__":2,"constructor":3},"toString":"x","hasOwnProperty":1}';
  const expected = [1, new MapValue(["__proto__", "constructor"], [2, 3]), "x"];
  assert.deepEqual(rowsOf(scan(schema, [text, text])), [expected, expected]);
});

test("only the fields asked for are read, in the order asked for", () => {
  const schema = struct(field("a", INT), field("b", STRING), field("c", DOUBLE));
  const rows = rowsOf(scan(schema, ['{"a":1,"b":"x","c":0.5}', '{"c":2,"a":"no int"}'], false, [2, 1]));
  assert.deepEqual(rows, [
    [0.5, "x"],
    [2, null],
  ]);
});

test("text with escapes stands beside views on the input", () => {
  const schema = struct(field("a", STRING), field("b", STRING));
  const result = scan(schema, ['{"a":"plain","b":"x\\ny"}', '{"a":"\\u0041é","b":"é"}', '{"b":"z"}']);
  assert.deepEqual(rowsOf(result), [
    ["plain", "x\ny"],
    ["Aé", "é"],
    [null, "z"],
  ]);
});

test("blank records are NULL, and null input too", () => {
  const schema = struct(field("a", INT));
  const { bytes, starts, ends } = recordsOf(['{"a":1}', "", "  \n", '{"a":2}', "{}"]);
  const scanner = createJsonScanner(schema, [0, -1], { json, wide: false });
  const result = scanner.scan(bytes, starts, ends, Uint8Array.of(0, 0, 0, 1, 0), 0, 5);
  const expected = [
    [1, false],
    [null, true],
    [null, true],
    [null, true],
    [null, false],
  ];
  assert.deepEqual(rowsOf(result), expected);
  assert.equal(result.corruptCount, 0);
});

test("the corrupt-record column has the text of what didn't fit", () => {
  const schema = struct(field("a", INT), field("_corrupt_record", STRING));
  const rows = rowsOf(scan(schema, ['{"a":1}', '{"a":"x"}', "nonsense", '{"a":1']));
  assert.deepEqual(rows, [
    [1, null],
    [null, '{"a":"x"}'],
    [null, "nonsense"],
    [null, '{"a":1'],
  ]);
});

test("FAILFAST names the record", () => {
  const schema = struct(field("a", INT));
  const options = { json: jsonOptions(new Map([["mode", "failfast"]]), "UTC"), wide: false };
  const { bytes, starts, ends } = recordsOf(['{"a":1}', '{"a":x}']);
  const scanner = createJsonScanner(schema, [0], options);
  assert.throws(
    () => scanner.scan(bytes, starts, ends, null, 0, 2),
    (error) => error instanceof MalformedRecord && error.row === 1 && error.message.includes('{"a":x}'),
  );
});

test("a time without a date is of today in the zone", () => {
  const schema = struct(field("t", TIMESTAMP));
  const { bytes, starts, ends } = recordsOf(['{"t":"03:04:05"}', '{"t":"T03:04"}']);
  // 2024-03-09 in Auckland, 13 hours ahead.
  const nowMs = () => Date.UTC(2024, 2, 8, 20);
  const auckland = jsonOptions(new Map([["timeZone", "Pacific/Auckland"]]), "UTC");
  const scanner = createJsonScanner(schema, [0], { json: auckland, wide: false, nowMs });
  const expected = [Date.UTC(2024, 2, 8, 14, 4, 5) * 1000, Date.UTC(2024, 2, 8, 14, 4) * 1000];
  assert.deepEqual(rowsOf(scanner.scan(bytes, starts, ends, null, 0, 2)).flat(), expected);
});

test("depth is limited, and deep values that nobody wants take no stack", () => {
  const schema = struct(field("a", INT));
  const deep = (n: number): string => `{"q":${"[".repeat(n)}${"]".repeat(n)},"a":1}`;
  assert.deepEqual(rowsOf(scan(schema, [deep(999), deep(1000), deep(100_000)])), [[1], [null], [null]]);
});

test("a shape is learned anew when the records change", () => {
  const schema = struct(field("a", INT), field("b", INT));
  const scanner = createJsonScanner(schema, [0, 1], { json, wide: false });
  for (const layout of ['{"a":1,"b":2}', '{"b":2,"x":"y","a":1}', '{ "a" : 1 , "b" : 2 }']) {
    const { bytes, starts, ends } = recordsOf(Array.from({ length: 3000 }, () => layout));
    for (let round = 0; round < 2; round++) {
      const result = scanner.scan(bytes, starts, ends, null, 0, 3000);
      assert.ok(rowsOf(result).every(([a, b]) => a === 1 && b === 2));
    }
  }
});
