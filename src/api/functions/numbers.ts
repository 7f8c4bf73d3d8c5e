/** Mathematics and bits. */
import { Column, type ColumnOrName, type ColumnOrValue, columnExpression, valueExpression } from "../column.ts";
import { call } from "../expression.ts";
import { binary, nullary, unary } from "./make.ts";

export const abs = unary("abs");
export const sqrt = unary("sqrt");
export const cbrt = unary("cbrt");
export const exp = unary("exp");
export const expm1 = unary("expm1");
export const ln = unary("ln");
export const log10 = unary("log10");
export const log1p = unary("log1p");
export const log2 = unary("log2");
export const sin = unary("sin");
export const cos = unary("cos");
export const tan = unary("tan");
export const cot = unary("cot");
export const sec = unary("sec");
export const csc = unary("csc");
export const asin = unary("asin");
export const acos = unary("acos");
export const atan = unary("atan");
export const sinh = unary("sinh");
export const cosh = unary("cosh");
export const tanh = unary("tanh");
export const asinh = unary("asinh");
export const acosh = unary("acosh");
export const atanh = unary("atanh");
export const degrees = unary("degrees");
export const radians = unary("radians");
export const toDegrees = unary("degrees");
export const toRadians = unary("radians");
export const rint = unary("rint");
export const sign = unary("sign");
export const signum = unary("signum");
export const factorial = unary("factorial");
export const bin = unary("bin");
export const e = nullary("e");
export const pi = nullary("pi");
export const bit_count = unary("bit_count");
export const bit_get = binary("bit_get");
export const getbit = binary("getbit");

/** The number of a constant, or a column. */
const number2 =
  (name: string) =>
  (left: ColumnOrName | number, right: ColumnOrName | number): Column =>
    new Column(call(name, [operand(left), operand(right)]));

export const pow = number2("power");
export const power = number2("power");
export const atan2 = number2("atan2");
export const hypot = number2("hypot");
/** The remainder with the sign of the divisor. */
export const pmod = number2("pmod");
export const try_add = number2("try_add");
export const try_subtract = number2("try_subtract");
export const try_multiply = number2("try_multiply");
export const try_divide = number2("try_divide");
export const try_mod = number2("try_mod");

/** `log("x")` is the natural logarithm, `log(10, "x")` another base's. */
export function log(base: ColumnOrName | number, column?: ColumnOrName): Column {
  return column === undefined
    ? new Column(call("ln", [operand(base)]))
    : new Column(
        call("log", [typeof base === "number" ? double(base) : columnExpression(base), columnExpression(column)]),
      );
}

const scaled =
  (name: string) =>
  (column: ColumnOrName, scale?: ColumnOrValue): Column =>
    new Column(call(name, [columnExpression(column), ...(scale === undefined ? [] : [valueExpression(scale)])]));

/** Half rounds away from zero. */
export const round = (column: ColumnOrName, scale: ColumnOrValue = 0): Column => scaled("round")(column, scale);
/** Half rounds to the even neighbour. */
export const bround = (column: ColumnOrName, scale: ColumnOrValue = 0): Column => scaled("bround")(column, scale);
export const floor = scaled("floor");
export const ceil = scaled("ceil");
export const ceiling = scaled("ceiling");

export function conv(column: ColumnOrName, fromBase: number, toBase: number): Column {
  return new Column(call("conv", [columnExpression(column), valueExpression(fromBase), valueExpression(toBase)]));
}
export function width_bucket(
  value: ColumnOrName,
  min: ColumnOrName,
  max: ColumnOrName,
  buckets: ColumnOrName | number,
): Column {
  return new Column(call("width_bucket", [value, min, max].map(columnExpression).concat(operand(buckets))));
}

const shifted =
  (name: string) =>
  (column: ColumnOrName, bits: number): Column =>
    new Column(call(name, [columnExpression(column), valueExpression(bits)]));

export const shiftleft = shifted("shiftleft");
export const shiftright = shifted("shiftright");
export const shiftrightunsigned = shifted("shiftrightunsigned");

function operand(value: ColumnOrName | number) {
  return typeof value === "number" ? double(value) : columnExpression(value);
}

/** A constant DOUBLE, as PySpark sends it here. */
function double(value: number) {
  const column = new Column(valueExpression(value));
  return Number.isInteger(value) ? column.cast("double").expression : column.expression;
}
