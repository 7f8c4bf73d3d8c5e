/**
 * Casts between types, as functions on non-null internal values. Shared by CAST, from_json, to_json, format functions and
 * whatever else turns values into others.
 */

import { doubleText, floatText } from "../../columns/text.ts";
import { sqlType } from "../../types/print.ts";
import { type DataType, type DecimalType, isLongLike, type StructType } from "../../types/types.ts";
import { longValue, MapValue, type Value } from "../../types/values.ts";
import type { SessionSettings } from "../definition.ts";
import { castInvalidInput, castOverflow, numericOutOfRange, outOfSupportedRange } from "../errors.ts";
import { decimalText, dropDigits, power10 } from "../math/decimals.ts";
import { castToDatetime } from "./datetime.ts";
import { parseBoolean, parseDecimal, parseDouble, parseWhole, trimAll } from "./parse.ts";
import { textOf } from "./text.ts";

export type CastMode = "ansi" | "try" | "legacy" | "implicit";

export interface CastContext {
  readonly mode: CastMode;
  readonly settings: SessionSettings;
  readonly wide: boolean;
  /** When the cast runs: a time without a date is of that day. Without it, of 1970-01-01. */
  readonly run?: { readonly nowUs: number };
}

/** From a non-null value to a value; null only when the mode isn't ANSI, or where ANSI gives null too. */
export type CastFunction = (value: Value) => Value;

const LIMITS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  byte: [-128n, 127n],
  short: [-32768n, 32767n],
  integer: [-2147483648n, 2147483647n],
  long: [-9223372036854775808n, 9223372036854775807n],
};

export function throws(context: CastContext): boolean {
  return context.mode === "ansi" || context.mode === "implicit";
}

/** The error of a text that isn't a value of the type, or null where errors are off. */
export function invalidInput(value: string, from: DataType, to: DataType, context: CastContext): null {
  return throws(context) ? castInvalidInput(`'${value}'`, `"${sqlType(from)}"`, `"${sqlType(to)}"`) : null;
}

function overflow(value: string, from: DataType, to: DataType, context: CastContext): null {
  return throws(context) ? castOverflow(value, `"${sqlType(from)}"`, `"${sqlType(to)}"`) : null;
}

/** The cast from one type to another. The pair must satisfy canCast. */
export function castFunction(from: DataType, to: DataType, context: CastContext): CastFunction {
  if (from.kind === "null") return () => null;
  switch (to.kind) {
    case "string":
      return textOf(from, context.settings) as CastFunction;
    case "binary":
      return from.kind === "string" ? (v) => new TextEncoder().encode(v as string) : identity;
    case "boolean":
      return toBoolean(from, to, context);
    case "byte":
    case "short":
    case "integer":
    case "long":
      return toWhole(from, to, context);
    case "float":
    case "double":
      return toFractional(from, to, context);
    case "decimal":
      return toDecimal(from, to, context);
    case "array": {
      if (from.kind !== "array") break;
      const element = nullable(castFunction(from.elementType, to.elementType, context));
      return (v) => (v as Value[]).map(element);
    }
    case "map": {
      if (from.kind !== "map") break;
      const key = castFunction(from.keyType, to.keyType, context);
      const value = nullable(castFunction(from.valueType, to.valueType, context));
      return (v) => new MapValue((v as MapValue).keys.map(key), (v as MapValue).values.map(value));
    }
    case "struct":
      if (from.kind === "struct") return toStruct(from, to, context);
      break;
    case "null":
      break;
    default:
      return castToDatetime(from, to, context);
  }
  return identity;
}

export function identity(value: Value): Value {
  return value;
}

function nullable(cast: CastFunction): CastFunction {
  return (v) => (v === null ? null : cast(v));
}

function toStruct(from: StructType, to: StructType, context: CastContext): CastFunction {
  const casts = from.fields.map((f, i) => nullable(castFunction(f.type, to.fields[i].type, context)));
  return (v) => casts.map((cast, i) => cast((v as Value[])[i]));
}

