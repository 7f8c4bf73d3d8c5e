import { SluiceError } from "../../errors/error.ts";
import { array, BINARY, type DataType, INT, STRING } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { textOf } from "../cast/text.ts";
import { differentTypes, oneType } from "../conditional/conditional.ts";
import { simple } from "../define.ts";
import type { Emitter, LazyArgument, ScalarFunction } from "../definition.ts";
import { zero } from "../form.ts";
import { named } from "../predicate/comparison.ts";
import { checkCount, coerce } from "../signature.ts";
import { reverseText } from "./basic.ts";
import { formatText } from "./format.ts";

function concatBytes(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

const concat: ScalarFunction = {
  kind: "scalar",
  name: "concat",
  group: "string",
  doc: {
    summary: "Strings, binaries or arrays, one after the other; NULL when one is NULL.",
    args: "expr, …",
    examples: [
      "concat('Spark', 'SQL')",
      "concat('a', NULL)",
      "concat(array(1, 2), array(3))",
      "concat('a', 1, true)",
      "concat()",
      "hex(concat(X'01', X'02'))",
      "'a' || 'b' || 1",
      "concat(array(1), array(2L))",
      "concat(array('a'), NULL)",
    ],
  },
  resolve(args, context) {
    let type: DataType;
    if (args.some((a) => a.type.kind === "array")) {
      type = oneType(args, context);
      if (args.some((a) => a.type.kind !== "array")) throw differentTypes(args, context);
    } else if (args.length > 0 && args.every((a) => a.type.kind === "binary" || a.type.kind === "null"))
      type = args.every((a) => a.type.kind === "null") ? STRING : BINARY;
    else type = STRING;
    const inputs = args.map((_, i) => (type.kind === "array" ? type : coerce(args, i, type, context)));
    return {
      inputs,
      output: type,
      evaluation: {
        nulls: "propagate",
        emit(e, parts) {
          if (type.kind === "string") return parts.length === 0 ? '""' : parts.join(" + ");
          if (type.kind === "binary") return `${e.bind(concatBytes, "concatBytes")}(${parts.join(", ")})`;
          return `[${parts.map((p) => `...${p}`).join(", ")}]`;
        },
      },
    };
  },
};

const concatWs: ScalarFunction = {
  kind: "scalar",
  name: "concat_ws",
  group: "string",
  doc: {
    summary: "Strings and arrays of strings joined by a separator; NULLs are left out.",
    args: "sep, str, …",
    examples: [
      "concat_ws(' ', 'Spark', 'SQL')",
      "concat_ws('s')",
      "concat_ws('/', 'a', NULL, 'b')",
      "concat_ws(',', array('a', NULL, 'b'), 'c')",
      "concat_ws(NULL, 'a')",
      "concat_ws('-', 1, 2.5)",
      "concat_ws(',', array())",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 1, Number.POSITIVE_INFINITY);
    const inputs = args.map((_, i) =>
      i === 0 ? coerce(args, i, STRING, context) : coerce(args, i, { anyOf: [array(STRING), STRING] }, context),
    );
    return {
      inputs,
      output: STRING,
      nullable: args[0].nullable,
      evaluation: {
        nulls: "custom",
        emit(e, [separator, ...rest]) {
          const sep = named(e, separator.emit(), "separator");
          if (sep.isNull === "true") return { value: '""', isNull: "true" };
          const parts = rest.map((arg) => {
            const { value, isNull } = arg.emit();
            if (isNull === "true") return "null";
            return isNull === "false" ? value : `${isNull} ? null : ${value}`;
          });
          const name = e.fresh("joined");
          e.line(`const ${name} = ${e.bind(joinText, "joinText")}(${[sep.value, ...parts].join(", ")});`);
          return { value: name, isNull: sep.isNull };
        },
      },
    };
  },
};

function joinText(separator: string, ...parts: (string | null | (string | null)[])[]): string {
  const out: string[] = [];
  for (const part of parts) {
    if (part === null) continue;
    if (typeof part === "string") out.push(part);
    else for (const item of part) if (item !== null) out.push(item);
  }
  return out.join(separator);
}

function elementsOf(e: Emitter, args: readonly LazyArgument[], index: string, type: DataType, hint: string) {
  const value = e.fresh(hint);
  const isNull = e.fresh(`${hint}Null`);
  e.line(`let ${value} = ${zero(type, e.wide)}, ${isNull} = true;`);
  e.block(`switch (${index})`, () => {
    args.forEach((arg, i) => {
      e.block(`case ${i + 1}:`, () => {
        const item = arg.emit();
        if (item.isNull !== "true") e.line(`${isNull} = ${item.isNull};\n${value} = ${item.value};`);
        e.line("break;");
      });
    });
  });
  return { value, isNull };
}

const elt: ScalarFunction = {
  kind: "scalar",
  name: "elt",
  group: "string",
  doc: {
    summary: "The n-th of the other arguments, counted from 1.",
    args: "n, input1, …",
    examples: [
      "elt(1, 'scala', 'java')",
      "elt(2, 'a', 1)",
      "elt(3, 'a', 'b')",
      "elt(NULL, 'a', 'b')",
      "elt(1, NULL, 'b')",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 2, Number.POSITIVE_INFINITY);
    const types = args.slice(1).map((a) => a.type);
    const type = types.every((t) => t.kind === "binary") ? BINARY : STRING;
    const count = args.length - 1;
    return {
      inputs: [coerce(args, 0, INT, context), ...types.map((_, i) => coerce(args, i + 1, type, context))],
      output: type,
      nullable: true,
      evaluation: {
        nulls: "custom",
        emit(e, [index, ...items]) {
          const at = named(e, index.emit(), "index");
          if (at.isNull === "true") return { value: zero(type, e.wide), isNull: "true" };
          const guard = e.fresh("position");
          const check = e.bind(e.settings.ansi ? eltIndex : (i: number) => i, "eltIndex");
          e.line(
            `const ${guard} = ${at.isNull === "false" ? "" : `${at.isNull} ? 0 : `}${check}(${at.value}, ${count});`,
          );
          return elementsOf(e, items, guard, type, "elt");
        },
      },
    };
  },
};

function eltIndex(index: number, size: number): number {
  if (index >= 1 && index <= size) return index;
  throw new SluiceError("INVALID_ARRAY_INDEX", { indexValue: index, arraySize: size });
}

/** reverse and others that take a string or an array. */
const reverse = simple({
  name: "reverse",
  group: "collection",
  summary: "The string's characters or the array's elements in the opposite order.",
  args: "expr",
  examples: [
    "reverse('Spark SQL')",
    "reverse(array(2, 1, 4, 3))",
    "reverse('a😀')",
    "reverse(NULL)",
    "reverse(array(1, NULL))",
    "reverse(123)",
  ],
  inputs: [{ anyOf: [STRING, "array"] }],
  output: (types) => types[0],
  make: ({ types }) => (types[0].kind === "array" ? (a: Value[]) => a.toReversed() : reverseText),
});

function formatString(name: string, aliases: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name,
    aliases,
    group: "string",
    doc: {
      summary: "The arguments written by a format of printf's kind.",
      args: "strfmt, obj, …",
      examples: [
        "format_string('Hello World %d %s', 100, 'days')",
        "printf('%5.2f|%-5s|%05d', 1.005D, 'ab', 42)",
        "format_string('%x %X %o %%', 255, 255, 8)",
        "format_string('%s', CAST(NULL AS STRING))",
        "format_string('%,d', 1234567)",
        "format_string('%b', true)",
        "format_string('%e', 12345.678D)",
        "format_string('%2$s %1$s', 'a', 'b')",
        "format_string('%s', 1.5D)",
        "format_string('%10s|', 'é')",
        "format_string('%+d', 5)",
      ],
    },
    resolve(args, context) {
      checkCount(args, context, 1, Number.POSITIVE_INFINITY);
      const types = args.map((a) => a.type);
      return {
        inputs: [coerce(args, 0, STRING, context), ...types.slice(1)],
        output: STRING,
        nullable: args[0].nullable,
        evaluation: {
          nulls: "custom",
          emit(e, [format, ...rest]) {
            const f = named(e, format.emit(), "format");
            if (f.isNull === "true") return { value: '""', isNull: "true" };
            const texts = types.slice(1).map((t) => (t.kind === "null" ? () => "null" : textOf(t, e.settings)));
            const values = rest.map((arg) => {
              const { value, isNull } = arg.emit();
              return isNull === "true" ? "null" : isNull === "false" ? value : `${isNull} ? null : ${value}`;
            });
            const run = e.bind(
              (pattern: string, args: Value[]) => formatText(pattern, args, types.slice(1), texts),
              "format",
            );
            const name = e.fresh("formatted");
            e.line(
              `const ${name} = ${f.isNull === "false" ? "" : `${f.isNull} ? "" : `}${run}(${f.value}, [${values.join(", ")}]);`,
            );
            return { value: name, isNull: f.isNull };
          },
        },
      };
    },
  };
}

export const composingFunctions: readonly ScalarFunction[] = [
  concat,
  concatWs,
  elt,
  reverse,
  formatString("format_string", ["printf"]),
];
