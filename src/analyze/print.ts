/** Expressions as Spark prints them: the names of columns without an alias, and the expressions in error messages. */

import { floatText } from "../columns/text.ts";
import { sqlType } from "../types/print.ts";
import { type DataType, isIntegral, isLongLike } from "../types/types.ts";
import { MapValue, type Value } from "../types/values.ts";
import type { Session } from "./context.ts";
import type { Call, TypedExpression } from "./expression.ts";
import { dateText, dayTimeText, decimalText, timestampText, yearMonthText } from "./literal-text.ts";

/** The name of a column that is this expression, as Spark gives it. */
export function prettyName(expression: TypedExpression, session: Session): string {
  const print = (e: TypedExpression): string => prettyName(e, session);
  switch (expression.kind) {
    case "attribute":
      return session.written.get(expression.id) ?? expression.name;
    case "variable":
      return "namedlambdavariable()";
    case "literal":
      return literalName(expression.type, expression.value, session.settings.timeZone);
    case "call":
      return callName(expression, expression.args.map(print));
    case "cast":
      // Spark leaves casts to nested types out of names.
      if (expression.mode === "implicit" || isNested(expression.type)) return print(expression.child);
      return `${expression.mode === "try" ? "TRY_CAST" : "CAST"}(${print(expression.child)} AS ${sqlType(expression.type)})`;
    case "field":
      return `${print(expression.child)}.${expression.name}`;
    case "lambda": {
      const parameters = expression.parameters.map(print).join(", ");
      return `lambdafunction(${print(expression.body)}, ${parameters})`;
    }
    case "aggregate": {
      const args = expression.args.map(print);
      const name = expression.written ?? expression.fn.name;
      const distinct = expression.distinct ? "DISTINCT " : "";
      const call =
        !expression.distinct && expression.fn.prettyName
          ? expression.fn.prettyName(args, expression.written)
          : `${name}(${distinct}${args.join(", ")})`;
      return expression.filter ? `${call} FILTER (WHERE ${print(expression.filter)})` : call;
    }
    case "script":
      return `${expression.name}(${expression.args.map(print).join(", ")})`;
    case "subquery":
      return "scalarsubquery()";
    case "inSubquery":
      return `(${print(expression.value)} IN (listquery()))`;
  }
}

function isNested(type: DataType): boolean {
  return type.kind === "array" || type.kind === "map" || type.kind === "struct";
}

function callName(call: Call, args: readonly string[]): string {
  if (call.written === "struct") return `struct(${structParts(call, args).join(", ")})`;
  const datetime = datetimeName(call, args);
  if (datetime !== undefined) return datetime;
  if (args.length === 1 && (call.fn.name === "+" || call.fn.name === "-")) return `(${call.fn.name} ${args[0]})`;
  if (call.fn.name === "get_array_struct_fields") return `${args[0]}.${elementFieldName(call)}`;
  const rest = IMPLIED[call.written ?? call.fn.name]?.[args.length] ?? [];
  if (call.fn.prettyName) return call.fn.prettyName([...args, ...rest], call.written);
  return `${call.written ?? call.fn.name}(${[...args, ...rest].join(", ")})`;
}

const IDENTITY = "lambdafunction(namedlambdavariable(), namedlambdavariable())";

/** Arguments that Spark prints though they were left out, by name and number of those given. */
const IMPLIED: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  substr: { 2: ["2147483647"] },
  substring: { 2: ["2147483647"] },
  aggregate: { 3: [IDENTITY] },
  reduce: { 3: [IDENTITY] },
};

const isInterval = (type: DataType): boolean => type.kind === "daytime_interval" || type.kind === "yearmonth_interval";
const isDatetime = (type: DataType): boolean =>
  type.kind === "date" || type.kind === "timestamp" || type.kind === "timestamp_ntz";

/** A date or a timestamp plus or minus something, which Spark turns into other functions before it names the column. */
function datetimeName(call: Call, args: readonly string[]): string | undefined {
  const symbol = call.fn.name;
  if (args.length !== 2 || (symbol !== "+" && symbol !== "-")) return undefined;
  const [a, b] = call.args.map((e) => (e.kind === "cast" && e.mode === "implicit" ? e.child.type : e.type));
  if (isDatetime(a) && isInterval(b)) return `${args[0]} ${symbol} ${args[1]}`;
  if (isInterval(a) && isDatetime(b)) return `${args[1]} ${symbol} ${args[0]}`;
  if (a.kind === "date" && isIntegral(b)) return `${symbol === "+" ? "date_add" : "date_sub"}(${args[0]}, ${args[1]})`;
  if (isIntegral(a) && b.kind === "date") return `date_add(${args[1]}, ${args[0]})`;
  return undefined;
}

/** The arguments of struct(…) as they were written, with the names that were given. */
function structParts(call: Call, args: readonly string[]): string[] {
  return call.args.flatMap((value, i) => {
    if (i % 2 === 0) return [];
    const own = "name" in value && value.kind !== "script" ? value.name : `col${(i + 1) / 2}`;
    return [args[i - 1] === own ? args[i] : `${args[i]} AS ${args[i - 1]}`];
  });
}

/** The field that `array.field` takes of each element. */
export function elementFieldName(call: Call): string {
  const [items, ordinal] = call.args;
  if (items.type.kind !== "array" || items.type.elementType.kind !== "struct" || ordinal.kind !== "literal") return "?";
  return items.type.elementType.fields[Number(ordinal.value)].name;
}

function literalName(type: DataType, value: Value, timeZone: string): string {
  if (value === null) return "NULL";
  switch (type.kind) {
    case "date":
      return `DATE '${dateText(Number(value))}'`;
    case "timestamp":
      return `TIMESTAMP '${timestampText(value as number | bigint, timeZone)}'`;
    case "timestamp_ntz":
      return `TIMESTAMP_NTZ '${timestampText(value as number | bigint, "UTC")}'`;
    case "daytime_interval":
      return dayTimeText(value as number | bigint, type.start, type.end);
    case "yearmonth_interval":
      return yearMonthText(Number(value), type.start, type.end);
    case "binary":
      return `X'${Buffer.from(value as Uint8Array)
        .toString("hex")
        .toUpperCase()}'`;
    default:
      return plainText(type, value, timeZone);
  }
}

/** A constant's text without quotes. */
function plainText(type: DataType, value: Value, timeZone: string): string {
  if (value === null) return "NULL";
  if (type.kind === "float") return floatText(Number(value));
  if (type.kind === "double") return doubleText(Number(value));
  if (type.kind === "decimal") return decimalText(value as number | bigint, type.scale);
  if (type.kind === "array") {
    return `ARRAY(${(value as Value[]).map((v) => literalName(type.elementType, v, timeZone)).join(", ")})`;
  }
  if (type.kind === "struct") {
    const parts = type.fields.map((f, i) => `'${f.name}', ${literalName(f.type, (value as Value[])[i], timeZone)}`);
    return `NAMED_STRUCT(${parts.join(", ")})`;
  }
  if (value instanceof MapValue && type.kind === "map") {
    const keys = value.keys.map((k) => literalName(type.keyType, k, timeZone)).join(", ");
    const values = value.values.map((v) => literalName(type.valueType, v, timeZone)).join(", ");
    return `MAP_FROM_ARRAYS(ARRAY(${keys}), ARRAY(${values}))`;
  }
  return isLongLike(type) ? String(value) : String(value);
}

/** As Java prints a double: at least one digit after the point, an exponent from 1E7 on and below 1E-3. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits, exponent] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}
