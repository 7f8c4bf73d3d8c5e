import { nearest, SluiceError } from "../../errors/error.ts";
import { parseSchemaText } from "../../types/json.ts";
import { sqlType } from "../../types/print.ts";
import { array, type DataType, INT, map, STRING, struct } from "../../types/types.ts";
import { MapValue, type Value } from "../../types/values.ts";
import { simple } from "../define.ts";
import type { Argument, GeneratorFunction, ResolveContext, ScalarFunction } from "../definition.ts";
import { checkCount, coerce, unexpectedType } from "../signature.ts";
import { canonical, inferType } from "./infer.ts";
import { fromJson, type JsonOptions } from "./parse.ts";
import { evaluatePath, jsonText, parsePath, readJson } from "./path.ts";
import { type JsonWriteOptions, jsonWriter } from "./write.ts";

const OPTIONS = (
  "mode columnNameOfCorruptRecord primitivesAsString prefersDecimal allowComments allowUnquotedFieldNames allowSingleQuotes " +
  "allowNumericLeadingZeros allowNonNumericNumbers allowBackslashEscapingAnyCharacter allowUnquotedControlChars dateFormat " +
  "timestampFormat timestampNTZFormat timeZone locale encoding charset lineSep multiLine samplingRatio dropFieldIfAllNull " +
  "ignoreNullFields pretty enableDateTimeParsingFallback singleVariantColumn writeNonAsciiCharacterAsCodePoint"
).split(" ");

/** Options by lower-case name. Throws UNKNOWN_OPTION for a name that no JSON option has. */
export function readOptions(value: Value | undefined): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  if (!(value instanceof MapValue)) return out;
  value.keys.forEach((k, i) => {
    const name = String(k);
    if (!OPTIONS.some((o) => o.toLowerCase() === name.toLowerCase())) {
      const near = nearest(name, OPTIONS);
      throw new SluiceError("UNKNOWN_OPTION", {
        provider: "JSON",
        option: name,
        suggestion: near === undefined ? "" : ` Did you mean ${near}?`,
        known: OPTIONS.join(", "),
      });
    }
    out.set(name.toLowerCase(), String(value.values[i]));
  });
  return out;
}

