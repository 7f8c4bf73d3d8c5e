import {
  decimalFor,
  decimalForLiteral,
  decimalResult,
  stringPromotion,
  tightestCommonType,
} from "../../types/coercion.ts";
import { type DataType, type DecimalType, DOUBLE, isNumeric, LONG } from "../../types/types.ts";
import { longValue } from "../../types/values.ts";
import { intervalArithmetic } from "../datetime/arithmetic.ts";
import type { Argument, Emitter, ResolveContext, ScalarFunction, ScalarResolution } from "../definition.ts";
import { arithmeticOverflow, divideByZero } from "../errors.ts";
import { checkCount, coerce, wrongOperands } from "../signature.ts";
import { decimalArithmetic } from "./decimals.ts";
import * as whole from "./integers.ts";

type Symbol = "+" | "-" | "*" | "/" | "%" | "pmod" | "div";

interface Operator {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly symbol: Symbol;
  /** A `try_` function: NULL instead of errors. */
  readonly attempt: boolean;
  readonly summary: string;
  readonly examples: readonly string[];
}

/** A decimal for an argument beside a decimal one: a whole-number constant takes exactly its digits. */
function asDecimal(arg: Argument, type: DataType): DecimalType | undefined {
  const value = arg.literal?.value;
  const isWhole = type.kind === "byte" || type.kind === "short" || type.kind === "integer" || type.kind === "long";
  if (isWhole && (typeof value === "number" || typeof value === "bigint")) return decimalForLiteral(value);
  return decimalFor(type);
}

interface Operands {
  readonly inputs: readonly [DataType, DataType];
  readonly output: DataType;
}

/** What the two sides are cast to, and the type of the result. */
function operands(symbol: Symbol, args: readonly Argument[], context: ResolveContext): Operands {
  let [x, y] = args.map((a) => a.type);
  if (x.kind === "null" && y.kind === "null") x = y = DOUBLE;
  else if (x.kind === "null") x = y.kind === "string" ? DOUBLE : y;
  else if (y.kind === "null") y = x.kind === "string" ? DOUBLE : x;
  if (x.kind === "string" && y.kind === "string") throw wrongOperands(args, context, '"NUMERIC"');
  if (x.kind === "string") x = stringPromotion(x, y) ?? x;
  else if (y.kind === "string") y = stringPromotion(y, x) ?? y;
  if (!isNumeric(x) || !isNumeric(y)) throw wrongOperands(args, context, '"NUMERIC"');
  if (x.kind === "decimal" || y.kind === "decimal") {
    if (x.kind === "float" || x.kind === "double" || y.kind === "float" || y.kind === "double") {
      if (symbol === "div") throw wrongOperands(args, context, '("BIGINT" or INTERVAL)');
      return { inputs: [DOUBLE, DOUBLE], output: DOUBLE };
    }
    const a = asDecimal(args[0], x)!;
    const b = asDecimal(args[1], y)!;
    return { inputs: [a, b], output: symbol === "div" ? LONG : decimalResult(symbol, a, b) };
  }
  if (symbol === "/") return { inputs: [DOUBLE, DOUBLE], output: DOUBLE };
  const common = tightestCommonType(x, y)!;
  if (symbol === "div") {
    if (common.kind === "float" || common.kind === "double") throw wrongOperands(args, context, '"INTEGRAL"');
    return { inputs: [LONG, LONG], output: LONG };
  }
  return { inputs: [common, common], output: common };
}

