import { SluiceError } from "../../errors/error.ts";
import { adjustPrecisionScale, boundedDecimal } from "../../types/decimal.ts";
import { type DataType, type DecimalType, DOUBLE, decimal, INT, LONG, STRING } from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import type { Argument, Emitter, ResolveContext, ScalarFunction } from "../definition.ts";
import { arithmeticOverflow } from "../errors.ts";
import { checkCount, coerce } from "../signature.ts";
import { exactDigits } from "../string/format.ts";
import { checkedDecimal, divideHalfUp, power10 } from "./decimals.ts";
import { math } from "./elementary.ts";

type Rounding = "up" | "even" | "floor" | "ceil";

/** `a / b` (b > 0) as a whole number. */
function divideRounded(a: bigint, b: bigint, mode: Rounding): bigint {
  if (mode === "up") return divideHalfUp(a, b);
  const q = a / b;
  const r = a % b;
  if (r === 0n) return q;
  if (mode === "floor") return a < 0n ? q - 1n : q;
  if (mode === "ceil") return a < 0n ? q : q + 1n;
  const twice = (r < 0n ? -r : r) * 2n;
  if (twice < b || (twice === b && q % 2n === 0n)) return q;
  return a < 0n ? q - 1n : q + 1n;
}

/** A double at so many digits after the point, from its shortest text, as Spark does. */
function roundDouble(x: number, places: number, mode: Rounding): number {
  if (!Number.isFinite(x)) return x;
  if (places >= 0 && places <= 15 && (mode === "up" || mode === "even")) {
    // Away from a half the text isn't needed: a whole number by a power of ten is the nearest double.
    const unit = 10 ** places;
    const scaled = Math.abs(x) * unit;
    const below = Math.floor(scaled);
    const rest = scaled - below;
    if (scaled < 2 ** 40 && Math.abs(rest - 0.5) > 1e-3) {
      const r = (rest > 0.5 ? below + 1 : below) / unit;
      return x < 0 ? 0 - r : r;
    }
  }
  const [mantissa, exponent] = Math.abs(x).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const scale = digits.length - 1 - Number(exponent);
  if (scale <= places) return x;
  const drop = scale - places;
  const unscaled = BigInt(x < 0 ? `-${digits}` : digits);
  if (drop > digits.length + 1) {
    if (mode === "up" || mode === "even") return 0;
  }
  const rounded = divideRounded(unscaled, 10n ** BigInt(drop), mode);
  return Number(`${rounded}e${-places}`);
}

function roundWhole(x: bigint, places: number, mode: Rounding): bigint {
  if (places >= 0) return x;
  if (-places > 38) return 0n;
  const unit = power10(-places);
  return divideRounded(x, unit, mode) * unit;
}

const RANGE: Readonly<Record<string, bigint>> = {
  byte: 127n,
  short: 32767n,
  integer: 2147483647n,
  long: 9223372036854775807n,
};

function roundInteger(type: DataType, places: number, mode: Rounding, wide: boolean, ansi: boolean) {
  const max = RANGE[type.kind];
  const bits = { byte: 8, short: 16, integer: 32, long: 64 }[type.kind as "long"];
  return (x: number | bigint): Value => {
    let r = roundWhole(BigInt(x), places, mode);
    if (r > max || r < -max - 1n) {
      if (ansi) arithmeticOverflow(`round(${x}, ${places})`);
      r = BigInt.asIntN(bits, r);
    }
    return type.kind === "long" ? longValue(r, wide) : Number(r);
  };
}

/** The decimal type of round(decimal(p, s), places). */
function roundedDecimal(type: DecimalType, places: number): DecimalType {
  const whole = type.precision - type.scale + 1;
  if (places < 0) return decimal(Math.min(Math.max(whole, -places + 1), 38), 0);
  return boundedDecimal(whole + Math.min(places, type.scale), Math.min(places, type.scale));
}

