/** Whole-number arithmetic with Spark's overflow errors. Bound into generated code, so each stays small and monomorphic. */
import { exact } from "../../types/values.ts";
import { arithmeticOverflow, binaryArithmeticOverflow, divideByZero, remainderByZero } from "../errors.ts";

/** What happens when a result doesn't fit: an error, NULL (`try_` functions), or Java's wrap-around (ANSI off). */
export type OnOverflow = "error" | "null" | "wrap";

export type SmallKind = "byte" | "short" | "integer";
export type Arithmetic = "+" | "-" | "*";

type NumberOp = (a: number, b: number) => number | null;
type BigintOp = (a: bigint, b: bigint) => bigint | null;

function addInt(a: number, b: number): number {
  const r = a + b;
  if (r !== (r | 0)) arithmeticOverflow(`${a} + ${b}`, "try_add");
  return r;
}
function subtractInt(a: number, b: number): number {
  const r = a - b;
  if (r !== (r | 0)) arithmeticOverflow(`${a} - ${b}`, "try_subtract");
  return r;
}
function multiplyInt(a: number, b: number): number {
  const r = a * b;
  if (r !== (r | 0)) arithmeticOverflow(`${a} * ${b}`, "try_multiply");
  return r | 0;
}

function raw(op: Arithmetic, a: number, b: number): number {
  return op === "+" ? a + b : op === "-" ? a - b : a * b;
}

const shift: Readonly<Record<SmallKind, number>> = { byte: 24, short: 16, integer: 0 };

/** `+`, `-` or `*` on TINYINT, SMALLINT or INT. */
export function smallArithmetic(op: Arithmetic, kind: SmallKind, onOverflow: OnOverflow): NumberOp {
  if (onOverflow === "error" && kind === "integer") {
    return op === "+" ? addInt : op === "-" ? subtractInt : multiplyInt;
  }
  const bits = shift[kind];
  if (onOverflow === "wrap") {
    return op === "*" ? (a, b) => (Math.imul(a, b) << bits) >> bits : (a, b) => (raw(op, a, b) << bits) >> bits;
  }
  return (a, b) => {
    const r = raw(op, a, b);
    const low = (r << bits) >> bits;
    if (low === r) return low;
    return onOverflow === "null" ? null : binaryArithmeticOverflow(a, op, b);
  };
}

function addLong(a: bigint, b: bigint): bigint {
  const r = a + b;
  if (BigInt.asIntN(64, r) !== r) arithmeticOverflow(`${a} + ${b}`, "try_add");
  return r;
}
function subtractLong(a: bigint, b: bigint): bigint {
  const r = a - b;
  if (BigInt.asIntN(64, r) !== r) arithmeticOverflow(`${a} - ${b}`, "try_subtract");
  return r;
}
function multiplyLong(a: bigint, b: bigint): bigint {
  const r = a * b;
  if (BigInt.asIntN(64, r) !== r) arithmeticOverflow(`${a} * ${b}`, "try_multiply");
  return r;
}

/** `+`, `-` or `*` on BIGINT in the wide form. In the narrow form it is `exact(a op b)`. */
export function wideArithmetic(op: Arithmetic, onOverflow: OnOverflow): BigintOp {
  if (onOverflow === "error") return op === "+" ? addLong : op === "-" ? subtractLong : multiplyLong;
  return (a, b) => {
    const r = op === "+" ? a + b : op === "-" ? a - b : a * b;
    const low = BigInt.asIntN(64, r);
    return low === r || onOverflow === "wrap" ? low : null;
  };
}

/** Quotient without its fraction; exact while both are. */
export function quotient(a: number, b: number): number {
  return (a - (a % b)) / b + 0;
}

export function divNarrow(a: number, b: number): number {
  if (b === 0) divideByZero();
  return (a - (a % b)) / b + 0;
}
export function divNarrowOrNull(a: number, b: number): number | null {
  return b === 0 ? null : (a - (a % b)) / b + 0;
}
export function divWide(a: bigint, b: bigint): bigint {
  if (b === 0n) divideByZero();
  const r = a / b;
  if (r === 9223372036854775808n) arithmeticOverflow(`${a} div ${b}`, "try_divide");
  return r;
}
export function divWideOrNull(a: bigint, b: bigint): bigint | null {
  return b === 0n ? null : BigInt.asIntN(64, a / b);
}

/** `%` of numbers of any type but decimal: the sign is the dividend's. */
export function remainderWhole(a: number, b: number): number {
  if (b === 0) remainderByZero();
  return (a % b) + 0;
}
export function remainderDouble(a: number, b: number): number {
  if (b === 0) remainderByZero();
  return a % b;
}
export function remainderWide(a: bigint, b: bigint): bigint {
  if (b === 0n) remainderByZero();
  return a % b;
}
export function remainderWholeOrNull(a: number, b: number): number | null {
  return b === 0 ? null : (a % b) + 0;
}
export function remainderDoubleOrNull(a: number, b: number): number | null {
  return b === 0 ? null : a % b;
}
export function remainderWideOrNull(a: bigint, b: bigint): bigint | null {
  return b === 0n ? null : a % b;
}

/** Positive modulus: as `%`, moved into the divisor's sign when negative. */
export function pmodNumber(a: number, b: number): number {
  if (b === 0) remainderByZero();
  const r = a % b;
  return r < 0 ? ((r + b) % b) + 0 : r + 0;
}
export function pmodWide(a: bigint, b: bigint): bigint {
  if (b === 0n) remainderByZero();
  const r = a % b;
  return r < 0n ? (r + b) % b : r;
}
export function pmodNumberOrNull(a: number, b: number): number | null {
  return b === 0 ? null : pmodNumber(a, b);
}
export function pmodWideOrNull(a: bigint, b: bigint): bigint | null {
  return b === 0n ? null : pmodWide(a, b);
}

export function divideDouble(a: number, b: number): number {
  if (b === 0) divideByZero();
  return a / b;
}
export function divideDoubleOrNull(a: number, b: number): number | null {
  return b === 0 ? null : a / b;
}

export function negateInt(a: number): number {
  if (a === -2147483648) arithmeticOverflow(`- ${a}`);
  return 0 - a;
}
export function negateLong(a: bigint): bigint {
  if (a === -9223372036854775808n) arithmeticOverflow(`- ${a}`);
  return -a;
}
export { exact };
