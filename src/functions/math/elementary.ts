import { DOUBLE, LONG } from "../../types/types.ts";
import { type SimpleDefinition, simple } from "../define.ts";
import type { ScalarFunction } from "../definition.ts";
import { randomDoubles, randomGaussians } from "./random.ts";

export function math(def: Omit<SimpleDefinition, "group">): ScalarFunction {
  return simple({ group: "math", ...def });
}

/** A function of doubles. */
function real(
  name: string,
  summary: string,
  examples: readonly string[],
  run: (x: number) => number | null,
  options: {
    aliases?: readonly string[];
    mayReturnNull?: boolean;
    prettyName?: (args: readonly string[], written?: string) => string;
  } = {},
): ScalarFunction {
  return math({ name, summary, args: "expr", examples, inputs: [DOUBLE], output: DOUBLE, run, ...options });
}

/** A logarithm: NULL where it isn't defined. */
function logarithm(run: (x: number) => number, above = 0): (x: number) => number | null {
  return (x) => (x <= above ? null : run(x));
}

function log10(x: number): number {
  return Math.log10(x);
}

function logBase(base: number, x?: number): number | null {
  if (x === undefined) return base <= 0 ? null : Math.log(base);
  return base <= 0 || x <= 0 ? null : Math.log(x) / Math.log(base);
}

function rint(x: number): number {
  const r = Math.round(x);
  const even = Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
  return even === 0 && (x < 0 || Object.is(x, -0)) ? -0 : even;
}

function hypot(a: number, b: number): number {
  return Math.hypot(a, b);
}

function power(x: number, y: number): number {
  // Java: 1 to the power NaN or infinity is NaN, as in JS.
  return x ** y;
}

function widthBucket(value: number, low: number, high: number, count: number | bigint): number | null {
  const n = Number(count);
  if (n <= 0 || n >= 2 ** 63 || Number.isNaN(value) || low === high) return null;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  const lower = Math.min(low, high);
  const upper = Math.max(low, high);
  if (low < high) {
    if (value < lower) return 0;
    if (value >= upper) return n + 1;
    return Math.trunc((n * (value - lower)) / (upper - lower)) + 1;
  }
  if (value > upper) return 0;
  if (value <= lower) return n + 1;
  return Math.trunc((n * (upper - value)) / (upper - lower)) + 1;
}

function random(
  name: "rand" | "randn",
  aliases: readonly string[],
  summary: string,
  examples: readonly string[],
): ScalarFunction {
  const source = name === "rand" ? randomDoubles : randomGaussians;
  return math({
    name,
    aliases,
    summary,
    args: "seed",
    examples,
    inputs: [LONG],
    min: 0,
    output: DOUBLE,
    deterministic: false,
    nullable: false,
    make({ literals, run }) {
      const given = literals[0];
      const next = source(typeof given === "number" || typeof given === "bigint" ? BigInt(given) : BigInt(run.seed));
      return () => next();
    },
  });
}

function constant(name: string, value: number): ScalarFunction {
  return math({
    name,
    summary: `The number ${name === "e" ? "e" : "pi"}.`,
    args: "",
    examples: [`${name}()`],
    inputs: [],
    output: DOUBLE,
    nullable: false,
    run: () => value,
    prettyName: () => (name === "e" ? "E()" : "PI()"),
  });
}

