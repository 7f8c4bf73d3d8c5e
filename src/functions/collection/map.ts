import { SluiceError } from "../../errors/error.ts";
import { commonType } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import {
  type ArrayType,
  array,
  BOOLEAN,
  type DataType,
  field,
  type MapType,
  map,
  NULL,
  STRING,
  type StructType,
  struct,
} from "../../types/types.ts";
import { MapValue, type Value } from "../../types/values.ts";
import { textOf } from "../cast/text.ts";
import { oneType } from "../conditional/conditional.ts";
import { type SimpleDefinition, simple } from "../define.ts";
import type { Argument, ScalarFunction, SessionSettings } from "../definition.ts";
import { distinctKey, equalityFor } from "../ordering.ts";
import { javaRegExp } from "../string/pattern.ts";

function mapping(def: Omit<SimpleDefinition, "group">): ScalarFunction {
  return simple({ group: "map", ...def });
}

/** Builds a map from entries, refusing NULL keys and (Spark's default) keys that come twice. */
export function mapBuilder(
  type: MapType,
  settings: SessionSettings,
): (keys: readonly Value[], values: readonly Value[]) => MapValue {
  const key = distinctKey(type.keyType);
  const show = textOf(type.keyType, settings);
  return (keys, values) => {
    const seen = new Set<unknown>();
    for (const k of keys) {
      if (k === null) throw new SluiceError("NULL_MAP_KEY");
      const id = key(k);
      if (seen.has(id)) throw new SluiceError("DUPLICATED_MAP_KEY", { key: show(k) });
      seen.add(id);
    }
    return new MapValue(keys as Value[], values as Value[]);
  };
}

const makeMap: ScalarFunction = {
  kind: "scalar",
  name: "map",
  group: "map",
  doc: {
    summary: "A map of keys and values in turn.",
    args: "key0, value0, …",
    examples: [
      "map(1.0, '2', 3.0, '4')",
      "map()",
      "map('a', 1, 'b', NULL)",
      "map(1, 'a', 1, 'b')",
      "map(NULL, 1)",
      "map('a')",
      "map(1, 'a', 2L, 'b')",
      "map('a', 1, 'b', 2.5)",
    ],
  },
  resolve(args, context) {
    if (args.length % 2 !== 0) {
      throw new SluiceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
        functionName: "`map`",
        expectedNum: "2n (n >= 0)",
        actualNum: args.length,
        args: "key0, value0, …",
      });
    }
    const keys = args.filter((_, i) => i % 2 === 0);
    const values = args.filter((_, i) => i % 2 === 1);
    const keyType = common(keys, context.sql, "CREATE_MAP_KEY_DIFF_TYPES");
    const valueType = common(values, context.sql, "CREATE_MAP_VALUE_DIFF_TYPES");
    const type = map(
      args.length === 0 ? NULL : keyType,
      args.length === 0 ? NULL : valueType,
      values.some((v) => v.nullable),
    );
    return {
      inputs: args.map((_, i) => (i % 2 === 0 ? keyType : valueType)),
      output: type,
      nullable: false,
      evaluation: {
        nulls: "custom",
        emit(e, lazy) {
          const items = lazy.map((arg) => {
            const { value, isNull } = arg.emit();
            return isNull === "true" ? "null" : isNull === "false" ? value : `${isNull} ? null : ${value}`;
          });
          const name = e.fresh("map");
          const list = (from: number): string => `[${items.filter((_, i) => i % 2 === from).join(", ")}]`;
          e.line(`const ${name} = ${e.bind(mapBuilder(type, e.settings), "mapOf")}(${list(0)}, ${list(1)});`);
          return { value: name, isNull: "false" };
        },
      },
    };
  },
};

function common(
  args: readonly Argument[],
  sql: string,
  condition: "CREATE_MAP_KEY_DIFF_TYPES" | "CREATE_MAP_VALUE_DIFF_TYPES",
): DataType {
  const type = commonType(args.map((a) => a.type));
  if (type !== undefined) return type;
  throw new SluiceError(`DATATYPE_MISMATCH.${condition}`, {
    sqlExpr: `"${sql}"`,
    functionName: "`map`",
    dataType: args.map((a) => `"${sqlType(a.type)}"`).join(", "),
  });
}

function asMap(type: DataType): MapType {
  return type.kind === "map" ? type : map(NULL, NULL);
}

function entryStruct(type: MapType): StructType {
  return struct(field("key", type.keyType, false), field("value", type.valueType, type.valueContainsNull));
}

const mapConcat: ScalarFunction = {
  kind: "scalar",
  name: "map_concat",
  group: "map",
  doc: {
    summary: "The entries of several maps in one.",
    args: "map, …",
    examples: [
      "map_concat(map(1, 'a', 2, 'b'), map(3, 'c'))",
      "map_concat(map(1, 'a'), map(1, 'b'))",
      "map_concat(map(1, 'a'), NULL)",
      "map_concat()",
    ],
  },
  resolve(args, context) {
    if (args.some((a) => a.type.kind !== "map")) {
      throw new SluiceError("DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES", {
        sqlExpr: `"${context.sql}"`,
        functionName: "`map_concat`",
        dataType: args.map((a) => `"${sqlType(a.type)}"`).join(", "),
      });
    }
    const type = args.length === 0 ? map(STRING, STRING, false) : asMap(oneType(args, context));
    return {
      inputs: args.map(() => type),
      output: type,
      evaluation: {
        nulls: "propagate",
        emit(e, maps) {
          const build = mapBuilder(type, e.settings);
          const run = (list: readonly MapValue[]): MapValue =>
            build(
              list.flatMap((m) => m.keys),
              list.flatMap((m) => m.values),
            );
          return `${e.bind(run, "mapConcat")}([${maps.join(", ")}])`;
        },
      },
    };
  },
};

