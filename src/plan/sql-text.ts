/** Expressions of the unresolved plan as SQL text: for errors and explain. What it prints, parseExpression reads back. */
import { formatDate, formatTimestamp, formatTimestampNtz, zoneOf } from "../types/datetime.ts";
import { formatDayTime, formatYearMonth } from "../types/intervals.ts";
import { quoteIfNeeded, quoteString, sqlType } from "../types/print.ts";
import { fromProtoType } from "./data-types.ts";
import type { Expression, Expression_Literal, Expression_SortOrder, Expression_Window } from "./messages.ts";

/** Operators between two operands; Spark prints `==` as `=`. */
const INFIX: Readonly<Record<string, string>> = Object.fromEntries([
  ..."+ - * / % & | ^ << >> >>> < <= > >= <=> div".split(" ").map((o) => [o, o]),
  ["==", "="],
  ["and", "AND"],
  ["or", "OR"],
  ["like", "LIKE"],
]);
const PREFIX: Readonly<Record<string, string>> = { "-": "- ", "+": "+ ", not: "NOT " };
/** Calls that SQL writes with words between the arguments. */
const TRIMS: Readonly<Record<string, string>> = { trim: "BOTH", ltrim: "LEADING", rtrim: "TRAILING" };

/**
 * The expression as Spark's SQL would have it, fully bracketed.
 *
 * @example sqlText(parseExpression("a+1 > 2 and b is null")) // "(((a + 1) > 2) AND (b IS NULL))"
 */
export function sqlText(expression: Expression, timeZone = "UTC"): string {
  const print = (e: Expression | undefined): string => (e ? sqlText(e, timeZone) : "");
  const { exprType } = expression;
  switch (exprType.case) {
    case "literal":
      return literalText(exprType.value, timeZone);
    case "unresolvedAttribute":
      return exprType.value.unparsedIdentifier;
    case "unresolvedStar":
      return exprType.value.unparsedTarget ?? "*";
    case "unresolvedRegex":
      return exprType.value.colName;
    case "unresolvedFunction": {
      const { functionName, arguments: args, isDistinct, isInternal } = exprType.value;
      if (isInternal && functionName === "aggregate_filter")
        return `${print(args[0])} FILTER (WHERE ${print(args[1])})`;
      if (isInternal && functionName === "star_except")
        return `${print(args[0])} EXCEPT (${args.slice(1).map(print).join(", ")})`;
      return callText(functionName, args, isDistinct, print);
    }
    case "callFunction":
      return `${exprType.value.functionName}(${exprType.value.arguments.map(print).join(", ")})`;
    case "alias": {
      const names = exprType.value.name.map(quoteIfNeeded);
      return `${print(exprType.value.expr)} AS ${names.length === 1 ? names[0] : `(${names.join(", ")})`}`;
    }
    case "cast": {
      const { expr, castToType, evalMode } = exprType.value;
      const type = castToType.case === "type" ? sqlType(fromProtoType(castToType.value)) : (castToType.value ?? "");
      return `${evalMode === 3 ? "TRY_CAST" : "CAST"}(${print(expr)} AS ${type})`;
    }
    case "unresolvedExtractValue": {
      const { child, extraction } = exprType.value;
      return `${print(child)}[${print(extraction)}]`;
    }
    case "unresolvedNamedLambdaVariable":
      return exprType.value.nameParts.map(quoteIfNeeded).join(".");
    case "lambdaFunction": {
      const names = exprType.value.arguments.map((a) => quoteIfNeeded(a.nameParts[0] ?? ""));
      return `(${names.length === 1 ? names[0] : `(${names.join(", ")})`} -> ${print(exprType.value.function)})`;
    }
    case "namedArgumentExpression":
      return `${quoteIfNeeded(exprType.value.key)} => ${print(exprType.value.value)}`;
    case "sortOrder":
      return sortText(exprType.value, print);
    case "window":
      return windowText(exprType.value, print);
    case "expressionString":
      return exprType.value.expression;
    case "updateFields": {
      const { structExpression, fieldName, valueExpression } = exprType.value;
      return valueExpression
        ? `update_fields(${print(structExpression)}, WithField(${fieldName}, ${print(valueExpression)}))`
        : `update_fields(${print(structExpression)}, dropfield(${fieldName}))`;
    }
    case "subqueryExpression":
      return subqueryText(exprType.value.subqueryType, exprType.value.inSubqueryValues.map(print));
    case "commonInlineUserDefinedFunction":
      return `${exprType.value.functionName}(${exprType.value.arguments.map(print).join(", ")})`;
    default:
      return exprType.case ?? "";
  }
}

function callText(
  name: string,
  args: readonly Expression[],
  distinct: boolean,
  print: (e: Expression | undefined) => string,
): string {
  const lower = name.toLowerCase();
  const texts = args.map(print);
  if (args.length === 1 && !distinct) {
    // `- 1` would read back as the constant -1.
    if (lower === "-" && /^\d/.test(texts[0])) return `(- (${texts[0]}))`;
    if (Object.hasOwn(PREFIX, lower)) return `(${PREFIX[lower]}${texts[0]})`;
    if (lower === "~") return `~${texts[0]}`;
    if (lower === "isnull") return `(${texts[0]} IS NULL)`;
    if (lower === "isnotnull") return `(${texts[0]} IS NOT NULL)`;
    if (lower === "count" && args[0].exprType.case === "unresolvedStar") return `${name}(1)`;
  }
  if (args.length === 2 && !distinct) {
    if (Object.hasOwn(INFIX, lower)) return `(${texts[0]} ${INFIX[lower]} ${texts[1]})`;
    if (lower === "rlike") return `RLIKE(${texts.join(", ")})`;
    if (Object.hasOwn(TRIMS, lower)) return `TRIM(${TRIMS[lower]} ${texts[0]} FROM ${texts[1]})`;
    if (lower === "!=") return `(NOT (${texts[0]} = ${texts[1]}))`;
  }
  if (args.length === 3 && lower === "like") return `(${texts[0]} LIKE ${texts[1]} ESCAPE ${texts[2]})`;
  if (lower === "in" && args.length > 1) return `(${texts[0]} IN (${texts.slice(1).join(", ")}))`;
  if (lower === "when" && args.length > 1) return caseText(texts);
  return `${name}(${distinct ? "DISTINCT " : ""}${texts.join(", ")})`;
}

