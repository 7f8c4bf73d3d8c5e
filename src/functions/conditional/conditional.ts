import { SluiceError } from "../../errors/error.ts";
import { commonType, comparisonType } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import { BOOLEAN, type DataType, DOUBLE, INT } from "../../types/types.ts";
import { castFunction } from "../cast/cast.ts";
import { negated } from "../code.ts";
import type { Argument, Emitted, Emitter, LazyArgument, ResolveContext, ScalarFunction } from "../definition.ts";
import { zero } from "../form.ts";
import { comparatorFor, equalityFor, isOrderable } from "../ordering.ts";
import { comparisonCode, named } from "../predicate/comparison.ts";
import { checkCount, coerce, unexpectedType } from "../signature.ts";

/** The one type of several arguments. Throws DATATYPE_MISMATCH.DATA_DIFF_TYPES when they have none. */
export function oneType(args: readonly Argument[], context: ResolveContext): DataType {
  const type = commonType(args.map((a) => a.type));
  if (type !== undefined) return type;
  throw differentTypes(args, context);
}

export function differentTypes(args: readonly Argument[], context: ResolveContext): SluiceError {
  return new SluiceError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", {
    sqlExpr: `"${context.sql}"`,
    functionName: `\`${context.name}\``,
    dataType: `(${args.map((a) => `"${sqlType(a.type)}"`).join(" or ")})`,
  });
}

/** A variable that branches assign. */
interface Target {
  readonly value: string;
  readonly isNull: string;
}

function target(e: Emitter, hint: string, type: DataType): Target {
  const value = e.fresh(hint);
  const isNull = e.fresh(`${hint}Null`);
  e.line(`let ${value} = ${zero(type, e.wide)}, ${isNull} = true;`);
  return { value, isNull };
}

function assign(e: Emitter, to: Target, from: Emitted): void {
  if (from.isNull === "true") return;
  if (from.isNull === "false") e.line(`${to.value} = ${from.value}, ${to.isNull} = false;`);
  else e.line(`if (${negated(from.isNull)}) ${to.value} = ${from.value}, ${to.isNull} = false;`);
}

/** WHEN conditions and values in turn, then the ELSE where the count is odd. */
function emitCase(e: Emitter, args: readonly LazyArgument[], type: DataType, hint: string): Emitted {
  const result = target(e, hint, type);
  const step = (i: number): void => {
    if (i + 1 >= args.length) {
      if (i < args.length) assign(e, result, args[i].emit());
      return;
    }
    e.block(`if (${args[i].condition()})`, () => assign(e, result, args[i + 1].emit()));
    if (i + 2 < args.length) e.block("else", () => step(i + 2));
  };
  step(0);
  const elseMissing = args.length % 2 === 0;
  const values = args.filter((_, i) => i % 2 === 1 || i === args.length - 1);
  if (!elseMissing && !values.some((v) => v.nullable)) return { value: result.value, isNull: "false" };
  return result;
}

/** A condition must be BOOLEAN as it is; IF takes a bare NULL too. */
function condition(args: readonly Argument[], index: number, context: ResolveContext, nullToo: boolean): DataType {
  const { kind } = args[index].type;
  if (kind === "boolean" || (nullToo && kind === "null")) return BOOLEAN;
  throw unexpectedType(args, index, '"BOOLEAN"', context);
}

function resolveCase(args: readonly Argument[], context: ResolveContext, hint: string) {
  const isValue = (i: number): boolean => i % 2 === 1 || i === args.length - 1;
  const type = oneType(
    args.filter((_, i) => isValue(i)),
    context,
  );
  const hasElse = args.length % 2 === 1;
  return {
    inputs: args.map((_, i) => (isValue(i) ? type : condition(args, i, context, hint === "if"))),
    output: type,
    nullable: !hasElse || args.some((a, i) => isValue(i) && a.nullable),
    evaluation: {
      nulls: "custom" as const,
      emit: (e: Emitter, lazy: readonly LazyArgument[]) => emitCase(e, lazy, type, hint),
    },
  };
}

