import { SluiceError } from "../../errors/error.ts";
import { tightestCommonType } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import { BYTE, type DataType, INT, isIntegral, LONG } from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import { simple } from "../define.ts";
import type { ScalarFunction } from "../definition.ts";
import { checkCount, coerce } from "../signature.ts";

type BitOperator = "&" | "|" | "^";

/** A bitwise operator on BIGINT values in either form. */
export function longBits(op: BitOperator, wide: boolean): (a: never, b: never) => Value {
  const big = (a: bigint, b: bigint): bigint => (op === "&" ? a & b : op === "|" ? a | b : a ^ b);
  if (wide) return big as (a: never, b: never) => Value;
  return ((a: number, b: number) => {
    if (a === (a | 0) && b === (b | 0)) return op === "&" ? a & b : op === "|" ? a | b : a ^ b;
    return longValue(big(BigInt(a), BigInt(b)), false);
  }) as (a: never, b: never) => Value;
}

function binary(op: BitOperator, summary: string, examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name: op,
    group: "bitwise",
    doc: { summary, args: "expr1, expr2", examples },
    prettyName: (args) => `(${args[0]} ${op} ${args[1]})`,
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      const [a, b] = args.map((x) => (x.type.kind === "string" ? LONG : x.type));
      const type = tightestCommonType(a, b);
      if (type === undefined || !(isIntegral(type) || type.kind === "null")) {
        throw new SluiceError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", {
          sqlExpr: `"${context.sql}"`,
          inputType: '"INTEGRAL"',
          actualDataType: `"${sqlType(type ?? a)}"`,
        });
      }
      const own: DataType = type.kind === "null" ? INT : type;
      return {
        inputs: [own, own],
        output: own,
        evaluation: {
          nulls: "propagate",
          emit: (e, [x, y]) =>
            own.kind === "long" ? `${e.bind(longBits(op, e.wide), "bits")}(${x}, ${y})` : `${x} ${op} ${y}`,
        },
      };
    },
  };
}

const not: ScalarFunction = {
  kind: "scalar",
  name: "~",
  group: "bitwise",
  doc: { summary: "Every bit turned.", args: "expr", examples: ["~ 0", "~ 5L", "~ 9007199254740991L"] },
  prettyName: (args) => `~${args[0]}`,
  resolve(args, context) {
    checkCount(args, context, 1, 1);
    const type = coerce(args, 0, "integral", context);
    return {
      inputs: [type],
      output: type,
      evaluation: {
        nulls: "propagate",
        emit: (e, [x]) => (type.kind === "long" ? (e.wide ? `~${x}` : `-1 - ${x}`) : `~${x}`),
      },
    };
  },
};

type ShiftName = "shiftleft" | "shiftright" | "shiftrightunsigned";

function shift(name: ShiftName, symbol: string, summary: string, examples: readonly string[]): ScalarFunction {
  const small = (x: number, n: number): number =>
    name === "shiftleft" ? x << n : name === "shiftright" ? x >> n : (x >>> n) | 0;
  const large = (x: bigint, n: number): bigint => {
    const by = BigInt(n & 63);
    if (name === "shiftleft") return BigInt.asIntN(64, x << by);
    return name === "shiftright" ? x >> by : BigInt.asIntN(64, BigInt.asUintN(64, x) >> by);
  };
  return simple({
    name,
    aliases: [symbol],
    group: "bitwise",
    summary,
    args: "base, exp",
    examples,
    inputs: [{ anyOf: [INT, LONG] }, INT],
    output: (types) => types[0],
    prettyName: (args, written = name) =>
      written === symbol ? `(${args[0]} ${symbol} ${args[1]})` : `${written}(${args.join(", ")})`,
    make: ({ types, wide }) =>
      types[0].kind === "long" ? (x: number | bigint, n: number) => longValue(large(BigInt(x), n), wide) : small,
  });
}

function bitCount(x: number | bigint | boolean): number {
  let n = 0;
  for (let v = BigInt.asUintN(64, BigInt(x)); v > 0n; v &= v - 1n) n++;
  return n;
}

function bitGet(bits: number) {
  return (x: number | bigint, position: number): number => {
    if (position < 0 || position >= bits) {
      throw new SluiceError("INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE", {
        parameter: "`pos`",
        functionName: "`getbit`",
        upper: bits,
        invalidValue: position,
      });
    }
    return Number((BigInt(x) >> BigInt(position)) & 1n);
  };
}

export const bitFunctions: readonly ScalarFunction[] = [
  binary("&", "The bits that both numbers have.", ["3 & 5", "9007199254740991L & -1L", "3 & NULL", "3Y & 5L"]),
  binary("|", "The bits that either number has.", ["3 | 5", "-1L | 0L"]),
  binary("^", "The bits that exactly one of the numbers has.", ["3 ^ 5", "1L ^ 4294967296L"]),
  not,
  shift("shiftleft", "<<", "The bits moved to the left.", [
    "shiftleft(2, 1)",
    "shiftleft(1, 31)",
    "shiftleft(1L, 62)",
    "1 << 33",
  ]),
  shift("shiftright", ">>", "The bits moved to the right; the sign stays.", [
    "shiftright(4, 1)",
    "shiftright(-4, 1)",
    "shiftright(-4L, 65)",
  ]),
  shift("shiftrightunsigned", ">>>", "The bits moved to the right; zeros come in.", [
    "shiftrightunsigned(4, 1)",
    "shiftrightunsigned(-1, 28)",
    "shiftrightunsigned(-1L, 60)",
  ]),
  simple({
    name: "bit_count",
    group: "bitwise",
    summary: "Number of bits that are 1.",
    args: "expr",
    examples: ["bit_count(0)", "bit_count(7)", "bit_count(-1)", "bit_count(true)"],
    inputs: [{ anyOf: ["integral", { kind: "boolean" }] }],
    output: INT,
    run: bitCount,
  }),
  simple({
    name: "bit_get",
    aliases: ["getbit"],
    group: "bitwise",
    summary: "The bit at a position, 0 is the lowest.",
    args: "expr, pos",
    examples: ["bit_get(11, 0)", "bit_get(11, 2)", "getbit(11, 64)", "bit_get(-1L, 63)"],
    inputs: ["integral", INT],
    output: BYTE,
    make: ({ types }) => bitGet({ byte: 8, short: 16, integer: 32, long: 64 }[types[0].kind as "long"]),
  }),
];