/** The options of Spark's JSON reader from a map of names (any case) to texts. */
export function jsonOptions(given: ReadonlyMap<string, string>): JsonOptions {
  const flag = (name: string): boolean | undefined => {
    const value = given.get(name.toLowerCase());
    return value === undefined ? undefined : value.toLowerCase() === "true";
  };
  const mode = (given.get("mode") ?? "PERMISSIVE").toUpperCase();
  const optional = Object.fromEntries(
    [
      "allowComments",
      "allowUnquotedFieldNames",
      "allowSingleQuotes",
      "allowNumericLeadingZeros",
      "allowNonNumericNumbers",
      "allowBackslashEscapingAnyCharacter",
      "allowUnquotedControlChars",
    ].flatMap((name) => {
      const value = flag(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const text = (key: string, name: string): Record<string, string> => {
    const value = given.get(key.toLowerCase());
    return value === undefined ? {} : { [name]: value };
  };
  return {
    mode: mode === "FAILFAST" || mode === "DROPMALFORMED" ? mode : "PERMISSIVE",
    columnNameOfCorruptRecord: given.get("columnnameofcorruptrecord") ?? "_corrupt_record",
    primitivesAsString: flag("primitivesAsString") ?? false,
    ...optional,
    ...text("dateFormat", "dateFormat"),
    ...text("timestampFormat", "timestampFormat"),
    ...text("timestampNTZFormat", "timestampNtzFormat"),
    ...text("timeZone", "timeZone"),
  };
}

function writeOptions(given: ReadonlyMap<string, string>): JsonWriteOptions {
  return {
    ignoreNullFields: (given.get("ignorenullfields") ?? "true").toLowerCase() === "true",
    pretty: (given.get("pretty") ?? "false").toLowerCase() === "true",
    ...(given.has("dateformat") ? { dateFormat: given.get("dateformat") as string } : {}),
    ...(given.has("timestampformat") ? { timestampFormat: given.get("timestampformat") as string } : {}),
    ...(given.has("timestampntzformat") ? { timestampNtzFormat: given.get("timestampntzformat") as string } : {}),
    ...(given.has("timezone") ? { timeZone: given.get("timezone") as string } : {}),
  };
}

function optionsArgument(
  args: readonly Argument[],
  index: number,
  context: ResolveContext,
): ReadonlyMap<string, string> {
  if (args.length <= index) return new Map();
  if (args[index].type.kind !== "map") throw unexpectedType(args, index, '"MAP<STRING, STRING>"', context);
  if (args[index].literal === undefined) {
    throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
      sqlExpr: `"${context.sql}"`,
      inputName: "`options`",
      inputType: '"MAP"',
      inputExpr: `"${args[index].sql}"`,
    });
  }
  return readOptions(args[index].literal?.value);
}

function nullable(type: DataType): DataType {
  switch (type.kind) {
    case "array":
      return array(nullable(type.elementType));
    case "map":
      return map(type.keyType, nullable(type.valueType));
    case "struct":
      return { kind: "struct", fields: type.fields.map((f) => ({ ...f, type: nullable(f.type), nullable: true })) };
    default:
      return type;
  }
}

/** What the optimiser needs to decode a from_json straight from bytes: its schema and options. */
export function fromJsonParts(
  args: readonly Argument[],
  context: ResolveContext,
): { schema: DataType; options: ReadonlyMap<string, string> } {
  const text = args[1].literal?.value;
  if (typeof text !== "string") {
    throw new SluiceError("INVALID_SCHEMA.NON_STRING_LITERAL", { inputSchema: `"${args[1].sql}"` });
  }
  return { schema: nullable(parseSchemaText(text)), options: optionsArgument(args, 2, context) };
}

const fromJsonFunction: ScalarFunction = {
  kind: "scalar",
  name: "from_json",
  group: "json",
  doc: {
    summary: "The value that a JSON text holds, by a schema. Bad text gives nulls, unless the option mode is FAILFAST.",
    args: "jsonStr, schema, options",
    examples: [
      "from_json('{\"a\":1, \"b\":0.8}', 'a INT, b DOUBLE')",
      "from_json('{\"time\":\"26/08/2015\"}', 'time Timestamp', map('timestampFormat', 'dd/MM/yyyy'))",
      'from_json(\'{"a":"x", "b":2}\', \'a INT, b INT\')',
      "from_json('{\"a\":1', 'a INT')",
      "from_json('', 'a INT')",
      "from_json('null', 'a INT')",
      "from_json('null', 'ARRAY<INT>')",
      "from_json('  ', 'a INT')",
      'from_json(\'{"a": [ 1 , {"b": "x\\\\ty"} ]}\', \'a STRING\')',
      "from_json('{\"a\": 1.50}', 'a STRING')",
      "from_json('[1', 'ARRAY<INT>')",
      "from_json('[1,\"x\"]', 'ARRAY<INT>')",
      'from_json(\'{"a":{"b":"x","c":1}}\', \'a STRUCT<b: INT, c: INT>\')',
      'from_json(\'{"a":{"k":"x"}}\', \'a MAP<STRING, INT>\')',
      "from_json('{\"a\":1e3}', 'a INT')",
      "from_json('{\"a\":1e3}', 'a DOUBLE')",
      "from_json('{\"a\":123456}', 'a DECIMAL(5,2)')",
      "from_json('{\"a\":\"2024-13-01\"}', 'a DATE')",
      "from_json('{\"a\":\"01/02/2024\"}', 'a DATE', map('dateFormat', 'dd/MM/yyyy'))",
      "from_json('{\"a\":1,}', 'a INT')",
      "from_json('{\"a\":+1}', 'a INT')",
      "from_json('{\"a\":.5}', 'a DOUBLE')",
      "from_json('{\"a\":NaN}', 'a INT')",
      "from_json('{\"b\":tru}', 'a INT')",
      "from_json('\"x\"', 'a INT')",
      "from_json('5', 'a INT')",
      "from_json('{\"a\":\"\\\\u00e9\\\\n\"}', 'a STRING')",
      "from_json(NULL, 'a INT')",
      "from_json('[1, 2, null]', 'ARRAY<INT>')",
      "from_json('{\"a\":{\"b\":[1,2]}}', 'a STRUCT<b: ARRAY<INT>>')",
      "from_json('{\"k\":1,\"l\":null}', 'MAP<STRING, INT>')",
      "from_json('{\"a\": {\"b\" : 1.0 }}', 'a STRING')",
      "from_json('{\"a\":1.5}', 'a INT')",
      "from_json('{\"a\":9223372036854775807}', 'a BIGINT')",
      "from_json('{\"a\":9223372036854775808}', 'a BIGINT')",
      'from_json(\'{"a":"NaN","b":NaN,"c":"Infinity"}\', \'a DOUBLE, b DOUBLE, c FLOAT\')',
      'from_json(\'{"a":1.005,"b":"2.5"}\', \'a DECIMAL(5,2), b DECIMAL(5,2)\')',
      'from_json(\'{"a":"2024-01-02","b":"2024-01-02T03:04:05Z"}\', \'a DATE, b TIMESTAMP\')',
      "from_json('{\"a\":1,\"a\":2}', 'a INT')",
      "from_json('{\"A\":1}', 'a INT')",
      "from_json('{\"a\":\"x\"}', 'a INT, _corrupt_record STRING')",
      "from_json('{\"a\":\"x\"', 'a INT, bad STRING', map('columnNameOfCorruptRecord', 'bad'))",
      "from_json('{\"a\":\"x\"}', 'a INT', map('mode', 'FAILFAST'))",
      "from_json('{''a'':1}', 'a INT')",
      "from_json('{a:1}', 'a INT', map('allowUnquotedFieldNames', 'true'))",
      "from_json('{a:1}', 'a INT')",
      "from_json('[{\"a\":1}]', 'a INT')",
      "from_json('{\"a\":[1,\"x\"]}', 'a ARRAY<INT>')",
      'from_json(\'{"a":[{"b":1},{"b":"x"}]}\', \'a ARRAY<STRUCT<b: INT>>\')',
      'from_json(\'{"a":true,"b":"true"}\', \'a BOOLEAN, b BOOLEAN\')',
      "from_json('{\"a\":1} trailing', 'a INT')",
      "from_json('{\"a\":\"\"}', 'a INT')",
      "from_json('{\"a\":1700000000}', 'a TIMESTAMP')",
      "from_json('{\"a\":\"c3Bhcms=\"}', 'a BINARY').a",
      "from_json('{\"a\":300}', 'a TINYINT')",
      "from_json('{\"a\":01}', 'a INT')",
      "from_json('{\"__proto__\":1}', '`__proto__` INT')",
    ],
  },
  prettyName: (args) => `from_json(${args[0]})`,
  resolve(args, context) {
    checkCount(args, context, 2, 3);
    const { schema, options } = fromJsonParts(args, context);
    const parsed = jsonOptions(options);
    if (parsed.mode === "DROPMALFORMED") {
      throw new SluiceError("PARSE_MODE_UNSUPPORTED", { funcName: "from_json", mode: parsed.mode });
    }
    const inputs = [coerce(args, 0, STRING, context), ...args.slice(1).map((a) => a.type)];
    return {
      inputs,
      output: schema,
      nullable: true,
      evaluation: {
        nulls: "propagate",
        mayReturnNull: true,
        emit: (e, [text]) => `${e.bind(fromJson(schema, parsed, e.settings, e.wide, e.run), "fromJson")}(${text})`,
      },
    };
  },
};

const toJsonFunction: ScalarFunction = {
  kind: "scalar",
  name: "to_json",
  group: "json",
  doc: {
    summary: "A struct, array or map as JSON text.",
    args: "expr, options",
    examples: [
      "to_json(named_struct('a', 1, 'b', 2))",
      "to_json(named_struct('time', to_timestamp('2015-08-26', 'yyyy-MM-dd')), map('timestampFormat', 'dd/MM/yyyy'))",
      "to_json(array(named_struct('a', 1, 'b', 2)))",
      "to_json(map('a', named_struct('b', 1)))",
      "to_json(named_struct('a', CAST(NULL AS INT), 'b', 1))",
      "to_json(named_struct('a', CAST(NULL AS INT)), map('ignoreNullFields', 'false'))",
      "to_json(named_struct('a', 1.50, 'b', 1e10D, 'c', DOUBLE('NaN'), 'd', 1.5F))",
      "to_json(named_struct('a', 'é\"\\\\\\n', 'b', X'0102', 'c', DATE'2024-02-29'))",
      "to_json(named_struct('t', TIMESTAMP'2024-02-29 01:02:03.456789'))",
      "to_json(map(1, 2))",
      "to_json(array(1, NULL))",
      "to_json(NULL)",
      "to_json(named_struct('a', 9007199254740993L))",
      "to_json(named_struct('t', TIMESTAMP_NTZ'2024-02-29 01:02:03'))",
      "to_json(1)",
    ],
  },
  prettyName: (args) => `to_json(${args[0]})`,
  resolve(args, context) {
    checkCount(args, context, 1, 2);
    const { type } = args[0];
    if (type.kind !== "struct" && type.kind !== "array" && type.kind !== "map" && type.kind !== "null") {
      throw new SluiceError("DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", {
        sqlExpr: `"${context.sql}"`,
        schema: `"${sqlType(type)}"`,
      });
    }
    const options = writeOptions(optionsArgument(args, 1, context));
    return {
      inputs: args.map((a) => a.type),
      output: STRING,
      nullable: args[0].nullable,
      evaluation: {
        nulls: "propagate",
        emit: (e, [v]) => `${e.bind(jsonWriter(type, options, e.settings), "toJson")}(${v})`,
      },
    };
  },
};

function getJsonObject(text: string, path: string): string | null {
  const steps = parsePath(path);
  if (steps === undefined) return null;
  const json = readJson(text);
  return json === undefined ? null : evaluatePath(json, steps);
}

function arrayLength(text: string): number | null {
  const json = readJson(text);
  return json?.kind === "array" ? json.items.length : null;
}

function objectKeys(text: string): string[] | null {
  const json = readJson(text);
  return json?.kind === "object" ? json.entries.map(([k]) => k) : null;
}

const schemaOfJson: ScalarFunction = {
  kind: "scalar",
  name: "schema_of_json",
  group: "json",
  doc: {
    summary: "The type of a constant JSON text, in DDL.",
    args: "json, options",
    examples: [
      "schema_of_json('[{\"col\":0}]')",
      'schema_of_json(\'{"a":1.5,"b":[null,true],"c":null}\')',
      "schema_of_json('1')",
      'schema_of_json(\'{"a":"x","b":{"c":12345678901234567890}}\')',
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 1, 2);
    optionsArgument(args, 1, context);
    const text = args[0].literal?.value;
    if (typeof text !== "string") {
      throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
        sqlExpr: `"${context.sql}"`,
        inputName: "`json`",
        inputType: '"STRING"',
        inputExpr: `"${args[0].sql}"`,
      });
    }
    const json = readJson(text);
    const type = json === undefined ? struct() : canonical(inferType(json));
    return {
      inputs: args.map((a) => a.type),
      output: STRING,
      nullable: false,
      evaluation: { nulls: "propagate", emit: () => JSON.stringify(sqlType(type)) },
    };
  },
};