const caseWhen: ScalarFunction = {
  kind: "scalar",
  name: "when",
  aliases: ["case"],
  group: "conditional",
  doc: {
    summary: "The value after the first true condition, else the last value, else NULL.",
    args: "condition, value, …, otherwise",
    examples: [
      "CASE WHEN true THEN 1 ELSE 2 END",
      "CASE WHEN false THEN 1 END",
      "CASE WHEN NULL THEN 1 ELSE 2.5 END",
      "CASE 3 WHEN 1 THEN 'a' WHEN 3 THEN 'c' END",
      "CASE WHEN true THEN 1 ELSE 1 / 0 END",
      "CASE WHEN true THEN 1 ELSE 'x' END",
      "CASE WHEN 1 > 2 THEN 'a' WHEN 2 > 1 THEN 'b' ELSE 'c' END",
    ],
  },
  prettyName(args) {
    const parts = [];
    for (let i = 0; i + 1 < args.length; i += 2) parts.push(`WHEN ${args[i]} THEN ${args[i + 1]}`);
    if (args.length % 2 === 1) parts.push(`ELSE ${args[args.length - 1]}`);
    return `CASE ${parts.join(" ")} END`;
  },
  resolve(args, context) {
    checkCount(args, context, 2, Number.POSITIVE_INFINITY);
    return resolveCase(args, context, "case");
  },
};

const ifElse: ScalarFunction = {
  kind: "scalar",
  name: "if",
  group: "conditional",
  doc: {
    summary: "The second argument when the first is true, else the third.",
    args: "condition, whenTrue, whenFalse",
    examples: [
      "if(1 < 2, 'a', 'b')",
      "if(NULL, 1, 2)",
      "if(true, 1, 1 / 0)",
      "if(false, 1, 2.5)",
      "if(1 > 2, CAST(NULL AS INT), 4)",
    ],
  },
  prettyName: (args) => `(IF(${args.join(", ")}))`,
  resolve(args, context) {
    checkCount(args, context, 3, 3);
    return resolveCase(args, context, "if");
  },
};

function emitCoalesce(e: Emitter, args: readonly LazyArgument[], type: DataType): Emitted {
  const first = args[0].emit();
  if (first.isNull === "false" || args.length === 1) return first;
  const result = target(e, "coalesce", type);
  assign(e, result, first);
  const step = (i: number): void => {
    if (i >= args.length) return;
    e.block(`if (${result.isNull})`, () => {
      assign(e, result, args[i].emit());
      step(i + 1);
    });
  };
  step(1);
  return args.some((a) => !a.nullable) ? { value: result.value, isNull: "false" } : result;
}

function coalesce(name: string, aliases: readonly string[], max: number, examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name,
    aliases,
    group: "conditional",
    doc: { summary: "The first argument that isn't NULL.", args: max === 2 ? "expr1, expr2" : "expr, …", examples },
    resolve(args, context) {
      checkCount(args, context, max === 2 ? 2 : 1, max);
      const type = oneType(args, context);
      return {
        inputs: args.map(() => type),
        output: type,
        nullable: args.every((a) => a.nullable),
        evaluation: { nulls: "custom", emit: (e, lazy) => emitCoalesce(e, lazy, type) },
      };
    },
  };
}

const nvl2: ScalarFunction = {
  kind: "scalar",
  name: "nvl2",
  group: "conditional",
  doc: {
    summary: "The second argument when the first isn't NULL, else the third.",
    args: "expr1, expr2, expr3",
    examples: ["nvl2(NULL, 1, 2)", "nvl2(1, 'a', 'b')", "nvl2(1, 2, 1 / 0)"],
  },
  resolve(args, context) {
    checkCount(args, context, 3, 3);
    const type = oneType(args.slice(1), context);
    return {
      inputs: [args[0].type, type, type],
      output: type,
      nullable: args[1].nullable || args[2].nullable,
      evaluation: {
        nulls: "custom",
        emit(e, [subject, present, absent]) {
          const { isNull } = subject.emit();
          const result = target(e, "nvl2", type);
          e.block(`if (!(${isNull}))`, () => assign(e, result, present.emit()));
          e.block("else", () => assign(e, result, absent.emit()));
          return present.nullable || absent.nullable ? result : { value: result.value, isNull: "false" };
        },
      },
    };
  },
};