function round(name: "round" | "bround", mode: Rounding, summary: string, examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "math",
    doc: { summary, args: "expr, d", examples },
    prettyName: (args) => `${name}(${args.join(", ")}${args.length === 1 ? ", 0" : ""})`,
    resolve(args, context) {
      checkCount(args, context, 1, 2);
      const type = coerce(args, 0, "numeric", context);
      const places = placesOf(args, context);
      const inputs = [type, ...(args.length === 2 ? [INT] : [])];
      if (places === undefined) {
        return {
          inputs,
          output: type,
          nullable: true,
          evaluation: { nulls: "propagate", emit: () => "null", mayReturnNull: true },
        };
      }
      const output = type.kind === "decimal" ? roundedDecimal(type, places) : type;
      return {
        inputs,
        output,
        evaluation: {
          nulls: "propagate",
          emit: (e, [x]) => `${e.bind(rounder(type, output, places, mode, e.wide, e.settings.ansi), name)}(${x})`,
        },
      };
    },
  };
}

function placesOf(args: readonly Argument[], context: ResolveContext): number | undefined {
  if (args.length < 2) return 0;
  coerce(args, 1, INT, context);
  const value = args[1].literal?.value;
  if (value === null) return undefined;
  if (value === undefined) {
    throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
      sqlExpr: `"${context.sql}"`,
      inputName: "`scale`",
      inputType: '"INT"',
      inputExpr: `"${args[1].sql}"`,
    });
  }
  return Number(value);
}

function rounder(
  type: DataType,
  output: DataType,
  places: number,
  mode: Rounding,
  wide: boolean,
  ansi: boolean,
): (x: never) => Value {
  switch (type.kind) {
    case "double":
      return (x: number) => roundDouble(x, places, mode);
    case "float":
      return (x: number) => Math.fround(roundFloat(x, places, mode));
    case "decimal": {
      const to = output as DecimalType;
      const drop = type.scale - places;
      return (x: number | bigint) => {
        const v = BigInt(x);
        const r = drop <= 0 ? v : divideRounded(v, 10n ** BigInt(drop), mode);
        const scaled = places < 0 ? r * 10n ** BigInt(-places) : r;
        const checked = checkedDecimal(scaled, to, ansi ? "error" : "null");
        return checked === null ? null : longValue(checked, wide);
      };
    }
    default:
      return roundInteger(type, places, mode, wide, ansi);
  }
}

/** Spark rounds a float by its exact value. */
function roundFloat(x: number, places: number, mode: Rounding): number {
  if (!Number.isFinite(x)) return x;
  const { unscaled, scale } = exactDigits(x);
  if (scale <= places) return x;
  return Number(`${divideRounded(unscaled, 10n ** BigInt(scale - places), mode)}e${-places}`);
}

function bound(name: "floor" | "ceil", aliases: readonly string[], examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name,
    aliases,
    group: "math",
    doc: {
      summary: `The ${name === "floor" ? "greatest whole number not above" : "least whole number not below"} the number; with a scale, of so many digits after the point.`,
      args: "expr, scale",
      examples,
    },
    prettyName: (args, written) =>
      args.length === 1 && written === undefined
        ? `${name === "floor" ? "FLOOR" : "CEIL"}(${args[0]})`
        : `${written ?? name}(${args.join(", ")})`,
    resolve(args, context) {
      checkCount(args, context, 1, 2);
      if (args.length === 2) return boundAt(name, args, context);
      const type = coerce(args, 0, { anyOf: [DOUBLE, "decimal", LONG] }, context);
      const input =
        type.kind === "decimal" ? type : ["byte", "short", "integer", "long"].includes(type.kind) ? LONG : DOUBLE;
      const output = input.kind === "decimal" ? boundedDecimal(input.precision - input.scale + 1, 0) : LONG;
      return {
        inputs: [input],
        output,
        evaluation: {
          nulls: "propagate",
          emit: (e, [x]) => (input.kind === "long" ? x : `${e.bind(bounder(name, input, e.wide), name)}(${x})`),
        },
      };
    },
  };
}

function bounder(name: "floor" | "ceil", type: DataType, wide: boolean): (x: never) => Value {
  if (type.kind === "decimal") {
    const unit = power10(type.scale);
    return (x: number | bigint) => longValue(divideRounded(BigInt(x), unit, name), wide);
  }
  const fn = name === "floor" ? Math.floor : Math.ceil;
  return (x: number) => {
    const r = fn(x);
    if (Number.isNaN(r)) return wide ? 0n : 0;
    if (Number.isSafeInteger(r)) return wide ? BigInt(r) : r + 0;
    const max = 9223372036854775807n;
    const big = r === Number.POSITIVE_INFINITY || r >= 2 ** 63 ? max : r <= -(2 ** 63) ? -max - 1n : BigInt(r);
    return longValue(big, wide);
  };
}

