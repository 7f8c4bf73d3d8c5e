/** Arrays, maps, structs, JSON and generators, one case each. */

import * as F from "../../../src/functions.ts";
import type { Column } from "../../../src/index.ts";
import { type Case, differs, failsWith, type Gap, type Table } from "../case.ts";
import { nested } from "./inputs.ts";

const table: Readonly<Record<string, () => Column>> = {
  size: () => F.size("a"),
  "size of a map": () => F.size("m"),
  array_contains: () => F.array_contains("a", 1),
  array_position: () => F.array_position("a", 1),
  array_distinct: () => F.array_distinct("a"),
  "array_distinct of DOUBLE": () => F.array_distinct("g"),
  array_max: () => F.array_max("a"),
  "array_max of DOUBLE": () => F.array_max("g"),
  array_min: () => F.array_min("g"),
  array_sort: () => F.array_sort("w"),
  "array_sort of DOUBLE": () => F.array_sort("g"),
  "array_sort by a comparator": () => F.array_sort("a", (x, y) => F.when(x.gt(y), -1).when(x.lt(y), 1).otherwise(0)),
  sort_array: () => F.sort_array("a"),
  "sort_array descending": () => F.sort_array("w", false),
  array_join: () => F.array_join("w", ","),
  "array_join with a null's text": () => F.array_join("w", ",", "?"),
  array_union: () => F.array_union("a", "b"),
  array_intersect: () => F.array_intersect("a", "b"),
  array_except: () => F.array_except("a", "b"),
  arrays_overlap: () => F.arrays_overlap("a", "b"),
  array_remove: () => F.array_remove("a", 1),
  array_append: () => F.array_append("a", 9),
  array_prepend: () => F.array_prepend("a", 9),
  array_insert: () => F.array_insert("a", 2, 9),
  array_repeat: () => F.array_repeat("n", 2),
  array_compact: () => F.array_compact("w"),
  arrays_zip: () => F.arrays_zip("a", "b"),
  slice: () => F.slice("a", 2, 2),
  "slice from the end": () => F.slice("a", -2, 2),
  concat: () => F.concat("a", "b"),
  flatten: () => F.flatten(F.array("a", "b")),
  reverse: () => F.reverse("a"),
  get: () => F.get("a", 1),
  "get by column": () => F.get("a", "n"),
  try_element_at: () => F.try_element_at("a", F.lit(-1)),
  "try_element_at of a map": () => F.try_element_at("m", F.lit("x")),
  "getItem of a map": () => F.col("m").getItem("y"),
  "getField of a struct": () => F.col("p").getField("y"),
  "struct by name": () => F.col("p.x"),
  "field of an array of structs": () => F.col("q").getField("k"),
  withField: () => F.col("p").withField("z", F.col("n")),
  dropFields: () => F.col("p").dropFields("x"),
  map_keys: () => F.map_keys("m"),
  map_values: () => F.map_values("m"),
  map_entries: () => F.map_entries("m"),
  map_concat: () => F.map_concat("m", F.create_map(F.lit("new"), "n")),
  map_contains_key: () => F.map_contains_key("m", "x"),
  map_from_arrays: () => F.map_from_arrays(F.array(F.lit("a"), F.lit("b")), F.array("n", "n")),
  map_from_entries: () => F.map_from_entries(F.array(F.struct(F.lit("k"), "n"))),
  create_map: () => F.create_map(F.lit("a"), "n", F.lit("b"), F.lit(2)),
  struct: () => F.struct("n", F.col("p.x").alias("px")),
  named_struct: () => F.named_struct(F.lit("a"), "n", F.lit("b"), "w"),
  array: () => F.array("n", F.lit(1)),
  "array of mixed types": () => F.array("n", F.lit(1.5)),
  sequence: () => F.sequence(F.lit(1), F.lit(5), F.lit(2)),
  transform: () => F.transform("a", (x) => x.multiply(2)),
  "transform with position": () => F.transform("a", (x, i) => x.plus(i)),
  filter: () => F.filter("a", (x) => x.gt(1)),
  exists: () => F.exists("a", (x) => x.eq(1)),
  forall: () => F.forall("a", (x) => x.gt(0)),
  aggregate: () => F.aggregate("a", F.lit(0), (sum, x) => sum.plus(F.coalesce(x, F.lit(0)))),
  "aggregate with finish": () =>
    F.aggregate(
      "a",
      F.lit(0),
      (sum, x) => sum.plus(F.coalesce(x, F.lit(0))),
      (sum) => sum.multiply(10),
    ),
  zip_with: () => F.zip_with("a", "b", (x, y) => F.coalesce(x, y)),
  transform_keys: () => F.transform_keys("m", (k) => F.concat(k, F.lit("!"))),
  transform_values: () => F.transform_values("m", (_, v) => v.plus(1)),
  map_filter: () => F.map_filter("m", (_, v) => v.isNotNull()),
  to_json: () => F.to_json("p"),
  "to_json of an array": () => F.to_json("q"),
  "to_json of a map": () => F.to_json("m"),
  "to_json of structs in a struct": () =>
    F.to_json(
      F.struct("p", F.struct(F.lit(null).cast("int").alias("none"), F.struct("a").alias("deep")).alias("made")),
    ),
  "to_json of arrays and maps in a struct": () => F.to_json(F.struct("q", "m", "w", "a")),
  "to_json of keys that aren't text": () =>
    F.to_json(
      F.struct(
        F.create_map(F.lit("2024-02-29").cast("date"), F.lit(1)).alias("date"),
        F.create_map(F.lit("2024-02-29 01:02:03.456").cast("timestamp"), F.lit(1)).alias("timestamp"),
        F.create_map(F.lit(1.5), F.lit(2)).alias("double"),
        F.create_map(F.lit(true), F.lit(2)).alias("boolean"),
        F.create_map(F.lit("12.30").cast("decimal(6,2)"), F.lit(2)).alias("decimal"),
        F.create_map(F.lit(-7), F.lit("2024-02-29").cast("date")).alias("int"),
      ),
    ),
  "to_json with nulls": () => F.to_json("p", { ignoreNullFields: false }),
  "array as text": () => F.col("w").cast("string"),
  "map as text": () => F.col("m").cast("string"),
  "struct as text": () => F.col("p").cast("string"),
  "array of DOUBLE as text": () => F.col("g").cast("string"),
  "array of BIGINT": () => F.col("a").cast("array<bigint>"),
  "equality of arrays": () => F.col("a").eq(F.col("b")),
  "equality of structs": () => F.col("p").eq(F.struct(F.lit(1), F.lit("one"))),
  "order of arrays": () => F.col("a").lt(F.col("b")),
  "hash of an array": () => F.hash("a"),
  "hash of a struct": () => F.hash("p"),
};