function toBoolean(from: DataType, to: DataType, context: CastContext): CastFunction {
  if (from.kind === "string") {
    return (v) => parseBoolean(v as string) ?? invalidInput(v as string, from, to, context);
  }
  if (isLongLike(from)) return (v) => Number(v) !== 0;
  return from.kind === "boolean" ? identity : (v) => v !== 0;
}

/** Puts a whole number into the type's form, or does what the mode says when it doesn't fit. */
function wholeResult(from: DataType, to: DataType, context: CastContext, show: (v: Value) => string) {
  const [min, max] = LIMITS[to.kind];
  const bits = { byte: 8, short: 16, integer: 32, long: 64 }[to.kind as "long"];
  return (x: number | bigint, source: Value): Value => {
    if (to.kind === "long" && typeof x === "number" && Number.isSafeInteger(x)) return context.wide ? BigInt(x) : x + 0;
    let value = BigInt(x);
    if (value < min || value > max) {
      if (context.mode !== "legacy") return overflow(show(source), from, to, context);
      value = BigInt.asIntN(bits, value);
    }
    return to.kind === "long" ? longValue(value, context.wide) : Number(value);
  };
}

function toWhole(from: DataType, to: DataType, context: CastContext): CastFunction {
  switch (from.kind) {
    case "string": {
      const allowFraction = context.mode === "legacy";
      const [min, max] = LIMITS[to.kind];
      return (v) => {
        const x = parseWhole(v as string, allowFraction);
        if (x === undefined || x < min || x > max) return invalidInput(v as string, from, to, context);
        if (to.kind !== "long") return Number(x);
        return context.wide ? BigInt(x) : longValue(BigInt(x), false);
      };
    }
    case "boolean":
      return to.kind === "long" && context.wide ? (v) => (v === true ? 1n : 0n) : (v) => (v === true ? 1 : 0);
    case "float":
    case "double":
      return fractionalToWhole(from, to, context);
    case "decimal": {
      const unit = power10(from.scale);
      const finish = wholeResult(from, to, context, (v) => decimalText(v as number | bigint, from.scale));
      return (v) => finish(BigInt(v as number | bigint) / unit, v);
    }
    case "timestamp": {
      const finish = wholeResult(from, to, context, (v) => String(v));
      return (v) => {
        if (typeof v === "number") return finish(Math.floor(v / 1e6), v);
        const us = v as bigint;
        return finish((us - (((us % 1000000n) + 1000000n) % 1000000n)) / 1000000n, v);
      };
    }
    case "daytime_interval":
    case "yearmonth_interval":
      return castToDatetime(from, to, context);
    default: {
      const suffix = { byte: "Y", short: "S", long: "L" }[from.kind as "byte"] ?? "";
      const finish = wholeResult(from, to, context, (v) => `${v}${suffix}`);
      return (v) => finish(v as number | bigint, v);
    }
  }
}

function fractionalToWhole(from: DataType, to: DataType, context: CastContext): CastFunction {
  const [min, max] = LIMITS[to.kind];
  const low = Number(min);
  const high = Number(max);
  const show = from.kind === "float" ? (x: number) => `${floatText(x)}F` : (x: number) => `${doubleText(x)}D`;
  return (v) => {
    const x = v as number;
    if (Math.floor(x) <= high && Math.ceil(x) >= low) {
      const whole = Math.trunc(x) + 0;
      if (to.kind !== "long") return whole;
      if (Number.isSafeInteger(whole)) return context.wide ? BigInt(whole) : whole;
      const big = BigInt(whole);
      return longValue(big > max ? max : big, context.wide);
    }
    if (context.mode !== "legacy") return overflow(show(x), from, to, context);
    return javaCast(x, to, context.wide);
  };
}

/** Java's cast of a double out of range: the nearest int or long; a byte or short is cut from the int. */
function javaCast(x: number, to: DataType, wide: boolean): Value {
  if (Number.isNaN(x)) return to.kind === "long" && wide ? 0n : 0;
  if (to.kind === "long") return longValue(x < 0 ? LIMITS["long"][0] : LIMITS["long"][1], wide);
  const int = Math.max(-2147483648, Math.min(2147483647, Math.trunc(x)));
  return to.kind === "byte" ? (int << 24) >> 24 : to.kind === "short" ? (int << 16) >> 16 : int;
}