function arithmetic(op: Operator): ScalarFunction {
  return {
    kind: "scalar",
    name: op.name,
    ...(op.aliases ? { aliases: op.aliases } : {}),
    group: "math",
    doc: { summary: op.summary, args: "expr1, expr2", examples: op.examples },
    ...(/^\w/.test(op.name) && op.name !== "div"
      ? {}
      : {
          prettyName: (args: readonly string[], written?: string) =>
            written === "mod" ? `mod(${args.join(", ")})` : `(${args[0]} ${op.name} ${args[1]})`,
        }),
    resolve(args, context): ScalarResolution {
      if ((op.symbol === "-" || op.symbol === "+") && !op.attempt && args.length === 1)
        return unary(op.symbol, args, context);
      checkCount(args, context, 2, 2);
      const ofTime = intervalArithmetic(op.symbol, op.attempt, args, context);
      if (ofTime !== undefined) return ofTime;
      const { inputs, output } = operands(op.symbol, args, context);
      const overflow: whole.OnOverflow = op.attempt
        ? "null"
        : context.settings.ansi
          ? "error"
          : output.kind === "decimal"
            ? "null"
            : "wrap";
      const mayReturnNull = givesNull(op.symbol, output, overflow);
      const inline = output.kind === "double" && (op.symbol === "+" || op.symbol === "-" || op.symbol === "*");
      return {
        inputs,
        output,
        // As in Spark, where a division is nullable even when it fails instead.
        ...(["/", "%", "pmod", "div"].includes(op.symbol) ? { nullable: true } : {}),
        evaluation: {
          nulls: "propagate",
          ...(mayReturnNull ? { mayReturnNull } : {}),
          ...(inline ? { inline } : {}),
          emit: (e, [a, b]) => emitArithmetic(e, op.symbol, inputs, output, overflow, a, b),
        },
      };
    },
  };
}

function givesNull(symbol: Symbol, output: DataType, overflow: whole.OnOverflow): boolean {
  if (overflow === "error") return false;
  if (symbol === "/" || symbol === "%" || symbol === "pmod" || symbol === "div") return true;
  return overflow === "null" && output.kind !== "double" && output.kind !== "float";
}

function emitArithmetic(
  e: Emitter,
  symbol: Symbol,
  inputs: readonly [DataType, DataType],
  output: DataType,
  overflow: whole.OnOverflow,
  a: string,
  b: string,
): string {
  const orNull = overflow !== "error";
  const call = (fn: unknown, name: string): string => `${e.bind(fn, name)}(${a}, ${b})`;
  const [left, right] = inputs;
  if (left.kind === "decimal" && right.kind === "decimal") {
    if (symbol === "div") {
      return call(decimalQuotient(left, right, overflow, e.wide), "decimalDiv");
    }
    const fn = decimalArithmetic(symbol, left, right, output as DecimalType, overflow, e.wide);
    return call(fn, `decimal_${operatorWords[symbol]}`);
  }
  switch (symbol) {
    case "/":
      if (isNonZero(b)) return `${a} / ${b}`;
      return orNull ? call(whole.divideDoubleOrNull, "divideOrNull") : call(whole.divideDouble, "divide");
    case "div":
      if (e.wide) return orNull ? call(whole.divWideOrNull, "divOrNull") : call(whole.divWide, "div");
      return orNull ? call(whole.divNarrowOrNull, "divOrNull") : call(whole.divNarrow, "div");
    case "%":
    case "pmod":
      return call(remainderOf(symbol, output, e.wide, orNull), symbol === "%" ? "remainder" : "pmod");
  }
  switch (output.kind) {
    case "double":
      return `${a} ${symbol} ${b}`;
    case "float":
      return `Math.fround(${a} ${symbol} ${b})`;
    case "long":
      if (e.wide) return call(whole.wideArithmetic(symbol, overflow), `${operatorWords[symbol]}Long`);
      return `${e.bind(whole.exact, "exact")}(${a} ${symbol} ${b}${symbol === "*" ? " + 0" : ""})`;
    default:
      return call(
        whole.smallArithmetic(symbol, output.kind as whole.SmallKind, overflow),
        `${operatorWords[symbol]}${output.kind === "integer" ? "Int" : output.kind}`,
      );
  }
}

const operatorWords: Readonly<Record<Symbol, string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "remainder",
  pmod: "pmod",
  div: "div",
};

/** True for a number literal other than 0. */
function isNonZero(code: string): boolean {
  return /^-?[0-9][0-9.e+-]*$/.test(code) && Number(code) !== 0;
}

