/**
 * Decimal arithmetic on unscaled whole numbers. Scales are known when the code is written; each factory returns the
 * function for one pair of types. The narrow form asks for the wide one when an intermediate isn't exact.
 */
import type { DecimalType } from "../../types/types.ts";
import { exact, longValue } from "../../types/values.ts";
import { divideByZero, numericOutOfRange, remainderByZero } from "../errors.ts";
import type { OnOverflow } from "./integers.ts";

const powers: bigint[] = [];
for (let i = 0, p = 1n; i <= 80; i++, p *= 10n) powers.push(p);

/** 10 to the power `n`, 0 ≤ n ≤ 80. */
export function power10(n: number): bigint {
  return powers[n];
}

/** `value / 10^digits` rounded to the nearest, halves away from zero. */
export function dropDigits(value: bigint, digits: number): bigint {
  if (digits <= 0) return value;
  return divideHalfUp(value, powers[digits]);
}

/** `a / b` to the nearest whole number, halves away from zero. */
export function divideHalfUp(a: bigint, b: bigint): bigint {
  const q = a / b;
  const r = a % b;
  const twice = (r < 0n ? -r : r) * 2n;
  if (twice < (b < 0n ? -b : b)) return q;
  return a < 0n === b < 0n ? q + 1n : q - 1n;
}

/** The same on exact numbers. */
export function divideHalfUpNumber(a: number, b: number): number {
  const r = a % b;
  const q = (a - r) / b;
  if (Math.abs(r) * 2 < Math.abs(b)) return q + 0;
  return a < 0 === b < 0 ? q + 1 : q - 1;
}

/** `unscaled` of `from` scale in `to` scale, halves away from zero. */
export function rescale(unscaled: bigint, from: number, to: number): bigint {
  return to >= from ? unscaled * powers[to - from] : dropDigits(unscaled, from - to);
}

/** An unscaled value as text, e.g. (−5, 2) → "-0.05". Never with an exponent. */
export function decimalText(unscaled: number | bigint, scale: number): string {
  const text = String(unscaled);
  if (scale === 0) return text;
  const negative = text.startsWith("-");
  const digits = (negative ? text.slice(1) : text).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${negative ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Returns the value, or does what `onOverflow` says when it has more digits than `type`. */
export function checkedDecimal(value: bigint, type: DecimalType, onOverflow: OnOverflow): bigint | null {
  const limit = powers[type.precision];
  if (value < limit && value > -limit) return value;
  if (onOverflow === "error") numericOutOfRange(decimalText(value, type.scale), type.precision, type.scale);
  return null;
}

export type DecimalOp = (a: never, b: never) => number | bigint | null;

interface Plan {
  readonly a: DecimalType;
  readonly b: DecimalType;
  readonly result: DecimalType;
  readonly onOverflow: OnOverflow;
}

/** The function for `a op b` on unscaled values of these types. */
export function decimalArithmetic(
  op: "+" | "-" | "*" | "/" | "%" | "pmod",
  a: DecimalType,
  b: DecimalType,
  result: DecimalType,
  onOverflow: OnOverflow,
  wide: boolean,
): DecimalOp {
  const plan: Plan = { a, b, result, onOverflow };
  const big = bigDecimalOp(op, plan);
  if (wide) return big as DecimalOp;
  const small = op === "+" || op === "-" ? narrowSum(op, plan) : op === "*" ? narrowProduct(plan) : undefined;
  if (small !== undefined) return small as DecimalOp;
  return ((x: number, y: number) => {
    const r = big(BigInt(x), BigInt(y));
    return r === null ? null : longValue(r, false);
  }) as DecimalOp;
}

/** Narrow sums and differences: nothing to round when the result keeps the larger scale. */
function narrowSum(
  op: "+" | "-",
  { a, b, result, onOverflow }: Plan,
): ((x: number, y: number) => number | null) | undefined {
  const scale = Math.max(a.scale, b.scale);
  if (result.scale !== scale) return undefined;
  const fx = 10 ** (scale - a.scale);
  const fy = (op === "-" ? -1 : 1) * 10 ** (scale - b.scale);
  if (result.precision >= 16) return (x, y) => exact(x * fx + y * fy) + 0;
  const limit = 10 ** result.precision;
  return (x, y) => {
    const r = exact(x * fx + y * fy) + 0;
    if (r < limit && r > -limit) return r;
    if (onOverflow === "error") numericOutOfRange(decimalText(r, result.scale), result.precision, result.scale);
    return null;
  };
}

function narrowProduct({ a, b, result, onOverflow }: Plan): ((x: number, y: number) => number | null) | undefined {
  if (result.scale !== a.scale + b.scale) return undefined;
  if (result.precision >= 16) return (x, y) => exact(x * y) + 0;
  const limit = 10 ** result.precision;
  return (x, y) => {
    const r = exact(x * y) + 0;
    if (r < limit && r > -limit) return r;
    if (onOverflow === "error") numericOutOfRange(decimalText(r, result.scale), result.precision, result.scale);
    return null;
  };
}

function bigDecimalOp(
  op: "+" | "-" | "*" | "/" | "%" | "pmod",
  { a, b, result, onOverflow }: Plan,
): (x: bigint, y: bigint) => bigint | null {
  const scale = Math.max(a.scale, b.scale);
  const fx = powers[scale - a.scale];
  const fy = powers[scale - b.scale];
  const finish = (v: bigint, from: number): bigint | null =>
    checkedDecimal(rescale(v, from, result.scale), result, onOverflow);
  switch (op) {
    case "+":
      return (x, y) => finish(x * fx + y * fy, scale);
    case "-":
      return (x, y) => finish(x * fx - y * fy, scale);
    case "*":
      return (x, y) => finish(x * y, a.scale + b.scale);
    case "/": {
      // Spark divides to 38 digits after the point, then rounds to the result's scale.
      const up = powers[38 + b.scale - a.scale];
      return (x, y) => {
        if (y === 0n) return onOverflow === "error" ? divideByZero() : null;
        return finish(divideHalfUp(x * up, y), 38);
      };
    }
    case "%":
      return (x, y) => {
        if (y === 0n) return onOverflow === "error" ? remainderByZero() : null;
        return finish((x * fx) % (y * fy), scale);
      };
    case "pmod":
      return (x, y) => {
        if (y === 0n) return onOverflow === "error" ? remainderByZero() : null;
        const n = y * fy;
        const r = (x * fx) % n;
        return finish(r < 0n ? (r + n) % n : r, scale);
      };
  }
}
