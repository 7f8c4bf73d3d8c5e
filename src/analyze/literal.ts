/** Constants and types of the unresolved plan in this project's form. */
import { SluiceError } from "../errors/error.ts";
import { fromProtoType } from "../plan/data-types.ts";
import type { Expression_Literal, ProtoDataType } from "../plan/messages.ts";
import { commonType } from "../types/coercion.ts";
import { parseSchemaText } from "../types/json.ts";
import {
  array,
  BINARY,
  BOOLEAN,
  BYTE,
  DATE,
  type DataType,
  DOUBLE,
  decimal,
  FLOAT,
  field,
  INT,
  LONG,
  map,
  NULL,
  SHORT,
  STRING,
  struct,
  TIMESTAMP,
  TIMESTAMP_NTZ,
} from "../types/types.ts";
import { MapValue, type Value } from "../types/values.ts";
import type { Literal } from "./expression.ts";

/** A type of the unresolved plan; one that is still text is parsed. */
export function typeOf(message: ProtoDataType): DataType {
  return message.kind.case === "unparsed" ? parseSchemaText(message.kind.value.dataTypeString) : fromProtoType(message);
}

/** A field's or an alias's metadata, which travels as JSON text; undefined when there is none. */
export function metadataOf(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (!text) return undefined;
  const parsed: unknown = JSON.parse(text);
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) return undefined;
  return Object.keys(parsed).length === 0 ? undefined : (parsed as Record<string, unknown>);
}

/** A constant. */
export function constant(type: DataType, value: Value): Literal {
  return { kind: "literal", type, value, nullable: value === null };
}

const made = constant;

/** A 64-bit number as it is held: a number where it is exact. */
export function longForm(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** A constant. */
export function literalOf(message: Expression_Literal): Literal {
  const { literalType: l } = message;
  switch (l.case) {
    case "null":
      return made(typeOf(l.value), null);
    case "binary":
      return made(BINARY, l.value);
    case "boolean":
      return made(BOOLEAN, l.value);
    case "byte":
      return made(BYTE, l.value);
    case "short":
      return made(SHORT, l.value);
    case "integer":
      return made(INT, l.value);
    case "long":
      return made(LONG, longForm(l.value));
    case "float":
      return made(FLOAT, l.value);
    case "double":
      return made(DOUBLE, l.value);
    case "decimal":
      return decimalLiteral(l.value.value, l.value.precision, l.value.scale);
    case "string":
      return made(STRING, l.value);
    case "date":
      return made(DATE, l.value);
    case "timestamp":
      return made(TIMESTAMP, longForm(l.value));
    case "timestampNtz":
      return made(TIMESTAMP_NTZ, longForm(l.value));
    case "yearMonthInterval":
      return made(intervalType(message, "yearmonth_interval", 1), l.value);
    case "dayTimeInterval":
      return made(intervalType(message, "daytime_interval", 3), longForm(l.value));
    default:
      return nestedLiteral(message);
  }
}

function intervalType(
  message: Expression_Literal,
  kind: "daytime_interval" | "yearmonth_interval",
  end: number,
): DataType {
  const given = message.dataType && typeOf(message.dataType);
  return given?.kind === kind ? given : { kind, start: 0, end };
}

function nestedLiteral(message: Expression_Literal): Literal {
  const { literalType: l } = message;
  const given = message.dataType && typeOf(message.dataType);
  switch (l.case) {
    case "array": {
      const items = l.value.elements.map((e) => literalOf(e));
      if (given?.kind === "array") return made(given, valuesOf(items));
      return made(array(elementType(items, l.value.elementType), hasNull(items)), valuesOf(items));
    }
    case "map": {
      const keys = l.value.keys.map((e) => literalOf(e));
      const values = l.value.values.map((e) => literalOf(e));
      const type =
        given?.kind === "map"
          ? given
          : map(elementType(keys, l.value.keyType), elementType(values, l.value.valueType), hasNull(values));
      return made(type, new MapValue(valuesOf(keys), valuesOf(values)));
    }
    case "struct": {
      const items = l.value.elements.map((e) => literalOf(e));
      const type = given ?? (l.value.structType && typeOf(l.value.structType));
      if (type?.kind === "struct") return made(type, valuesOf(items));
      return made(struct(...items.map((x, i) => field(`col${i + 1}`, x.type, x.value === null))), valuesOf(items));
    }
    case "specializedArray":
      return specializedArray(l.value.valueType, given);
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `A literal of the kind ${l.case ?? "unknown"}`,
        where: "",
        hint: "Write it as a string and cast it.",
      });
  }
}

function valuesOf(items: readonly Literal[]): Value[] {
  return items.map((x) => x.value);
}
function hasNull(items: readonly Literal[]): boolean {
  return items.some((x) => x.value === null);
}
function elementType(items: readonly Literal[], message: ProtoDataType | undefined): DataType {
  if (message !== undefined) return typeOf(message);
  return commonType(items.map((x) => x.type)) ?? NULL;
}

type Specialized = Extract<Expression_Literal["literalType"], { case: "specializedArray" }>["value"]["valueType"];

function specializedArray(value: Specialized, given: DataType | undefined): Literal {
  switch (value.case) {
    case "bools":
      return made(given ?? array(BOOLEAN, false), [...value.value.values]);
    case "ints":
      return made(given ?? array(INT, false), [...value.value.values]);
    case "longs":
      return made(given ?? array(LONG, false), value.value.values.map(longForm));
    case "floats":
      return made(given ?? array(FLOAT, false), [...value.value.values]);
    case "doubles":
      return made(given ?? array(DOUBLE, false), [...value.value.values]);
    case "strings":
      return made(given ?? array(STRING, false), [...value.value.values]);
    default:
      return made(given ?? array(NULL, false), []);
  }
}

/** A decimal from its text; precision and scale are the text's own where they aren't given. */
export function decimalLiteral(text: string, precision: number | undefined, scale: number | undefined): Literal {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (!match) throw new SluiceError("INTERNAL_ERROR", { message: `${text} is not a decimal literal.` });
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  let digits = `${whole}${fraction}`;
  let ownScale = fraction.length - Number(exponent);
  if (ownScale < 0) {
    digits += "0".repeat(-ownScale);
    ownScale = 0;
  }
  let unscaled = BigInt(digits || "0");
  const targetScale = scale ?? ownScale;
  if (targetScale > ownScale) unscaled *= 10n ** BigInt(targetScale - ownScale);
  else if (targetScale < ownScale) unscaled /= 10n ** BigInt(ownScale - targetScale);
  const length = unscaled === 0n ? 1 : String(unscaled).length;
  const type = decimal(precision ?? Math.max(length, targetScale), targetScale);
  return made(type, longForm(sign === "-" ? -unscaled : unscaled));
}
