/** Precision and scale of decimal results, as Spark computes them (spark.sql.decimalOperations.allowPrecisionLoss = true). */
import { type DataType, type DecimalType, decimal } from "./types.ts";

export const DECIMAL_PRECISION_MAX = 38;
/** The scale that a division or a multiplication keeps when its digits don't fit. */
const SCALE_MIN_KEPT = 6;
/** What `DECIMAL` stands for where any decimal is expected: DECIMAL(38,18). */
export const DECIMAL_SYSTEM_DEFAULT: DecimalType = decimal(38, 18);

export type DecimalOperator = "+" | "-" | "*" | "/" | "%" | "pmod" | "div";

/**
 * The result type of an arithmetic operator on two decimals. For `div` it is the decimal in which the quotient is computed
 * before it becomes a BIGINT.
 *
 * @example decimalResult("*", decimal(10, 2), decimal(5, 1)) // DECIMAL(16,3)
 */
export function decimalResult(operator: DecimalOperator, a: DecimalType, b: DecimalType): DecimalType {
  const integer = a.precision - a.scale;
  const otherInteger = b.precision - b.scale;
  const scale = Math.max(a.scale, b.scale);
  switch (operator) {
    case "+":
    case "-":
      return adjustPrecisionScale(Math.max(integer, otherInteger) + scale + 1, scale);
    case "*":
      return adjustPrecisionScale(a.precision + b.precision + 1, a.scale + b.scale);
    case "/": {
      const quotientScale = Math.max(SCALE_MIN_KEPT, a.scale + b.precision + 1);
      return adjustPrecisionScale(integer + b.scale + quotientScale, quotientScale);
    }
    case "%":
    case "pmod":
      return adjustPrecisionScale(Math.min(integer, otherInteger) + scale, scale);
    case "div":
      return boundedDecimal(Math.max(1, integer + b.scale), 0);
  }
}

/** Fits a precision beyond 38 by giving up digits after the point, but not below six of them. */
export function adjustPrecisionScale(precision: number, scale: number): DecimalType {
  if (precision <= DECIMAL_PRECISION_MAX) return decimal(precision, scale);
  const kept = Math.max(DECIMAL_PRECISION_MAX - (precision - scale), Math.min(scale, SCALE_MIN_KEPT));
  return decimal(DECIMAL_PRECISION_MAX, kept);
}

/** Cuts precision and scale at 38 each. */
export function boundedDecimal(precision: number, scale: number): DecimalType {
  return decimal(Math.min(precision, DECIMAL_PRECISION_MAX), Math.min(scale, DECIMAL_PRECISION_MAX));
}

/** The narrowest decimal that holds every value of both; beyond 38 digits the whole part is kept first. */
export function widerDecimal(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale);
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
  if (precision <= DECIMAL_PRECISION_MAX) return decimal(precision, scale);
  return decimal(DECIMAL_PRECISION_MAX, Math.max(0, scale - (precision - DECIMAL_PRECISION_MAX)));
}

/**
 * The decimal that holds a numeric type: INT → DECIMAL(10,0), BIGINT → DECIMAL(20,0), FLOAT → DECIMAL(14,7),
 * DOUBLE → DECIMAL(30,15); a decimal is itself. Undefined for types that aren't numeric.
 */
export function decimalFor(type: DataType): DecimalType | undefined {
  switch (type.kind) {
    case "byte":
      return decimal(3, 0);
    case "short":
      return decimal(5, 0);
    case "integer":
      return decimal(10, 0);
    case "long":
      return decimal(20, 0);
    case "float":
      return decimal(14, 7);
    case "double":
      return decimal(30, 15);
    case "decimal":
      return type;
    default:
      return undefined;
  }
}

/** The decimal with exactly the digits of a whole-number literal: 100 → DECIMAL(3,0). Spark uses it beside a decimal operand. */
export function decimalForLiteral(value: number | bigint): DecimalType {
  const digits = String(value).replace("-", "").length;
  return decimal(Math.min(digits, DECIMAL_PRECISION_MAX), 0);
}

/** True when `a` holds every value of `b` without loss. */
export function decimalHolds(a: DecimalType, b: DecimalType): boolean {
  return a.precision - a.scale >= b.precision - b.scale && a.scale >= b.scale;
}