/** floor(x, scale): always a decimal. */
function boundAt(name: "floor" | "ceil", args: readonly Argument[], context: ResolveContext) {
  const type = coerce(args, 0, "decimal", context) as DecimalType;
  const places = placesOf(args, context) ?? 0;
  const whole = type.precision - type.scale + 1;
  const output =
    places < 0
      ? decimal(Math.min(Math.max(whole, -places + 1), 38), 0)
      : adjustPrecisionScale(whole + Math.min(type.scale, places), Math.min(type.scale, places));
  return {
    inputs: [type, INT],
    output,
    evaluation: {
      nulls: "propagate" as const,
      emit: (e: Emitter, values: readonly string[]) =>
        `${e.bind(rounder(type, output, places, name, e.wide, e.settings.ansi), name)}(${values[0]})`,
    },
  };
}

function absolute(): ScalarFunction {
  return {
    kind: "scalar",
    name: "abs",
    group: "math",
    doc: {
      summary: "The number without its sign.",
      args: "expr",
      examples: [
        "abs(-1)",
        "abs(-2147483648)",
        "abs(-1.5)",
        "abs(-0D)",
        "abs('-3')",
        "abs(INTERVAL -'1-1' YEAR TO MONTH)",
        "abs(NULL)",
      ],
    },
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const type = coerce(args, 0, { anyOf: ["numeric", "interval"] }, context);
      const max = RANGE[type.kind] ?? (type.kind === "yearmonth_interval" ? RANGE["integer"] : RANGE["long"]);
      return {
        inputs: [type],
        output: type,
        evaluation: {
          nulls: "propagate",
          emit(e, [x]) {
            const wide =
              e.wide && (type.kind === "long" || type.kind === "daytime_interval" || type.kind === "decimal");
            if (wide) return `${e.bind(type.kind === "decimal" ? absWide : absChecked, "abs")}(${x})`;
            if (
              type.kind === "double" ||
              type.kind === "float" ||
              type.kind === "long" ||
              type.kind === "decimal" ||
              type.kind === "daytime_interval"
            )
              return `Math.abs(${x})`;
            const limit = Number(max);
            return `${e.bind((v: number) => (v < -limit ? arithmeticOverflow(`abs(${v})`) : Math.abs(v)), "abs")}(${x})`;
          },
        },
      };
    },
  };
}

function absWide(x: bigint): bigint {
  return x < 0n ? -x : x;
}
function absChecked(x: bigint): bigint {
  if (x === -9223372036854775808n) arithmeticOverflow(`abs(${x})`);
  return x < 0n ? -x : x;
}

function factorial(n: number, wide: boolean): Value {
  if (n < 0 || n > 20) return null;
  let r = 1n;
  for (let i = 2n; i <= BigInt(n); i++) r *= i;
  return longValue(r, wide);
}

/** conv(num, from, to): 64-bit unsigned; signed when `to` is negative. */
function conv(text: string, from: number, to: number): string | null {
  if (from < 2 || from > 36 || Math.abs(to) < 2 || Math.abs(to) > 36) return null;
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const negative = trimmed.startsWith("-");
  let value = 0n;
  const max = 18446744073709551615n;
  for (const c of (negative ? trimmed.slice(1) : trimmed).toLowerCase()) {
    const d = c >= "0" && c <= "9" ? c.charCodeAt(0) - 48 : c >= "a" && c <= "z" ? c.charCodeAt(0) - 87 : 99;
    if (d >= from) break;
    value = value * BigInt(from) + BigInt(d);
    if (value > max) arithmeticOverflow("conv()");
  }
  if (negative && to > 0) value = BigInt.asUintN(64, -BigInt.asIntN(64, value));
  else if (negative) value = -value;
  if (to < 0) {
    const signed = negative ? value : BigInt.asIntN(64, value);
    return (signed < 0n ? `-${(-signed).toString(-to)}` : signed.toString(-to)).toUpperCase();
  }
  return value.toString(to).toUpperCase();
}

