/** What generated code and function bodies throw. Each is a function so that call sites stay small. */
import { SluiceError } from "../errors/error.ts";

export function divideByZero(): never {
  throw new SluiceError("DIVIDE_BY_ZERO");
}
export function remainderByZero(): never {
  throw new SluiceError("REMAINDER_BY_ZERO");
}
/** `alternative` is the `try_` function that gives null instead, or "". */
export function arithmeticOverflow(what: string, alternative = ""): never {
  throw new SluiceError("ARITHMETIC_OVERFLOW", {
    message: what,
    alternative: alternative === "" ? "" : ` Use ${alternative} to get NULL instead.`,
  });
}
export function binaryArithmeticOverflow(a: number, symbol: string, b: number): never {
  throw new SluiceError("BINARY_ARITHMETIC_OVERFLOW", { value1: a, symbol, value2: b });
}
export function numericOutOfRange(value: string, precision: number, scale: number): never {
  throw new SluiceError("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", { value, precision, scale });
}
export function outOfSupportedRange(value: string): never {
  throw new SluiceError("NUMERIC_OUT_OF_SUPPORTED_RANGE", { value });
}
export function castOverflow(value: string, sourceType: string, targetType: string): never {
  throw new SluiceError("CAST_OVERFLOW", { value, sourceType, targetType });
}
export function castInvalidInput(expression: string, sourceType: string, targetType: string): never {
  throw new SluiceError("CAST_INVALID_INPUT", { expression, sourceType, targetType });
}
