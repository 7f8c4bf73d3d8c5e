import { SluiceError } from "../../errors/error.ts";
import { comparisonType } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import { type DataType, isLongLike } from "../../types/types.ts";
import type { Argument, Emitted, Emitter, ResolveContext, ScalarFunction } from "../definition.ts";
import { comparatorFor, compareText, isOrderable } from "../ordering.ts";
import { checkCount } from "../signature.ts";

type Relation = "==" | "<" | "<=" | ">" | ">=";

/** The type in which two arguments are compared. */
export function comparedType(args: readonly Argument[], context: ResolveContext, ordered: boolean): DataType {
  const [a, b] = args;
  const type = comparisonType(a.type, b.type);
  if (type === undefined) {
    throw new SluiceError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", {
      sqlExpr: `"${context.sql}"`,
      left: `"${sqlType(a.type)}"`,
      right: `"${sqlType(b.type)}"`,
    });
  }
  if (!isOrderable(type)) {
    throw new SluiceError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", {
      sqlExpr: `"${context.sql}"`,
      functionName: ordered ? `\`${context.name}\`` : "`=`",
      dataType: `"${sqlType(type)}"`,
    });
  }
  return type;
}

/** JavaScript of `a relation b` for non-null values; can't throw. */
export function comparisonCode(e: Emitter, relation: Relation, type: DataType, a: string, b: string): string {
  switch (type.kind) {
    case "string":
      if (relation === "==") return `${a} === ${b}`;
      return `${e.bind(compareText, "compareText")}(${a}, ${b}) ${relation} 0`;
    case "float":
    case "double":
      return doubleComparison(relation, a, b);
    case "array":
    case "struct":
    case "binary":
    case "map":
    case "null":
      return `${e.bind(comparatorFor(type), "compare")}(${a}, ${b}) ${relation === "==" ? "===" : relation} 0`;
    default:
      return `${a} ${relation === "==" ? "===" : relation} ${b}`;
  }
}

/** NaN equals NaN and is above everything. A literal number needs no NaN test. */
function doubleComparison(relation: Relation, a: string, b: string): string {
  const nanA = isNumberLiteral(a) ? undefined : `${a} !== ${a}`;
  const nanB = isNumberLiteral(b) ? undefined : `${b} !== ${b}`;
  const both = nanA && nanB ? ` || (${nanA} && ${nanB})` : "";
  switch (relation) {
    case "==":
      return `${a} === ${b}${both}`;
    case ">":
      return nanA ? `${a} > ${b} || ${nanB ? `(${nanA} && ${b} === ${b})` : nanA}` : `${a} > ${b}`;
    case ">=":
      return nanA ? `${a} >= ${b} || ${nanA}` : `${a} >= ${b}`;
    case "<":
      return nanB ? `${a} < ${b} || ${nanA ? `(${nanB} && ${a} === ${a})` : nanB}` : `${a} < ${b}`;
    case "<=":
      return nanB ? `${a} <= ${b} || ${nanB}` : `${a} <= ${b}`;
  }
}

function isNumberLiteral(code: string): boolean {
  return /^-?[0-9][0-9.e+]*$/.test(code);
}

function isPlain(type: DataType): boolean {
  return !["array", "struct", "map", "binary", "null"].includes(type.kind);
}

function comparison(
  name: Relation,
  aliases: readonly string[],
  sql: string,
  summary: string,
  examples: readonly string[],
): ScalarFunction {
  return {
    kind: "scalar",
    name,
    aliases,
    group: "predicate",
    doc: { summary, args: "expr1, expr2", examples },
    prettyName: (args) => `(${args[0]} ${sql} ${args[1]})`,
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      const type = comparedType(args, context, name !== "==");
      return {
        inputs: [type, type],
        output: { kind: "boolean" },
        evaluation: {
          nulls: "propagate",
          ...(isPlain(type) ? { inline: true } : {}),
          emit: (e, [a, b]) => comparisonCode(e, name, type, a, b),
        },
      };
    },
  };
}