const rows: Readonly<Record<string, () => Column>> = {
  explode: () => F.explode("a").alias("e"),
  explode_outer: () => F.explode_outer("a").alias("e"),
  posexplode: () => F.posexplode("w"),
  "explode of a map": () => F.explode("m"),
  "explode_outer of a map": () => F.explode_outer("m"),
  inline: () => F.inline(F.filter("q", (x) => x.isNotNull())),
};

const json: Table = {
  schema: "j STRING",
  rows: [
    ['{"a":1,"b":"x","c":[1,2],"d":{"e":1.5},"t":"2024-01-02T03:04:05.678901Z"}'],
    ['{"a":"1","b":5,"c":null}'],
    ['{"a":9007199254740993,"b":"\\u00e9\\n","d":{"e":1e400}}'],
    ['{"A":2,"a":3}'],
    ["{}"],
    [""],
    ["not json"],
    ['{"a":1'],
    ['[{"a":7}]'],
    ["null"],
    ['{"a":2.5,"b":true,"c":"x","d":[1]}'],
    ['{"__proto__":1,"a":4,"b":{"n":[1, 2 ,{"k":null}]}}'],
    ['  {"a" : -0 , "d" : {"e" : -0.0} }  '],
    ['{"a":1,"a":2}'],
    [null],
  ],
};

const schema = "a BIGINT, b STRING, c ARRAY<INT>, d STRUCT<e: DOUBLE>, t TIMESTAMP";
const ofJson: Readonly<Record<string, () => Column>> = {
  from_json: () => F.from_json("j", schema),
  "from_json with a corrupt column": () =>
    F.from_json("j", `${schema}, _corrupt STRING`, { columnNameOfCorruptRecord: "_corrupt" }),
  "from_json of one INT": () => F.from_json("j", "a INT"),
  "from_json of DOUBLE": () => F.from_json("j", "a DOUBLE"),
  "from_json of DECIMAL": () => F.from_json("j", "a DECIMAL(20,2)"),
  "from_json of STRING": () => F.from_json("j", "a STRING, b STRING, d STRING"),
  "from_json of an array": () => F.from_json("j", "ARRAY<STRUCT<a: INT>>"),
  "from_json of a map": () => F.from_json("j", "MAP<STRING, STRING>"),
  "from_json DROPMALFORMED is refused": () => F.from_json("j", "a INT", { mode: "DROPMALFORMED" }),
  "from_json FAILFAST": () => F.from_json("j", "a INT", { mode: "FAILFAST" }),
  "field of from_json": () => F.from_json("j", schema).getField("a"),
  get_json_object: () => F.get_json_object("j", "$.d.e"),
  "get_json_object of an element": () => F.get_json_object("j", "$.c[1]"),
  "get_json_object of an object": () => F.get_json_object("j", "$.b"),
  json_tuple: () => F.json_tuple("j", "a", "b"),
  json_array_length: () => F.json_array_length("j"),
  json_object_keys: () => F.json_object_keys("j"),
};

/** Differences that stay for now, by case. */
const gaps: Readonly<Record<string, Gap>> = {
  "array_distinct of DOUBLE": differs("-0 is kept; Spark makes it 0"),
  array_repeat: differs("a null value gives a null array; Spark gives an array of nulls"),
  "equality of structs": failsWith(
    "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
    "structs with other field names aren't compared",
  ),
  "from_json of STRING": differs("a number too large for DOUBLE in a nested part is written without quotes"),
  "from_json of a map": differs("a number too large for DOUBLE in a nested part is written without quotes"),
  get_json_object: differs("a number too large for DOUBLE is written without quotes"),
  "from_json of an array": differs("one object where an array is expected gives null; Spark gives an array of one"),
};

const select = (name: string, input: Table, columns: () => (Column | string)[]): Case => ({
  kind: "batch",
  name,
  ...(gaps[name] && { gap: gaps[name] }),
  tables: { t: input },
  program: ({ table: read }) => read("t").select(...columns()),
});

export const cases: readonly Case[] = [
  ...Object.entries(table).map(([name, column]) => select(name, nested, () => ["n", column().alias("result")])),
  ...Object.entries(rows).map(([name, column]) => select(`rows of ${name}`, nested, () => ["n", column()])),
  ...Object.entries(ofJson).map(([name, column]) =>
    select(name, json, () => ["j", name === "json_tuple" ? column() : column().alias("result")]),
  ),
];