function remainderOf(symbol: "%" | "pmod", type: DataType, wide: boolean, orNull: boolean): unknown {
  if (type.kind === "long" && wide) {
    if (symbol === "pmod") return orNull ? whole.pmodWideOrNull : whole.pmodWide;
    return orNull ? whole.remainderWideOrNull : whole.remainderWide;
  }
  if (symbol === "pmod") return orNull ? whole.pmodNumberOrNull : whole.pmodNumber;
  if (type.kind === "double" || type.kind === "float")
    return orNull ? whole.remainderDoubleOrNull : whole.remainderDouble;
  return orNull ? whole.remainderWholeOrNull : whole.remainderWhole;
}

/** `div` of decimals: the quotient without its fraction, as BIGINT. */
function decimalQuotient(
  a: DecimalType,
  b: DecimalType,
  overflow: whole.OnOverflow,
  wide: boolean,
): (x: number | bigint, y: number | bigint) => number | bigint | null {
  const up = 10n ** BigInt(Math.max(0, b.scale - a.scale));
  const down = 10n ** BigInt(Math.max(0, a.scale - b.scale));
  return (x, y) => {
    const divisor = BigInt(y) * down;
    if (divisor === 0n) return overflow === "error" ? divideByZero() : null;
    const q = (BigInt(x) * up) / divisor;
    if (BigInt.asIntN(64, q) === q) return longValue(q, wide);
    return overflow === "error" ? arithmeticOverflow(`${q}`) : null;
  };
}

/** `+ expr`, `- expr`, also called positive and negative. */
function unary(symbol: "+" | "-", args: readonly Argument[], context: ResolveContext): ScalarResolution {
  checkCount(args, context, 1, 1);
  const type = coerce(args, 0, { anyOf: ["numeric", "interval"] }, context);
  const wrap = !context.settings.ansi;
  return {
    inputs: [type],
    output: type,
    evaluation: {
      nulls: "propagate",
      emit(e, [a]) {
        if (symbol === "+") return a;
        switch (type.kind) {
          case "float":
          case "double":
            return `-${a.startsWith("-") ? `(${a})` : a}`;
          case "decimal":
            return e.wide ? `0n - ${a}` : `0 - ${a}`;
          case "integer":
          case "yearmonth_interval":
            return wrap ? `(0 - ${a}) | 0` : `${e.bind(whole.negateInt, "negateInt")}(${a})`;
          case "byte":
          case "short": {
            const fn = whole.smallArithmetic("-", type.kind, wrap ? "wrap" : "error");
            return `${e.bind(fn, "negate")}(0, ${a})`;
          }
          default:
            if (!e.wide) return `0 - ${a}`;
            return wrap ? `BigInt.asIntN(64, 0n - ${a})` : `${e.bind(whole.negateLong, "negateLong")}(${a})`;
        }
      },
    },
  };
}

function sign(name: "positive" | "negative", symbol: "+" | "-"): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "math",
    doc: {
      summary: symbol === "-" ? "The number with its sign turned." : "The number itself.",
      args: "expr",
      examples: [`${name}(1)`, `${name}(-2.5)`, `${name}(CAST(NULL AS INT))`, `${name}('3')`, `${name}(1.5D)`],
    },
    prettyName: (args) => (symbol === "-" ? `negative(${args[0]})` : `(+ ${args[0]})`),
    resolve: (args, context) => unary(symbol, args, context),
  };
}