export const elementaryFunctions: readonly ScalarFunction[] = [
  real("sqrt", "Square root.", ["sqrt(4)", "sqrt(2)", "sqrt(-1)", "sqrt(NULL)", "sqrt('9')"], Math.sqrt, {
    prettyName: (args) => `SQRT(${args.join(", ")})`,
  }),
  real("cbrt", "Cube root.", ["cbrt(27.0)", "cbrt(-8)"], Math.cbrt, {
    prettyName: (args) => `CBRT(${args.join(", ")})`,
  }),
  real("exp", "e to the power of the number.", ["exp(0)", "exp(710)"], Math.exp, {
    prettyName: (args) => `EXP(${args.join(", ")})`,
  }),
  real("expm1", "exp(expr) − 1.", ["expm1(0)", "expm1(1e-10D)"], Math.expm1, {
    prettyName: (args) => `EXPM1(${args.join(", ")})`,
  }),
  real("ln", "Natural logarithm; NULL for 0 and below.", ["ln(1)", "ln(0)", "ln(-1)", "ln(e())"], logarithm(Math.log), {
    mayReturnNull: true,
  }),
  real("log10", "Logarithm to base 10.", ["log10(10)", "log10(1000)", "log10(0)"], logarithm(log10), {
    mayReturnNull: true,
    prettyName: (args) => `LOG10(${args.join(", ")})`,
  }),
  real(
    "log2",
    "Logarithm to base 2.",
    ["log2(2)", "log2(8)", "log2(-1)"],
    logarithm((x) => Math.log(x) / Math.log(2)),
    { mayReturnNull: true, prettyName: (args) => `LOG2(${args.join(", ")})` },
  ),
  real("log1p", "ln(1 + expr).", ["log1p(0)", "log1p(-1)"], logarithm(Math.log1p, -1), {
    mayReturnNull: true,
    prettyName: (args) => `LOG1P(${args.join(", ")})`,
  }),
  math({
    name: "log",
    summary: "Logarithm of the second argument to the base of the first; natural with one argument.",
    args: "base, expr",
    examples: ["log(10, 100)", "log(1)", "log(2, 0)", "log(0, 5)"],
    inputs: [DOUBLE, DOUBLE],
    min: 1,
    output: DOUBLE,
    mayReturnNull: true,
    run: logBase,
    prettyName: (args) => `LOG(${(args.length === 1 ? ["E()", ...args] : args).join(", ")})`,
  }),
  math({
    name: "pow",
    aliases: ["power"],
    summary: "The first number to the power of the second.",
    args: "expr1, expr2",
    examples: ["pow(2, 3)", "power(2, -1)", "pow(-8, 1.0/3)", "pow(0, 0)"],
    inputs: [DOUBLE, DOUBLE],
    output: DOUBLE,
    run: power,
    prettyName: (args, written) => `${written === "power" ? "POWER" : "pow"}(${args.join(", ")})`,
  }),
  real("sin", "Sine of an angle in radians.", ["sin(0)"], Math.sin, {
    prettyName: (args) => `SIN(${args.join(", ")})`,
  }),
  real("cos", "Cosine of an angle in radians.", ["cos(0)"], Math.cos, {
    prettyName: (args) => `COS(${args.join(", ")})`,
  }),
  real("tan", "Tangent of an angle in radians.", ["tan(0)"], Math.tan, {
    prettyName: (args) => `TAN(${args.join(", ")})`,
  }),
  real("cot", "Cotangent of an angle in radians.", ["cot(1) > 0.64"], (x) => 1 / Math.tan(x), {
    prettyName: (args) => `COT(${args.join(", ")})`,
  }),
  real("sec", "Secant of an angle in radians.", ["sec(0)"], (x) => 1 / Math.cos(x), {
    prettyName: (args) => `SEC(${args.join(", ")})`,
  }),
  real("csc", "Cosecant of an angle in radians.", ["csc(1) > 1.18"], (x) => 1 / Math.sin(x), {
    prettyName: (args) => `CSC(${args.join(", ")})`,
  }),
  real("asin", "Angle whose sine is the number.", ["asin(0)", "asin(2)"], Math.asin, {
    prettyName: (args) => `ASIN(${args.join(", ")})`,
  }),
  real("acos", "Angle whose cosine is the number.", ["acos(1)", "acos(2)"], Math.acos, {
    prettyName: (args) => `ACOS(${args.join(", ")})`,
  }),
  real("atan", "Angle whose tangent is the number.", ["atan(0)"], Math.atan, {
    prettyName: (args) => `ATAN(${args.join(", ")})`,
  }),
  real("sinh", "Hyperbolic sine.", ["sinh(0)"], Math.sinh, { prettyName: (args) => `SINH(${args.join(", ")})` }),
  real("cosh", "Hyperbolic cosine.", ["cosh(0)"], Math.cosh, { prettyName: (args) => `COSH(${args.join(", ")})` }),
  real("tanh", "Hyperbolic tangent.", ["tanh(0)"], Math.tanh, { prettyName: (args) => `TANH(${args.join(", ")})` }),
  math({
    name: "atan2",
    summary: "Angle of the point (exprX, exprY) from the x axis.",
    args: "exprY, exprX",
    examples: ["atan2(0, 0)", "atan2(1, 1)"],
    inputs: [DOUBLE, DOUBLE],
    output: DOUBLE,
    run: (y: number, x: number) => Math.atan2(y + 0, x + 0),
    prettyName: (args) => `ATAN2(${args.join(", ")})`,
  }),
  real("degrees", "Radians as degrees.", ["degrees(3.141592653589793D)"], (x) => x * (180 / Math.PI), {
    prettyName: (args) => `DEGREES(${args.join(", ")})`,
  }),
  real("radians", "Degrees as radians.", ["radians(180)"], (x) => (x / 180) * Math.PI, {
    prettyName: (args) => `RADIANS(${args.join(", ")})`,
  }),
  math({
    name: "hypot",
    summary: "sqrt(expr1² + expr2²).",
    args: "expr1, expr2",
    examples: ["hypot(3, 4)"],
    inputs: [DOUBLE, DOUBLE],
    output: DOUBLE,
    run: hypot,
    prettyName: (args) => `HYPOT(${args.join(", ")})`,
  }),
  real(
    "rint",
    "The nearest whole number as a double; halves go to the even one.",
    ["rint(12.3456)", "rint(2.5)", "rint(-0.4)", "rint(3.5)"],
    rint,
  ),
  real(
    "signum",
    "−1, 0 or 1 by the sign of the number.",
    ["sign(40)", "signum(-2.5)", "signum(0)", "sign(DOUBLE('NaN'))"],
    Math.sign,
    { aliases: ["sign"], prettyName: (args, written) => `${written ?? "SIGNUM"}(${args.join(", ")})` },
  ),
  math({
    name: "width_bucket",
    summary: "The number of the bucket, of so many equal ones between two bounds, that a value falls into.",
    args: "value, min_value, max_value, num_bucket",
    examples: [
      "width_bucket(5.3, 0.2, 10.6, 5)",
      "width_bucket(-2.1, 1.3, 3.4, 3)",
      "width_bucket(8.1, 0.0, 5.7, 4)",
      "width_bucket(-0.9, 5.2, 0.5, 2)",
      "width_bucket(1, 0, 0, 5)",
    ],
    inputs: [DOUBLE, DOUBLE, DOUBLE, LONG],
    output: LONG,
    asNumbers: true,
    mayReturnNull: true,
    run: widthBucket,
  }),
  random("rand", ["random"], "A random number from 0 up to 1.", ["rand(0)", "rand(42)", "rand(3) < 1"]),
  random("randn", [], "A random number of the standard normal distribution.", ["randn(0)", "randn(42)"]),
  constant("e", Math.E),
  constant("pi", Math.PI),
];