function caseText(texts: readonly string[]): string {
  let text = "CASE";
  for (let i = 0; i + 1 < texts.length; i += 2) text += ` WHEN ${texts[i]} THEN ${texts[i + 1]}`;
  if (texts.length % 2 === 1) text += ` ELSE ${texts[texts.length - 1]}`;
  return `${text} END`;
}

/** A sort key: `a ASC NULLS FIRST`. */
export function sortText(
  order: Expression_SortOrder,
  print: (e: Expression | undefined) => string = (e) => (e ? sqlText(e) : ""),
): string {
  const direction = order.direction === 2 ? "DESC" : "ASC";
  const nullsFirst = order.nullOrdering === 0 ? order.direction !== 2 : order.nullOrdering === 1;
  return `${print(order.child)} ${direction} NULLS ${nullsFirst ? "FIRST" : "LAST"}`;
}

function windowText(window: Expression_Window, print: (e: Expression | undefined) => string): string {
  const parts: string[] = [];
  if (window.partitionSpec.length > 0) parts.push(`PARTITION BY ${window.partitionSpec.map(print).join(", ")}`);
  if (window.orderSpec.length > 0) parts.push(`ORDER BY ${window.orderSpec.map((o) => sortText(o, print)).join(", ")}`);
  const frame = window.frameSpec;
  if (frame) {
    const bound = (side: typeof frame.lower, word: string): string => {
      const at = side?.boundary;
      if (at?.case !== "value") return at?.case === "unbounded" ? `UNBOUNDED ${word}` : "CURRENT ROW";
      const text = print(at.value);
      return text.startsWith("-") ? `${text.slice(1)} PRECEDING` : `${text} FOLLOWING`;
    };
    const [lower, upper] = [bound(frame.lower, "PRECEDING"), bound(frame.upper, "FOLLOWING")];
    parts.push(`${frame.frameType === 1 ? "ROWS" : "RANGE"} BETWEEN ${lower} AND ${upper}`);
  }
  return `${print(window.windowFunction)} OVER (${parts.join(" ")})`;
}

function subqueryText(type: number, values: readonly string[]): string {
  if (type === 2) return "exists()";
  if (type === 4) return `(${values.length === 1 ? values[0] : `(${values.join(", ")})`} IN (listquery()))`;
  return "scalarsubquery()";
}

/** A constant as SQL text. */
export function literalText(literal: Expression_Literal, timeZone = "UTC"): string {
  const { literalType, dataType } = literal;
  const list = (items: readonly Expression_Literal[]): string => items.map((i) => literalText(i, timeZone)).join(", ");
  switch (literalType.case) {
    case undefined:
    case "null":
      return "NULL";
    case "binary":
      return `X'${Buffer.from(literalType.value).toString("hex").toUpperCase()}'`;
    case "byte":
      return `${literalType.value}Y`;
    case "short":
      return `${literalType.value}S`;
    case "long":
      return `${literalType.value}L`;
    case "float":
      return floating(literalType.value, "F", "FLOAT");
    case "double":
      return floating(literalType.value, "D", "DOUBLE");
    case "decimal":
      return `${literalType.value.value}BD`;
    case "string":
      return quoteString(literalType.value);
    case "date":
      return `DATE '${formatDate(literalType.value)}'`;
    case "timestamp":
      return `TIMESTAMP '${formatTimestamp(literalType.value, zoneOf(timeZone))}'`;
    case "timestampNtz":
      return `TIMESTAMP_NTZ '${formatTimestampNtz(literalType.value)}'`;
    case "dayTimeInterval": {
      const type = dataType ? fromProtoType(dataType) : undefined;
      const [start, end] = type?.kind === "daytime_interval" ? [type.start, type.end] : [0, 3];
      return formatDayTime(literalType.value, start, end);
    }
    case "yearMonthInterval": {
      const type = dataType ? fromProtoType(dataType) : undefined;
      const [start, end] = type?.kind === "yearmonth_interval" ? [type.start, type.end] : [0, 1];
      return formatYearMonth(literalType.value, start, end);
    }
    case "calendarInterval": {
      const { months, days, microseconds } = literalType.value;
      return `INTERVAL '${months} months ${days} days ${microseconds} microseconds'`;
    }
    case "array":
      return `array(${list(literalType.value.elements)})`;
    case "map": {
      const { keys, values } = literalType.value;
      return `map(${keys.map((k, i) => list([k, values[i]])).join(", ")})`;
    }
    case "struct":
      return `struct(${list(literalType.value.elements)})`;
    case "specializedArray":
      return `array(${(literalType.value.valueType.value?.values ?? []).map(plain).join(", ")})`;
    case "time":
      return `TIME '${literalType.value.nano}'`;
    default:
      return String(literalType.value);
  }
}

function plain(value: string | number | bigint | boolean): string {
  return typeof value === "string" ? quoteString(value) : String(value);
}

function floating(value: number, suffix: string, type: string): string {
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    return `CAST('${name}' AS ${type})`;
  }
  const text = Object.is(value, -0) ? "-0" : String(value);
  return `${/[.e]/.test(text) ? text : `${text}.0`}${suffix}`;
}