const jsonTuple: GeneratorFunction = {
  kind: "generator",
  name: "json_tuple",
  group: "json",
  doc: {
    summary: "Fields of a JSON object as columns of text.",
    args: "jsonStr, p1, …",
    examples: [
      "json_tuple('{\"a\":1, \"b\":2}', 'a', 'b')",
      "json_tuple('{\"a\":{\"x\":[1]}}', 'a', 'c')",
      "json_tuple('bad', 'a')",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 2, Number.POSITIVE_INFINITY);
    return {
      inputs: args.map((_, i) => coerce(args, i, STRING, context)),
      output: args.slice(1).map((_, i) => ({ name: `c${i}`, type: STRING, nullable: true })),
      generate([text, ...names]) {
        const json = text === null ? undefined : readJson(text as string);
        const row = names.map((name): Value => {
          if (json?.kind !== "object") return null;
          const found = json.entries.findLast(([k]) => k === name);
          return found === undefined ? null : (jsonText(found[1]) ?? null);
        });
        return [row];
      },
      outer: false,
    };
  },
};

export const jsonFunctions = [
  fromJsonFunction,
  toJsonFunction,
  simple({
    name: "get_json_object",
    group: "json",
    summary: "The part of a JSON text at a path.",
    args: "json_txt, path",
    examples: [
      "get_json_object('{\"a\":\"b\"}', '$.a')",
      'get_json_object(\'{"a":{"b":[1,2,{"c":3}]}}\', \'$.a.b[2].c\')',
      "get_json_object('{\"a\":[1,2]}', '$.a')",
      "get_json_object('{\"a\":[1,2]}', '$.a[*]')",
      'get_json_object(\'{"a":[{"b":1},{"b":2}]}\', \'$.a[*].b\')',
      "get_json_object('{\"a\":[1]}', '$.a[*]')",
      "get_json_object('{\"a\":null}', '$.a')",
      "get_json_object('bad', '$.a')",
      "get_json_object('{\"a\":1}', 'a')",
      "get_json_object('{\"a b\":1}', '$[''a b'']')",
      "get_json_object('{\"a\": 1.0 , \"b\":2}', '$')",
      "get_json_object('{\"a\":true}', '$.a')",
      "get_json_object('{\"a\":1.50}', '$.a')",
      "get_json_object('{\"a\":[1e3, 12345678901234567890]}', '$.a')",
      "get_json_object('[{\"b\":\"x\"}]', '$[0].b')",
      "get_json_object('{\"a\":\"x\\\\ny\"}', '$.a')",
    ],
    inputs: [STRING, STRING],
    output: STRING,
    mayReturnNull: true,
    run: getJsonObject,
  }),
  simple({
    name: "json_array_length",
    group: "json",
    summary: "Number of elements of the outermost JSON array; NULL for anything else.",
    args: "jsonArray",
    examples: [
      "json_array_length('[1,2,3,4]')",
      "json_array_length('{}')",
      "json_array_length('[1,2')",
      "json_array_length('[]')",
    ],
    inputs: [STRING],
    output: INT,
    mayReturnNull: true,
    run: arrayLength,
  }),
  simple({
    name: "json_object_keys",
    group: "json",
    summary: "The names of the fields of the outermost JSON object; NULL for anything else.",
    args: "json_object",
    examples: [
      'json_object_keys(\'{"key":"value","b":1}\')',
      "json_object_keys('{}')",
      "json_object_keys('[1]')",
      "json_object_keys('x')",
    ],
    inputs: [STRING],
    output: array(STRING),
    mayReturnNull: true,
    run: objectKeys,
  }),
  schemaOfJson,
  jsonTuple,
];