export const mapFunctions: readonly ScalarFunction[] = [
  makeMap,
  mapConcat,
  mapping({
    name: "map_keys",
    summary: "The keys as an array.",
    args: "map",
    examples: ["map_keys(map(1, 'a', 2, 'b'))", "map_keys(CAST(NULL AS MAP<INT, INT>))"],
    inputs: ["map"],
    output: (types) => array(asMap(types[0]).keyType, false),
    run: (m: MapValue) => m.keys,
  }),
  mapping({
    name: "map_values",
    summary: "The values as an array.",
    args: "map",
    examples: ["map_values(map(1, 'a', 2, NULL))"],
    inputs: ["map"],
    output: (types) => array(asMap(types[0]).valueType, asMap(types[0]).valueContainsNull),
    run: (m: MapValue) => m.values,
  }),
  mapping({
    name: "map_entries",
    summary: "The entries as an array of structs with key and value.",
    args: "map",
    examples: ["map_entries(map(1, 'a', 2, 'b'))"],
    inputs: ["map"],
    output: (types) => array(entryStruct(asMap(types[0])), false),
    run: (m: MapValue) => m.keys.map((k, i) => [k, m.values[i]]),
  }),
  mapping({
    name: "map_from_arrays",
    summary: "A map of an array of keys and one of values.",
    args: "keys, values",
    examples: [
      "map_from_arrays(array(1.0, 3.0), array('2', '4'))",
      "map_from_arrays(array(1), array(1, 2))",
      "map_from_arrays(array(1, NULL), array(1, 2))",
      "map_from_arrays(array(1, 1), array(1, 2))",
    ],
    inputs: ["array", "array"],
    output: (types) =>
      map(
        (types[0] as ArrayType).elementType,
        (types[1] as ArrayType).elementType,
        (types[1] as ArrayType).containsNull,
      ),
    make({ output, settings }) {
      const build = mapBuilder(output as MapType, settings);
      return (keys: Value[], values: Value[]) => {
        if (keys.length !== values.length)
          throw new SluiceError("INVALID_MAP_LENGTH", { keys: keys.length, values: values.length });
        return build(keys, values);
      };
    },
  }),
  mapping({
    name: "map_from_entries",
    summary: "A map of an array of structs of key and value; NULL when an entry is NULL.",
    args: "arrayOfEntries",
    examples: [
      "map_from_entries(array(struct(1, 'a'), struct(2, 'b')))",
      "map_from_entries(array(struct(1, 'a'), NULL))",
      "map_from_entries(array(struct(1, 'a'), struct(1, 'b')))",
    ],
    inputs: [{ arrayOf: "struct" }],
    output: (types) => {
      const [key, value] = ((types[0] as ArrayType).elementType as StructType).fields;
      return map(key.type, value.type, value.nullable);
    },
    mayReturnNull: true,
    make({ output, settings }) {
      const build = mapBuilder(output as MapType, settings);
      return (entries: (Value[] | null)[]) => {
        if (entries.includes(null)) return null;
        return build(
          entries.map((x) => (x as Value[])[0]),
          entries.map((x) => (x as Value[])[1]),
        );
      };
    },
  }),
  mapping({
    name: "map_contains_key",
    summary: "True when the map has the key.",
    args: "map, key",
    examples: ["map_contains_key(map(1, 'a', 2, 'b'), 1)", "map_contains_key(map(1, 'a'), 3)"],
    inputs: ["map", "any"],
    output: BOOLEAN,
    make({ types }) {
      const equal = equalityFor(asMap(types[0]).keyType);
      return (m: MapValue, key: Value) => m.keys.some((k) => equal(k, key));
    },
  }),
  mapping({
    name: "str_to_map",
    summary: "A map of a text of pairs (`a:1,b:2`); both delimiters are regular expressions.",
    args: "text, pairDelim, keyValueDelim",
    examples: [
      "str_to_map('a:1,b:2,c:3', ',', ':')",
      "str_to_map('a')",
      "str_to_map('a=1;b=2', ';', '=')",
      "str_to_map('a:1,a:2')",
      "str_to_map('')",
    ],
    inputs: [STRING, STRING, STRING],
    min: 1,
    output: map(STRING, STRING),
    prettyName: (args) =>
      `str_to_map(${[...args, ",", ":"]
        .slice(0, 1)
        .concat(args.slice(1), [",", ":"].slice(Math.max(0, args.length - 1)))
        .join(", ")})`,
    make({ output, settings }) {
      const build = mapBuilder(output as MapType, settings);
      return (text: string, pairs = ",", pair = ":") => {
        const parts = text.split(javaRegExp(pairs, "", "str_to_map")).map((p) => {
          const found = javaRegExp(pair, "", "str_to_map").exec(p);
          return found === null ? [p, null] : [p.slice(0, found.index), p.slice(found.index + found[0].length)];
        });
        return build(
          parts.map(([k]) => k),
          parts.map(([, v]) => v),
        );
      };
    },
  }),
];