/** The code of `a <=> b`: never null. Evaluates both. */
export function nullSafeEqual(e: Emitter, type: DataType, a: Emitted, b: Emitted): Emitted {
  const equal = comparisonCode(e, "==", type, a.value, b.value);
  if (a.isNull === "false" && b.isNull === "false") return { value: `(${equal})`, isNull: "false" };
  const name = e.fresh("same");
  const aNull = a.isNull;
  const bNull = b.isNull;
  e.line(`const ${name} = ${aNull} ? ${bNull} : !(${bNull}) && (${equal});`);
  return { value: name, isNull: "false" };
}

function equalNullSafe(name: string, summary: string, examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "predicate",
    doc: { summary, args: "expr1, expr2", examples },
    ...(name === "<=>" ? { prettyName: (args: readonly string[]) => `(${args[0]} <=> ${args[1]})` } : {}),
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      const type = comparedType(args, context, false);
      return {
        inputs: [type, type],
        output: { kind: "boolean" },
        nullable: false,
        evaluation: {
          nulls: "custom",
          emit: (e, lazy) => {
            const [a, b] = lazy.map((l) => named(e, l.emit(), "side"));
            return nullSafeEqual(e, type, a, b);
          },
        },
      };
    },
  };
}

/** Keeps a value in a variable, so that it can be written more than once. */
export function named(e: Emitter, emitted: Emitted, hint: string): Emitted {
  if (/^-?[\w$.]+$/.test(emitted.value)) return emitted;
  const name = e.fresh(hint);
  e.line(`const ${name} = ${emitted.value};`);
  return { value: name, isNull: emitted.isNull };
}

function isIn(): ScalarFunction {
  return {
    kind: "scalar",
    name: "in",
    group: "predicate",
    doc: {
      summary: "True when the first value equals one of the others; NULL when none does and one of them is NULL.",
      args: "expr, value, …",
      examples: [
        "1 IN (1, 2)",
        "3 IN (1, 2)",
        "3 IN (1, NULL)",
        "NULL IN (1)",
        "1 IN (1, NULL)",
        "'a' IN ('b', 'a')",
        "1 IN ('1', '2')",
        "1.0 IN (1, 2)",
        "DOUBLE('NaN') IN (DOUBLE('NaN'))",
        "2 NOT IN (1, NULL)",
      ],
    },
    prettyName: (args) => `(${args[0]} IN (${args.slice(1).join(", ")}))`,
    resolve(args, context) {
      checkCount(args, context, 1, Number.POSITIVE_INFINITY);
      const type = args.reduce<DataType>((t, arg, i) => {
        const next = comparisonType(t, arg.type);
        if (next !== undefined) return next;
        throw new SluiceError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", {
          sqlExpr: `"${context.sql}"`,
          functionName: "`in`",
          dataType: `(${args
            .map((a) => `"${sqlType(a.type)}"`)
            .slice(0, i + 1)
            .join(" or ")})`,
        });
      }, args[0].type);
      const items = args.slice(1);
      const constants = items.every((a) => a.literal !== undefined) && hashable(type);
      return {
        inputs: args.map(() => type),
        output: { kind: "boolean" },
        evaluation: {
          nulls: "custom",
          emit(e, [subject, ...rest]) {
            const value = subject.emit();
            if (value.isNull === "true") return { value: "false", isNull: "true" };
            const kept = named(e, value, "value");
            if (constants && rest.length > 0 && rest.every((r) => r.literal !== undefined)) {
              const values = rest.map((r) => r.literal!.value);
              const set = new Set(values.filter((v) => v !== null));
              const found = `${e.bind(set, "set")}.has(${kept.value})`;
              if (!values.includes(null)) return { value: found, isNull: kept.isNull };
              const name = e.fresh("isIn");
              e.line(`const ${name} = !(${kept.isNull}) && ${found};`);
              return { value: name, isNull: `!${name}` };
            }
            const name = e.fresh("isIn");
            const isNull = e.fresh("isInNull");
            e.line(`let ${name} = false, ${isNull} = ${kept.isNull};`);
            e.block(`if (!${isNull})`, () => {
              for (const item of rest) {
                e.block(`if (!${name})`, () => {
                  const other = named(e, item.emit(), "item");
                  if (other.isNull === "true") {
                    e.line(`${isNull} = true;`);
                    return;
                  }
                  const equal = comparisonCode(e, "==", type, kept.value, other.value);
                  if (other.isNull === "false") e.line(`${name} = ${equal};`);
                  else e.line(`if (${other.isNull}) ${isNull} = true;\nelse ${name} = ${equal};`);
                });
              }
              e.line(`if (${name}) ${isNull} = false;`);
            });
            return { value: name, isNull };
          },
        },
      };
    },
  };
}

