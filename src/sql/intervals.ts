/** INTERVAL literals: `INTERVAL 1 DAY 2 HOURS`, `INTERVAL '1 02:03:04' DAY TO SECOND`, `INTERVAL '3 days'`. */
import { SluiceError } from "../errors/error.ts";
import { toProtoType } from "../plan/data-types.ts";
import type { Expression } from "../plan/messages.ts";
import {
  DAY_MICROS,
  type IntervalPart,
  type IntervalUnit,
  intervalParts,
  intervalUnit,
  parseDayTime,
  parseYearMonth,
  sumParts,
} from "../types/intervals.ts";
import type { Parser } from "./parser.ts";

const DAY_TIME_FIELDS = ["DAY", "HOUR", "MINUTE", "SECOND"];
const YEAR_MONTH_FIELDS = ["YEAR", "MONTH"];
/** The field that a unit counts in. */
const FIELD_OF: Readonly<Record<IntervalUnit, number>> = {
  year: 0,
  month: 1,
  week: 0,
  day: 0,
  hour: 1,
  minute: 2,
  second: 3,
  millisecond: 3,
  microsecond: 3,
};

/** `interval` is a name, too: a literal follows it with a number, a string or a sign. */
export function isIntervalAhead(p: Parser): boolean {
  const { stream } = p;
  const signed = stream.isOp("-", 1) || stream.isOp("+", 1);
  const token = stream.peek(signed ? 2 : 1);
  if (token.kind !== "string" && token.kind !== "number") return false;
  const after = stream.peek(signed ? 3 : 2);
  if (after.kind === "word" && intervalUnit(after.value) !== undefined) return true;
  return token.kind === "string" && !signed;
}

export function intervalLiteral(p: Parser): Expression {
  const { stream } = p;
  const start = p.mark();
  stream.next();
  const only = stream.peek();
  const unit = stream.peek(1);
  if (only.kind === "string" && !(unit.kind === "word" && intervalUnit(unit.value))) {
    stream.next();
    const parts = intervalParts(only.value);
    if (!parts) throw invalid(p, start, only.text, "a number and a unit are expected in it");
    return ofParts(p, start, parts);
  }
  const parts: IntervalPart[] = [];
  do {
    const sign = stream.acceptOp("-") ? "-" : "";
    if (sign === "") stream.acceptOp("+");
    const value = stream.next();
    const name = stream.next();
    const found = name.kind === "word" ? intervalUnit(name.value) : undefined;
    if (!found) throw stream.syntaxError(": a unit such as SECONDS is expected here", name);
    if (parts.length === 0 && stream.isWord("TO")) return unitToUnit(p, start, sign + value.value.trim(), name.value);
    parts.push({ count: signed(sign, value.value.trim()), unit: found });
  } while (isPartAhead(p));
  return ofParts(p, start, parts);
}

function signed(sign: string, text: string): string {
  if (sign === "") return text;
  return text.startsWith("-") ? text.slice(1) : sign + text.replace(/^\+/, "");
}

function isPartAhead(p: Parser): boolean {
  const { stream } = p;
  const at = stream.isOp("-") || stream.isOp("+") ? 1 : 0;
  const value = stream.peek(at);
  const unit = stream.peek(at + 1);
  const isValue = value.kind === "number" || value.kind === "string";
  return isValue && unit.kind === "word" && intervalUnit(unit.value) !== undefined;
}

function ofParts(p: Parser, start: number, parts: readonly IntervalPart[]): Expression {
  const sum = sumParts(parts);
  const text = parts.map((part) => `${part.count} ${part.unit}`).join(" ");
  if (!sum) throw invalid(p, start, text, "only seconds may have a fraction, and the sum must fit 64 bits");
  const months = parts.filter(({ unit }) => unit === "year" || unit === "month");
  if (months.length > 0 && months.length < parts.length) {
    throw invalid(p, start, text, "years and months can't be mixed with shorter units");
  }
  const fields = parts.map(({ unit }) => FIELD_OF[unit]);
  const [from, to] = [Math.min(...fields), Math.max(...fields)];
  if (months.length > 0) return yearMonth(p, start, sum.months, from, to);
  return dayTime(p, start, BigInt(sum.days) * DAY_MICROS + sum.micros, from, to);
}

function unitToUnit(p: Parser, start: number, text: string, fromName: string): Expression {
  const { stream } = p;
  stream.expectWord("TO");
  const toName = stream.expectName().toUpperCase();
  const names = YEAR_MONTH_FIELDS.includes(fromName) ? YEAR_MONTH_FIELDS : DAY_TIME_FIELDS;
  const from = names.indexOf(fromName);
  const to = names.indexOf(toName);
  if (from < 0 || to <= from) throw invalid(p, start, text, `${fromName} TO ${toName} is not supported`);
  if (names === YEAR_MONTH_FIELDS) {
    const months = parseYearMonth(text, from, to);
    if (months !== undefined) return yearMonth(p, start, months, from, to);
  } else {
    const micros = parseDayTime(text, from, to);
    if (micros !== undefined) return dayTime(p, start, micros, from, to);
  }
  throw invalid(p, start, `'${text}'`, `it doesn't have the fields ${fromName} TO ${toName}`);
}

function dayTime(p: Parser, at: number, value: bigint, start: number, end: number): Expression {
  const dataType = toProtoType({ kind: "daytime_interval", start, end });
  return p.expression(at, { case: "literal", value: { literalType: { case: "dayTimeInterval", value }, dataType } });
}

function yearMonth(p: Parser, at: number, value: number, start: number, end: number): Expression {
  const dataType = toProtoType({ kind: "yearmonth_interval", start, end });
  return p.expression(at, { case: "literal", value: { literalType: { case: "yearMonthInterval", value }, dataType } });
}

function invalid(p: Parser, start: number, input: string, problem: string): SluiceError {
  const context = p.stream.context(start, p.stream.last().stop);
  return new SluiceError("INVALID_INTERVAL_FORMAT", { input, problem }, { context });
}
