/** Strings to values, by the rules of Spark's casts. Each returns undefined when the text isn't one. */
import { rescale } from "../math/decimals.ts";

/** Without white space and control characters at the ends (Spark's trimAll). */
export function trimAll(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code <= 0x20 || (code >= 0x7f && code <= 0x9f);
}

/** A whole number as text; a fraction is cut off where `allowFraction`. */
export function parseWhole(raw: string, allowFraction: boolean): bigint | number | undefined {
  const text = trimAll(raw);
  const n = text.length;
  let i = 0;
  let negative = false;
  const first = text.charCodeAt(0);
  if (first === 45 || first === 43) {
    negative = first === 45;
    i = 1;
  }
  const start = i;
  let value = 0;
  for (; i < n; i++) {
    const d = text.charCodeAt(i) - 48;
    if (d < 0 || d > 9) break;
    value = value * 10 + d;
  }
  const digitsEnd = i;
  if (i < n) {
    if (!allowFraction || text[i] !== "." || !/^\.\d*$/.test(text.slice(i)) || n - start === 1) return undefined;
  } else if (start === n) return undefined;
  if (digitsEnd - start > 15) {
    const big = BigInt(text.slice(start, digitsEnd));
    return negative ? -big : big;
  }
  return negative ? 0 - value : value;
}

const javaDouble = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?$/;
const named: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  "+inf": Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  "+infinity": Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  "-infinity": Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

/** A number with optional exponent, or NaN or infinity in any case. */
export function parseDouble(raw: string): number | undefined {
  const text = raw.trim();
  if (javaDouble.test(text)) {
    const last = text.charCodeAt(text.length - 1) | 32;
    return Number(last === 100 || last === 102 ? text.slice(0, -1) : text);
  }
  const lower = text.toLowerCase();
  return Object.hasOwn(named, lower) ? named[lower] : undefined;
}

export function parseBoolean(raw: string): boolean | undefined {
  switch (trimAll(raw).toLowerCase()) {
    case "t":
    case "true":
    case "y":
    case "yes":
    case "1":
      return true;
    case "f":
    case "false":
    case "n":
    case "no":
    case "0":
      return false;
    default:
      return undefined;
  }
}

/** The unscaled value at `scale`, halves away from zero; "overflow" when it can't have 38 digits. */
export function parseDecimal(raw: string, scale: number): bigint | "overflow" | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(raw.trim());
  if (match === null) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  const digits = whole + fraction;
  if (digits === "") return undefined;
  const own = fraction.length - Number(exponent);
  const unscaled = BigInt(digits);
  if (unscaled === 0n) return 0n;
  const size = digits.replace(/^0+/, "").length;
  if (size - own > 38) return "overflow";
  if (own - scale > size + 1) return 0n;
  const value = own - scale > 80 ? unscaled / 10n ** BigInt(own - scale) : rescaleAny(unscaled, own, scale);
  return sign === "-" ? -value : value;
}

function rescaleAny(unscaled: bigint, from: number, to: number): bigint {
  if (to - from > 80) return unscaled * 10n ** BigInt(to - from);
  return from < 0 ? unscaled * 10n ** BigInt(to - from) : rescale(unscaled, from, to);
}