export const operatorFunctions: readonly ScalarFunction[] = [
  arithmetic({
    name: "+",
    symbol: "+",
    attempt: false,
    summary: "Sum; also a date or timestamp plus an interval.",
    examples: [
      "1 + 2",
      "1 + NULL",
      "2147483647 + 1",
      "9223372036854775807L + 1L",
      "1.5 + 2",
      "1.10 + 2.255",
      "'3' + 4",
      "'1.5' + '2'",
      "1.5F + 2.25F",
      "127Y + 1Y",
      "9007199254740993L + 2L",
      "1e308 + 1e308",
    ],
  }),
  arithmetic({
    name: "-",
    symbol: "-",
    attempt: false,
    summary: "Difference; also of dates, timestamps and intervals.",
    examples: [
      "5 - 7",
      "-(-2147483648)",
      "-2147483648 - 1",
      "1.5 - 2.25",
      "-9223372036854775808L - 1L",
      "0.3D - 0.1D",
      "-128Y - 1Y",
      "NULL - 1",
    ],
  }),
  arithmetic({
    name: "*",
    symbol: "*",
    attempt: false,
    summary: "Product.",
    examples: [
      "3 * 4",
      "65536 * 65536",
      "1.25 * 1.1",
      "0 * -5",
      "CAST(0 * -5L AS DOUBLE)",
      "3037000500L * 3037000500L",
      "12345678901234567890.12 * 98765.4321",
      "99999999999999999999999999999999999999.0 * 10",
      "1.1F * 3",
    ],
  }),
  arithmetic({
    name: "/",
    symbol: "/",
    attempt: false,
    summary: "Quotient, always fractional.",
    examples: [
      "7 / 2",
      "1 / 0",
      "1.0 / 3",
      "10.00 / 3.0",
      "0D / 0D",
      "-1.5 / 0.0",
      "2L / 3",
      "NULL / 0",
      "1.5F / 2F",
      "100 / 7.00",
    ],
  }),
  arithmetic({
    name: "%",
    aliases: ["mod"],
    symbol: "%",
    attempt: false,
    summary: "Remainder of a division; its sign is the dividend's.",
    examples: [
      "7 % 3",
      "-7 % 3",
      "7 % -3",
      "5.5 % 2",
      "-5.5D % 2",
      "7 % 0",
      "mod(10, 4)",
      "-4 % 2",
      "9223372036854775807L % 10",
      "MOD(2, 1.8)",
    ],
  }),
  arithmetic({
    name: "div",
    symbol: "div",
    attempt: false,
    summary: "Quotient without its fraction, as BIGINT.",
    examples: [
      "7 div 2",
      "-7 div 2",
      "1 div 0",
      "5.5 div 2.1",
      "9223372036854775807L div 2",
      "-9223372036854775808L div -1",
      "NULL div 3",
    ],
  }),
  arithmetic({
    name: "pmod",
    symbol: "pmod",
    attempt: false,
    summary: "Positive remainder: 0 or more for a positive divisor.",
    examples: [
      "pmod(10, 3)",
      "pmod(-10, 3)",
      "pmod(10, -3)",
      "pmod(-10.5, 3)",
      "pmod(-7D, 3D)",
      "pmod(1, 0)",
      "pmod(-1L, 9007199254740993L)",
    ],
  }),
  arithmetic({
    name: "try_add",
    symbol: "+",
    attempt: true,
    summary: "Sum, or NULL when it doesn't fit its type.",
    examples: [
      "try_add(1, 2)",
      "try_add(2147483647, 1)",
      "try_add(9223372036854775807L, 1L)",
      "try_add(127Y, 1Y)",
      "try_add(1.5, NULL)",
    ],
  }),
  arithmetic({
    name: "try_subtract",
    symbol: "-",
    attempt: true,
    summary: "Difference, or NULL when it doesn't fit its type.",
    examples: ["try_subtract(1, 2)", "try_subtract(-2147483648, 1)", "try_subtract(-9223372036854775808L, 1L)"],
  }),
  arithmetic({
    name: "try_multiply",
    symbol: "*",
    attempt: true,
    summary: "Product, or NULL when it doesn't fit its type.",
    examples: ["try_multiply(3, 4)", "try_multiply(2147483647, 2)", "try_multiply(9223372036854775807L, 2L)"],
  }),
  arithmetic({
    name: "try_divide",
    symbol: "/",
    attempt: true,
    summary: "Quotient, or NULL when the divisor is 0.",
    examples: ["try_divide(3, 2)", "try_divide(1, 0)", "try_divide(1.5, 0.0)", "try_divide(2L, 2L)"],
  }),
  arithmetic({
    name: "try_mod",
    symbol: "%",
    attempt: true,
    summary: "Remainder, or NULL when the divisor is 0.",
    examples: ["try_mod(7, 3)", "try_mod(7, 0)", "try_mod(-7.5, 2)"],
  }),
  sign("positive", "+"),
  sign("negative", "-"),
];