/** Types whose values a JS Set tells apart as SQL does. */
function hashable(type: DataType): boolean {
  return isPlain(type) || isLongLike(type);
}

export const comparisonFunctions: readonly ScalarFunction[] = [
  comparison("==", ["="], "=", "True when both sides are equal; NULL when one is NULL. NaN equals NaN.", [
    "1 = 1",
    "1 = 2",
    "NULL = 1",
    "NULL = NULL",
    "1 = 1.0",
    "'1' = 1",
    "DOUBLE('NaN') = DOUBLE('NaN')",
    "0.0D = -0.0D",
    "array(1, NULL) = array(1, NULL)",
    "'a' == 'A'",
    "struct(1, 2) = struct(1, 3)",
    "map(1, 2) = map(1, 2)",
    "X'01' = X'01'",
    "true = 'true'",
  ]),
  comparison("<", [], "<", "True when the left side is less; NaN is above every number.", [
    "1 < 2",
    "2 < 1",
    "NULL < 1",
    "'a' < 'b'",
    "DOUBLE('NaN') < 1D",
    "1D < DOUBLE('NaN')",
    "DATE'2024-01-01' < TIMESTAMP'2024-01-01 00:00:01'",
    "array(1) < array(1, 2)",
    "false < true",
    "'é' < 'z'",
    "1.50 < 1.5",
  ]),
  comparison("<=", [], "<=", "True when the left side is less or equal.", [
    "1 <= 1",
    "2 <= 1",
    "DOUBLE('NaN') <= DOUBLE('NaN')",
    "'a' <= 'a'",
    "NULL <= 1",
    "1 <= DOUBLE('NaN')",
  ]),
  comparison(">", [], ">", "True when the left side is greater; NaN is above every number.", [
    "2 > 1",
    "DOUBLE('NaN') > 1D",
    "DOUBLE('NaN') > DOUBLE('NaN')",
    "'b' > 'a'",
    "1 > NULL",
    "'10' > 9",
    "X'02' > X'01'",
  ]),
  comparison(">=", [], ">=", "True when the left side is greater or equal.", [
    "2 >= 2",
    "1 >= 2",
    "DOUBLE('NaN') >= 1D",
    "NULL >= NULL",
    "1D >= DOUBLE('NaN')",
  ]),
  equalNullSafe("<=>", "Equality in which NULL equals NULL; never NULL.", [
    "1 <=> 1",
    "NULL <=> NULL",
    "1 <=> NULL",
    "'a' <=> 'b'",
    "DOUBLE('NaN') <=> DOUBLE('NaN')",
  ]),
  equalNullSafe("equal_null", "Equality in which NULL equals NULL; never NULL.", [
    "equal_null(3, 3)",
    "equal_null(NULL, NULL)",
    "equal_null(1, NULL)",
    "equal_null(1, '1')",
  ]),
  isIn(),
];
