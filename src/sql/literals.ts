/** Constants: numbers with their suffixes, strings, X'…', DATE '…', TIMESTAMP '…' and INTERVAL … */
import { SluiceError } from "../errors/error.ts";
import { toProtoType } from "../plan/data-types.ts";
import type { Expression } from "../plan/messages.ts";
import type { Token } from "../types/lexer.ts";
import { NULL } from "../types/types.ts";
import { intervalLiteral, isIntervalAhead } from "./intervals.ts";
import type { Parser } from "./parser.ts";
import { TYPED_LITERALS, typedLiteral } from "./typed-literals.ts";

const WHOLE: Readonly<Record<string, { case: "byte" | "short" | "long"; min: bigint; max: bigint; name: string }>> = {
  Y: { case: "byte", min: -128n, max: 127n, name: "tinyint" },
  S: { case: "short", min: -32768n, max: 32767n, name: "smallint" },
  L: { case: "long", min: -(2n ** 63n), max: 2n ** 63n - 1n, name: "bigint" },
};

/** The constant at the cursor, or undefined when there is none. */
export function literal(p: Parser): Expression | undefined {
  const { stream } = p;
  const start = p.mark();
  const token = stream.peek();
  if (token.kind === "number") return number(p, start, false);
  if (token.kind === "string") return p.string(start, strings(p));
  if (token.kind !== "word") return undefined;
  const alone = !stream.isOp(".", 1) && !stream.isOp("(", 1) && !stream.isOp("->", 1);
  if (token.value === "NULL" && alone) {
    stream.next();
    const value = toProtoType(NULL);
    return p.expression(start, { case: "literal", value: { literalType: { case: "null", value } } });
  }
  if ((token.value === "TRUE" || token.value === "FALSE") && alone) {
    stream.next();
    const value = token.value === "TRUE";
    return p.expression(start, { case: "literal", value: { literalType: { case: "boolean", value } } });
  }
  if (token.value === "INTERVAL" && isIntervalAhead(p)) return intervalLiteral(p);
  if (stream.peek(1).kind === "string") {
    if (TYPED_LITERALS.has(token.value)) return typedLiteral(p);
    throw new SluiceError("UNSUPPORTED_TYPED_LITERAL", { unsupportedType: `"${token.text}"` }, stream.place(token));
  }
  return undefined;
}

/** Strings that follow each other are one. */
function strings(p: Parser): string {
  let text = p.stream.next().value;
  while (p.stream.peek().kind === "string") text += p.stream.next().value;
  return text;
}

/** The number at the cursor; `start` is where its sign stands when it has one. */
export function number(p: Parser, start: number, negative: boolean): Expression {
  const token = p.stream.next();
  const match = /^(.*?)(BD|[LSYFD])?$/i.exec(token.value) as RegExpExecArray;
  const digits = negative ? `-${match[1]}` : match[1];
  const suffix = match[2]?.toUpperCase();
  if (suffix !== undefined && Object.hasOwn(WHOLE, suffix)) return whole(p, start, token, digits, suffix);
  if (suffix === "BD") return decimalNumber(p, start, token, digits);
  if (suffix === "F") return float(p, start, token, digits);
  if (suffix === "D" || /e/i.test(digits)) return double(p, start, token, digits);
  return digits.includes(".") ? decimalNumber(p, start, token, digits) : integer(p, start, token, digits);
}

function whole(p: Parser, start: number, token: Token, digits: string, suffix: string): Expression {
  const { case: kind, min, max, name } = WHOLE[suffix];
  if (!/^-?\d+$/.test(digits)) throw p.stream.syntaxError("", token);
  const value = BigInt(digits);
  if (value < min || value > max) throw outOfRange(p, start, digits, String(min), String(max), name);
  const literalType =
    kind === "long" ? ({ case: "long", value } as const) : ({ case: kind, value: Number(value) } as const);
  return p.expression(start, { case: "literal", value: { literalType } });
}

/** INT if it fits, else BIGINT, else DECIMAL. */
function integer(p: Parser, start: number, token: Token, digits: string): Expression {
  const value = BigInt(digits);
  if (value >= -2147483648n && value <= 2147483647n) return p.integer(start, Number(value));
  if (value >= WHOLE["L"].min && value <= WHOLE["L"].max) {
    return p.expression(start, { case: "literal", value: { literalType: { case: "long", value } } });
  }
  return decimalNumber(p, start, token, digits);
}

function float(p: Parser, start: number, _token: Token, digits: string): Expression {
  const value = Math.fround(Number(digits));
  if (!Number.isFinite(value)) throw outOfRange(p, start, digits, "-3.4028235E+38", "3.4028235E+38", "float");
  return p.expression(start, { case: "literal", value: { literalType: { case: "float", value } } });
}

function double(p: Parser, start: number, _token: Token, digits: string): Expression {
  const value = Number(digits);
  if (!Number.isFinite(value)) {
    throw outOfRange(p, start, digits, "-1.7976931348623157E+308", "1.7976931348623157E+308", "double");
  }
  return p.expression(start, { case: "literal", value: { literalType: { case: "double", value } } });
}

/** DECIMAL with as many digits as are written: 1.50 is DECIMAL(3,2), 0.05 is DECIMAL(2,2). */
function decimalNumber(p: Parser, start: number, token: Token, digits: string): Expression {
  const match = /^(-?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(digits);
  if (!match) throw p.stream.syntaxError("", token);
  const [, sign, before, after, exponent = "0"] = match;
  let scale = after.length - Number(exponent);
  let unscaled = `${before}${after}`.replace(/^0+(?=\d)/, "");
  if (scale < 0 && unscaled !== "0" && -scale <= 38) unscaled += "0".repeat(-scale);
  const tooLong = unscaled.length > 38 || scale > 38 || scale < -38;
  scale = Math.max(0, scale);
  if (tooLong) {
    throw new SluiceError(
      "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
      { precision: Math.max(unscaled.length, scale), maxPrecision: 38 },
      { context: p.stream.context(start, token.stop) },
    );
  }
  const padded = unscaled.padStart(scale + 1, "0");
  const text = scale > 0 ? `${padded.slice(0, -scale)}.${padded.slice(-scale)}` : padded;
  const value = { value: `${sign}${text}`, precision: Math.max(unscaled.length, scale), scale };
  return p.expression(start, { case: "literal", value: { literalType: { case: "decimal", value } } });
}

function outOfRange(p: Parser, start: number, text: string, min: string, max: string, type: string): SluiceError {
  return new SluiceError(
    "INVALID_NUMERIC_LITERAL_RANGE",
    { rawStrippedQualifier: text, minValue: min, maxValue: max, typeName: type },
    { context: p.stream.context(start, p.stream.last().stop) },
  );
}