function toFractional(from: DataType, to: DataType, context: CastContext): CastFunction {
  const round = to.kind === "float" ? Math.fround : (x: number) => x;
  switch (from.kind) {
    case "string":
      return (v) => {
        const x = parseDouble(v as string);
        return x === undefined ? invalidInput(v as string, from, to, context) : round(x);
      };
    case "boolean":
      return (v) => (v === true ? 1 : 0);
    case "decimal":
      return (v) => round(decimalToDouble(v as number | bigint, from.scale));
    case "timestamp":
      return (v) => round(Number(v) / 1e6);
    default:
      return (v) => round(Number(v));
  }
}

/** The double nearest to an unscaled value at a scale. */
export function decimalToDouble(unscaled: number | bigint, scale: number): number {
  if (scale === 0) return Number(unscaled);
  // A quotient of two exact numbers is the nearest double.
  if (typeof unscaled === "number" && scale <= 22) return unscaled / 10 ** scale;
  return Number(decimalText(unscaled, scale));
}

function decimalOverflow(text: string, to: DecimalType, context: CastContext): null {
  return throws(context) ? numericOutOfRange(text, to.precision, to.scale) : null;
}

function toDecimal(from: DataType, to: DecimalType, context: CastContext): CastFunction {
  const limit = power10(to.precision);
  const finish = (unscaled: bigint, text: () => string): Value =>
    unscaled < limit && unscaled > -limit ? longValue(unscaled, context.wide) : decimalOverflow(text(), to, context);
  switch (from.kind) {
    case "string":
      return (v) => {
        const x = parseDecimal(v as string, to.scale);
        if (x === undefined) return invalidInput(v as string, from, to, context);
        if (x === "overflow") return throws(context) ? outOfSupportedRange(trimAll(v as string)) : null;
        return finish(x, () => trimAll(v as string));
      };
    case "float":
    case "double":
      return (v) => {
        // Spark makes the decimal from the number's text, of a float as of the double it is widened to.
        if (!Number.isFinite(v)) return null;
        const text = doubleText(v as number);
        const x = parseDecimal(text, to.scale);
        return x === undefined || x === "overflow" ? decimalOverflow(text, to, context) : finish(x, () => text);
      };
    case "boolean":
      return (v) => finish(v === true ? power10(to.scale) : 0n, () => (v === true ? "1" : "0"));
    case "decimal":
      return decimalToDecimal(from, to, finish);
    case "timestamp":
      return (v) => {
        const text = decimalText(v as number | bigint, 6);
        return finish(parseDecimal(text, to.scale) as bigint, () => text);
      };
    case "daytime_interval":
    case "yearmonth_interval":
      return castToDatetime(from, to, context);
    default: {
      const unit = power10(to.scale);
      const factor = Number(unit);
      if (!context.wide && from.kind !== "long" && to.precision - to.scale >= 10 && to.scale <= 5) {
        return (v) => (v as number) * factor + 0;
      }
      return (v) => finish(BigInt(v as number | bigint) * unit, () => String(v));
    }
  }
}

function decimalToDecimal(
  from: DecimalType,
  to: DecimalType,
  finish: (unscaled: bigint, text: () => string) => Value,
): CastFunction {
  const up = to.scale - from.scale;
  const grows = to.precision - to.scale >= from.precision - from.scale && up >= 0;
  if (grows && up === 0) return identity;
  if (up >= 0) {
    const factor = power10(up);
    return (v) => finish(BigInt(v as number | bigint) * factor, () => decimalText(v as number | bigint, from.scale));
  }
  return (v) =>
    finish(dropDigits(BigInt(v as number | bigint), -up), () => decimalText(v as number | bigint, from.scale));
}

/** True when the cast can't give null for a value that isn't null. */
export function neverNull(from: DataType, to: DataType, mode: CastMode): boolean {
  if (mode === "try" || mode === "legacy") return false;
  return !(to.kind === "decimal" && (from.kind === "float" || from.kind === "double"));
}