function hexText(x: number | bigint | string | Uint8Array): string {
  if (typeof x === "string") return Buffer.from(x, "utf8").toString("hex").toUpperCase();
  if (typeof x === "object") return Buffer.from(x).toString("hex").toUpperCase();
  return BigInt.asUintN(64, BigInt(x)).toString(16).toUpperCase();
}

function unhex(text: string): Uint8Array | null {
  return /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text.length % 2 ? `0${text}` : text, "hex") : null;
}

function binText(x: number | bigint): string {
  return BigInt.asUintN(64, BigInt(x)).toString(2);
}

export const roundingFunctions: readonly ScalarFunction[] = [
  round("round", "up", "The number at so many digits after the point; halves go away from zero.", [
    "round(2.5, 0)",
    "round(2.5)",
    "round(-2.5D)",
    "round(1.005D, 2)",
    "round(125, -1)",
    "round(2147483647, -1)",
    "round(1.23456, 3)",
    "round(25.0F)",
    "round(NULL, 1)",
    "round(12.5, -1)",
    "round(9.99, 1)",
    "round(DOUBLE('NaN'), 1)",
    "round(0.1F, 3)",
    "round(123456789L, -3)",
    "round(-0.4D)",
  ]),
  round("bround", "even", "The number at so many digits after the point; halves go to the even digit.", [
    "bround(2.5, 0)",
    "bround(3.5D)",
    "bround(25, -1)",
    "bround(35, -1)",
    "bround(-2.5)",
  ]),
  bound(
    "floor",
    [],
    [
      "floor(-0.1)",
      "floor(5)",
      "floor(3.1411, 3)",
      "floor(3.1411, -3)",
      "floor(1e20D)",
      "floor('3.7')",
      "floor(-1.5D)",
    ],
  ),
  bound(
    "ceil",
    ["ceiling"],
    ["ceil(-0.1)", "ceil(5)", "ceil(3.1411, 3)", "ceil(3.1411, -3)", "ceiling(2.1D)", "ceil(-0.5D)"],
  ),
  absolute(),
  math({
    name: "factorial",
    summary: "Factorial; NULL outside 0 to 20.",
    args: "expr",
    examples: ["factorial(5)", "factorial(20)", "factorial(21)", "factorial(-1)"],
    inputs: [INT],
    output: LONG,
    mayReturnNull: true,
    make:
      ({ wide }) =>
      (n: number) =>
        factorial(n, wide),
  }),
  math({
    name: "hex",
    summary: "A number, string or binary in hexadecimal.",
    args: "expr",
    examples: ["hex(17)", "hex('Spark SQL')", "hex(-1)", "hex(X'0AFF')", "hex(0)"],
    inputs: [{ anyOf: [LONG, { kind: "binary" }, STRING] }],
    output: STRING,
    run: hexText,
  }),
  math({
    name: "unhex",
    summary: "The bytes of a text in hexadecimal; NULL when it isn't one.",
    args: "expr",
    examples: ["decode(unhex('537061726B2053514C'), 'UTF-8')", "unhex('G')", "hex(unhex('F'))"],
    inputs: [STRING],
    output: { kind: "binary" },
    nullable: true,
    mayReturnNull: true,
    run: unhex,
  }),
  math({
    name: "bin",
    summary: "A whole number in binary digits.",
    args: "expr",
    examples: ["bin(13)", "bin(-13)", "bin(13.3)"],
    inputs: [LONG],
    output: STRING,
    run: binText,
  }),
  math({
    name: "conv",
    summary: "A number written in one base, in another.",
    args: "num, from_base, to_base",
    examples: [
      "conv('100', 2, 10)",
      "conv(-10, 16, -10)",
      "conv('7b', 16, 10)",
      "conv('-1', 10, 16)",
      "conv('', 10, 16)",
      "conv('10', 40, 10)",
      "conv('zz', 10, 16)",
    ],
    inputs: [STRING, INT, INT],
    output: STRING,
    nullable: true,
    mayReturnNull: true,
    run: conv,
  }),
];