const nullif: ScalarFunction = {
  kind: "scalar",
  name: "nullif",
  group: "conditional",
  doc: {
    summary: "NULL when both arguments are equal, else the first.",
    args: "expr1, expr2",
    examples: [
      "nullif(2, 2)",
      "nullif(1, 2)",
      "nullif(NULL, 1)",
      "nullif(1, NULL)",
      "nullif(1, 1.0)",
      "nullif('1', 1)",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 2, 2);
    const [a, b] = args;
    const type = comparisonType(a.type, b.type) ?? oneType(args, context);
    return {
      inputs: [a.type, b.type],
      output: a.type,
      nullable: true,
      evaluation: {
        nulls: "custom",
        emit(e, lazy) {
          const [x, y] = lazy.map((l) => named(e, l.emit(), "value"));
          const context = { mode: "implicit" as const, settings: e.settings, wide: e.wide, run: e.run };
          const inType = (from: DataType, v: string): string =>
            from.kind === type.kind && from.kind !== "decimal"
              ? v
              : `${e.bind(castFunction(from, type, context), "cast")}(${v})`;
          const equal = e.bind(equalityFor(type), "equal");
          const name = e.fresh("isNull");
          const same = `${equal}(${inType(a.type, x.value)}, ${inType(b.type, y.value)})`;
          e.line(`const ${name} = ${x.isNull} || (!(${y.isNull}) && ${same});`);
          return { value: x.value, isNull: name };
        },
      },
    };
  },
};

function extreme(name: "greatest" | "least", examples: readonly string[]): ScalarFunction {
  const relation = name === "least" ? "<" : ">";
  return {
    kind: "scalar",
    name,
    group: "conditional",
    doc: { summary: `The ${name} of the arguments; NULLs are left out.`, args: "expr, …", examples },
    resolve(args, context) {
      checkCount(args, context, 2, Number.POSITIVE_INFINITY);
      const type = oneType(args, context);
      if (!isOrderable(type)) {
        throw new SluiceError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", {
          sqlExpr: `"${context.sql}"`,
          functionName: `\`${name}\``,
          dataType: `"${sqlType(type)}"`,
        });
      }
      return {
        inputs: args.map(() => type),
        output: type,
        nullable: args.every((a) => a.nullable),
        evaluation: {
          nulls: "custom",
          emit(e, lazy) {
            const result = target(e, name, type);
            for (const arg of lazy) {
              const x = named(e, arg.emit(), "candidate");
              if (x.isNull === "true") continue;
              const better = `${result.isNull} || ${comparisonCode(e, relation, type, x.value, result.value)}`;
              const test = x.isNull === "false" ? better : `!(${x.isNull}) && (${better})`;
              e.line(`if (${test}) ${result.value} = ${x.value}, ${result.isNull} = false;`);
            }
            return lazy.some((a) => !a.nullable) ? { value: result.value, isNull: "false" } : result;
          },
        },
      };
    },
  };
}

const between: ScalarFunction = {
  kind: "scalar",
  name: "between",
  group: "predicate",
  doc: {
    summary: "True when the value is neither below the lower nor above the upper bound.",
    args: "input, lowerBound, upperBound",
    examples: [
      "2 BETWEEN 1 AND 3",
      "0 BETWEEN 1 AND 3",
      "NULL BETWEEN 1 AND 3",
      "5 BETWEEN NULL AND 3",
      "2 BETWEEN NULL AND 3",
      "2 NOT BETWEEN 1 AND 3",
      "'b' BETWEEN 'a' AND 'c'",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 3, 3);
    const type = oneType(args, context);
    return {
      inputs: [type, type, type],
      output: BOOLEAN,
      evaluation: {
        nulls: "custom",
        emit(e, lazy) {
          const [x, low, high] = lazy.map((l) => named(e, l.emit(), "bound"));
          const compare = e.bind(comparatorFor(type), "compare");
          const name = e.fresh("between");
          const state = (bound: Emitted, test: string): string =>
            `(${x.isNull} || ${bound.isNull} ? null : ${compare}(${x.value}, ${bound.value}) ${test} 0)`;
          e.line(`const ${name} = ${e.bind(bothOf, "both")}(${state(low, ">=")}, ${state(high, "<=")});`);
          return { value: name, isNull: `${name} === null` };
        },
      },
    };
  },
};

