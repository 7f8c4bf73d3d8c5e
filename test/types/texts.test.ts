import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../src/errors/error.ts";
import { parseDdl, parseSchema, parseType } from "../../src/types/ddl.ts";
import { fromJson, parseSchemaText, toJson } from "../../src/types/json.ts";
import { quoteIfNeeded, quoteString, simpleString, sqlType, toDdl, treeString } from "../../src/types/print.ts";
import { array, DATE, decimal, field, INT, LONG, map, STRING, struct } from "../../src/types/types.ts";

const schema = struct(
  field("id", LONG, false, { comment: "it's a key" }),
  field("b c", array(struct(field("x", INT, false), field("y", map(STRING, DATE, false)))), true),
  field("n", decimal(10, 2)),
);

test("a schema in each text form", () => {
  assert.equal(
    toDdl(schema),
    "id BIGINT NOT NULL COMMENT 'it\\'s a key',`b c` ARRAY<STRUCT<x: INT NOT NULL, y: MAP<STRING, DATE>>>,n DECIMAL(10,2)",
  );
  assert.equal(simpleString(schema), "struct<id:bigint,b c:array<struct<x:int,y:map<string,date>>>,n:decimal(10,2)>");
  assert.equal(sqlType(schema.fields[1].type), "ARRAY<STRUCT<x: INT NOT NULL, y: MAP<STRING, DATE>>>");
  assert.equal(
    treeString(schema),
    [
      "root",
      " |-- id: long (nullable = false)",
      " |-- b c: array (nullable = true)",
      " |    |-- element: struct (containsNull = true)",
      " |    |    |-- x: integer (nullable = false)",
      " |    |    |-- y: map (nullable = true)",
      " |    |    |    |-- key: string",
      " |    |    |    |-- value: date (valueContainsNull = false)",
      " |-- n: decimal(10,2) (nullable = true)",
      "",
    ].join("\n"),
  );
  assert.equal(
    treeString(schema, 1),
    "root\n |-- id: long (nullable = false)\n |-- b c: array (nullable = true)\n |-- n: decimal(10,2) (nullable = true)\n",
  );
});

test("JSON keeps what DDL can't say", () => {
  assert.deepEqual(fromJson(toJson(schema)), schema);
  const text = '{"type":"struct","fields":[{"name":"__proto__","type":"integer","nullable":true,"metadata":{}}]}';
  const parsed = fromJson(text);
  assert.ok(parsed.kind === "struct");
  assert.equal(parsed.fields[0].name, "__proto__");
  assert.equal(toJson(parsed), text);
});

test("DDL and JSON are told apart", () => {
  assert.deepEqual(parseSchemaText("a INT"), struct(field("a", INT)));
  assert.deepEqual(parseSchemaText('"integer"'), INT);
  assert.deepEqual(parseSchemaText(toJson(schema)), schema);
  assert.deepEqual(parseSchema("INT"), struct(field("value", INT)));
  assert.deepEqual(parseType("array<decimal(5)>"), array(decimal(5, 0)));
});

test("names and strings are quoted so that they read back", () => {
  for (const name of ["a", "A_1", "1a", "a b", "a`b", "", "é", "a.b"]) {
    const parsed = parseDdl(`${quoteIfNeeded(name)} INT`);
    assert.ok(parsed.kind === "struct");
    assert.equal(parsed.fields[0].name, name);
  }
  assert.equal(quoteString("a'b\\c"), "'a\\'b\\\\c'");
});

test("errors underline the place in the type's text", () => {
  const cases: [string, string, string][] = [
    ["a INT, b STRNG", "UNSUPPORTED_DATATYPE", "STRNG"],
    ["a DECIMAL(50,2)", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "DECIMAL(50,2)"],
    ["a ARRAY", "INCOMPLETE_TYPE_DEFINITION.ARRAY", "ARRAY"],
    ["a INT b", "PARSE_SYNTAX_ERROR", "b"],
    ["MAP<STRING>", "PARSE_SYNTAX_ERROR", ">"],
  ];
  for (const [text, condition, place] of cases) {
    assert.throws(
      () => parseDdl(text),
      (e) =>
        e instanceof SluiceError &&
        e.condition === condition &&
        e.context !== undefined &&
        text.slice(e.context.start, e.context.stop) === place,
      text,
    );
  }
  for (const text of ["{", "null", "1", '{"type":"array"}', '{"type":"struct","fields":[1]}', '"foo"']) {
    assert.throws(() => fromJson(text), { condition: "INVALID_JSON_DATA_TYPE" }, text);
  }
});
