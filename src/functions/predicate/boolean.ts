import { implicitCast } from "../../types/coercion.ts";
import { BOOLEAN } from "../../types/types.ts";
import { negated, parenthesised } from "../code.ts";
import type { Emitted, Emitter, LazyArgument, ScalarFunction } from "../definition.ts";
import { checkCount, coerce, wrongOperands } from "../signature.ts";

/**
 * `and` and `or` with SQL's three values. The right side runs only when the left one doesn't decide: for `and` a false
 * left decides, for `or` a true one.
 */
function emitLogical(e: Emitter, word: "and" | "or", left: LazyArgument, right: LazyArgument): Emitted {
  const decisive = word === "or";
  const a = left.emit();
  const name = e.fresh(word);
  if (!left.nullable && a.isNull === "false") {
    e.line(`let ${name} = ${decisive ? "true" : "false"};`);
    let isNull = "false";
    const nullName = right.nullable ? e.fresh(`${word}Null`) : "";
    if (right.nullable) e.line(`let ${nullName} = false;`);
    e.block(`if (${decisive ? negated(a.value) : a.value})`, () => {
      const b = right.emit();
      if (b.isNull === "false" || !right.nullable) e.line(`${name} = ${b.value};`);
      else {
        e.line(`${nullName} = ${b.isNull};`);
        e.line(`${name} = !${nullName} && ${b.value};`);
        isNull = nullName;
      }
    });
    return { value: name, isNull };
  }
  const isNull = e.fresh(`${word}Null`);
  const leftNull = e.fresh("leftNull");
  e.line(`const ${leftNull} = ${a.isNull};`);
  e.line(`let ${name} = ${decisive}, ${isNull} = false;`);
  const open = decisive ? negated(a.value) : a.value;
  e.block(`if (${leftNull} || ${open})`, () => {
    const b = right.emit();
    const undecided = decisive ? negated(b.value) : parenthesised(b.value);
    if (b.isNull === "false") {
      e.line(`${isNull} = ${leftNull} && ${undecided};`);
      e.line(`${name} = ${b.value};`);
    } else {
      const rightNull = e.fresh("rightNull");
      e.line(`const ${rightNull} = ${b.isNull};`);
      e.line(`${isNull} = ${rightNull} || (${leftNull} && ${undecided});`);
      e.line(`${name} = !${rightNull} && ${b.value};`);
    }
  });
  return { value: name, isNull };
}

function logical(word: "and" | "or", summary: string, examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name: word,
    group: "predicate",
    doc: { summary, args: "expr1, expr2", examples },
    prettyName: (args) => `(${args[0]} ${word.toUpperCase()} ${args[1]})`,
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      if (args.some((a) => implicitCast(a.type, BOOLEAN) === undefined))
        throw wrongOperands(args, context, '"BOOLEAN"');
      return {
        inputs: [BOOLEAN, BOOLEAN],
        output: BOOLEAN,
        evaluation: { nulls: "custom", emit: (e, [left, right]) => emitLogical(e, word, left, right) },
      };
    },
  };
}

function not(): ScalarFunction {
  return {
    kind: "scalar",
    name: "not",
    aliases: ["!"],
    group: "predicate",
    doc: {
      summary: "True for false and false for true.",
      args: "expr",
      examples: ["NOT true", "NOT NULL", "NOT (1 > 2)", "!false", "NOT 'true'"],
    },
    prettyName: (args) => `(NOT ${args[0]})`,
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      return {
        inputs: [coerce(args, 0, BOOLEAN, context)],
        output: BOOLEAN,
        evaluation: { nulls: "propagate", inline: true, emit: (_, [a]) => negated(a) },
      };
    },
  };
}

function nullTest(name: "isnull" | "isnotnull", examples: readonly string[]): ScalarFunction {
  const turned = name === "isnotnull";
  return {
    kind: "scalar",
    name,
    group: "predicate",
    doc: {
      summary: turned ? "True when the value isn't NULL." : "True when the value is NULL.",
      args: "expr",
      examples,
    },
    prettyName: (args) => `(${args[0]} IS ${turned ? "NOT " : ""}NULL)`,
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      return {
        inputs: [args[0].type],
        output: BOOLEAN,
        nullable: false,
        evaluation: {
          nulls: "custom",
          emit(_, [arg]) {
            const { isNull } = arg.emit();
            if (isNull === "true" || isNull === "false")
              return { value: String((isNull === "true") !== turned), isNull: "false" };
            return { value: turned ? negated(isNull) : parenthesised(isNull), isNull: "false" };
          },
        },
      };
    },
  };
}

function isnan(): ScalarFunction {
  return {
    kind: "scalar",
    name: "isnan",
    group: "predicate",
    doc: {
      summary: "True when the value is NaN; false for NULL.",
      args: "expr",
      examples: [
        "isnan(DOUBLE('NaN'))",
        "isnan(1.5)",
        "isnan(CAST(NULL AS DOUBLE))",
        "isnan(FLOAT('NaN'))",
        "isnan('NaN')",
      ],
    },
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      return {
        inputs: [coerce(args, 0, { anyOf: [{ kind: "double" }, { kind: "float" }] }, context)],
        output: BOOLEAN,
        nullable: false,
        evaluation: {
          nulls: "custom",
          emit(e, [arg]) {
            const { value, isNull } = arg.emit();
            const name = e.fresh("isNaN");
            e.line(`const ${name} = ${isNull === "false" ? "" : `!(${isNull}) && `}Number.isNaN(${value});`);
            return { value: name, isNull: "false" };
          },
        },
      };
    },
  };
}

export const booleanFunctions: readonly ScalarFunction[] = [
  logical("and", "True when both are; false when one is false, even beside NULL.", [
    "true AND false",
    "true AND NULL",
    "false AND NULL",
    "NULL AND NULL",
    "false AND (1 / 0 > 1)",
    "true AND true",
    "'true' AND true",
    "1 AND true",
  ]),
  logical("or", "True when one is, even beside NULL.", [
    "true OR false",
    "false OR NULL",
    "true OR NULL",
    "true OR (1 / 0 > 1)",
    "false OR false",
    "NULL OR true",
  ]),
  not(),
  nullTest("isnull", ["isnull(NULL)", "isnull(1)", "1 IS NULL", "CAST(NULL AS STRING) IS NULL"]),
  nullTest("isnotnull", ["isnotnull(NULL)", "isnotnull(1)", "NULL IS NOT NULL"]),
  isnan(),
];