/** SQL's AND of two conditions already known. */
function bothOf(a: boolean | null, b: boolean | null): boolean | null {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}

function zeroNull(name: "nullifzero" | "zeroifnull"): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "conditional",
    doc: {
      summary: name === "nullifzero" ? "NULL for 0, else the number." : "0 for NULL, else the number.",
      args: "expr",
      examples: [`${name}(0)`, `${name}(3)`, `${name}(CAST(NULL AS INT))`, `${name}(1.5)`],
    },
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const own = coerce(args, 0, "numeric", context);
      // zeroifnull is coalesce(expr, 0).
      const type = name === "zeroifnull" ? (commonType([own, INT]) ?? own) : own;
      return {
        inputs: [type],
        output: type,
        nullable: name === "nullifzero",
        evaluation: {
          nulls: "custom",
          emit(e, [arg]) {
            const x = named(e, arg.emit(), "value");
            const none = zero(type, e.wide);
            if (name === "nullifzero") return { value: x.value, isNull: `(${x.isNull} || ${x.value} === ${none})` };
            return { value: x.isNull === "false" ? x.value : `(${x.isNull} ? ${none} : ${x.value})`, isNull: "false" };
          },
        },
      };
    },
  };
}

const nanvl: ScalarFunction = {
  kind: "scalar",
  name: "nanvl",
  group: "conditional",
  doc: {
    summary: "The first number unless it is NaN, else the second.",
    args: "expr1, expr2",
    examples: ["nanvl(DOUBLE('NaN'), 123)", "nanvl(1.5D, 2D)", "nanvl(NULL, 1D)", "nanvl(DOUBLE('NaN'), NULL)"],
  },
  resolve(args, context) {
    checkCount(args, context, 2, 2);
    return {
      inputs: [coerce(args, 0, DOUBLE, context), coerce(args, 1, DOUBLE, context)],
      output: DOUBLE,
      evaluation: {
        nulls: "custom",
        emit(e, [first, second]) {
          const result = target(e, "nanvl", DOUBLE);
          const x = named(e, first.emit(), "value");
          if (x.isNull === "true") return result;
          assign(e, result, x);
          const isNaN = `Number.isNaN(${x.value})`;
          e.block(x.isNull === "false" ? `if (${isNaN})` : `if (${negated(x.isNull)} && ${isNaN})`, () => {
            e.line(`${result.isNull} = true;`);
            assign(e, result, second.emit());
          });
          return result;
        },
      },
    };
  },
};

export const conditionalFunctions: readonly ScalarFunction[] = [
  caseWhen,
  ifElse,
  coalesce("coalesce", [], Number.POSITIVE_INFINITY, [
    "coalesce(NULL, 1, 2)",
    "coalesce(NULL, NULL)",
    "coalesce(1, 1 / 0)",
    "coalesce(NULL, 2.5, 1)",
    "coalesce('a', 1)",
  ]),
  coalesce("nvl", ["ifnull"], 2, ["nvl(NULL, 1)", "ifnull('a', 'b')", "nvl(1, 2.5)"]),
  nvl2,
  nullif,
  nanvl,
  extreme("greatest", [
    "greatest(1, 3, 2)",
    "greatest(NULL, 1)",
    "greatest(NULL, NULL)",
    "greatest(1, 2.5)",
    "greatest('a', 'b')",
    "greatest(1D, DOUBLE('NaN'))",
  ]),
  extreme("least", ["least(1, 3, 2)", "least(NULL, 1)", "least(1D, DOUBLE('NaN'))", "least('b', 'a', NULL)"]),
  between,
  zeroNull("nullifzero"),
  zeroNull("zeroifnull"),
];
