/** Constants of a plan: what they hold, and back. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
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
import { fromProtoType, toProtoType } from "./data-types.ts";
import { type Expression_Literal, Expression_LiteralSchema, type ProtoDataType } from "./messages.ts";

/** A type of the unresolved plan; one that is still text is parsed. */
export function typeOf(message: ProtoDataType): DataType {
  return message.kind.case === "unparsed" ? parseSchemaText(message.kind.value.dataTypeString) : fromProtoType(message);
}

/** A constant: its type and what it holds. */
export interface LiteralValue {
  readonly type: DataType;
  readonly value: Value;
}

function made(type: DataType, value: Value): LiteralValue {
  return { type, value };
}

/** A 64-bit number as it is held: a number where it is exact. */
export function longForm(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** What a constant of a plan holds. Throws UNSUPPORTED_FEATURE for a kind that has no value here. */
export function literalValue(message: Expression_Literal): LiteralValue {
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

function nestedLiteral(message: Expression_Literal): LiteralValue {
  const { literalType: l } = message;
  const given = message.dataType && typeOf(message.dataType);
  switch (l.case) {
    case "array": {
      const items = l.value.elements.map((e) => literalValue(e));
      if (given?.kind === "array") return made(given, valuesOf(items));
      return made(array(elementType(items, l.value.elementType), hasNull(items)), valuesOf(items));
    }
    case "map": {
      const keys = l.value.keys.map((e) => literalValue(e));
      const values = l.value.values.map((e) => literalValue(e));
      const type =
        given?.kind === "map"
          ? given
          : map(elementType(keys, l.value.keyType), elementType(values, l.value.valueType), hasNull(values));
      return made(type, new MapValue(valuesOf(keys), valuesOf(values)));
    }
    case "struct": {
      const items = l.value.elements.map((e) => literalValue(e));
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

function valuesOf(items: readonly LiteralValue[]): Value[] {
  return items.map((x) => x.value);
}
function hasNull(items: readonly LiteralValue[]): boolean {
  return items.some((x) => x.value === null);
}
function elementType(items: readonly LiteralValue[], message: ProtoDataType | undefined): DataType {
  if (message !== undefined) return typeOf(message);
  return commonType(items.map((x) => x.type)) ?? NULL;
}

type Specialized = Extract<Expression_Literal["literalType"], { case: "specializedArray" }>["value"]["valueType"];

function specializedArray(value: Specialized, given: DataType | undefined): LiteralValue {
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
export function decimalLiteral(text: string, precision: number | undefined, scale: number | undefined): LiteralValue {
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

type LiteralInit = NonNullable<MessageInitShape<typeof Expression_LiteralSchema>["literalType"]>;

/**
 * The constant that holds `value`, an internal value of `type`, as a server tells observed metrics: types of elements stand in
 * the containers, where clients of every version look for them.
 *
 * @throws UNSUPPORTED_FEATURE for a type that has no constants
 */
export function literalMessage(type: DataType, value: Value): Expression_Literal {
  const literalType: LiteralInit =
    value === null ? { case: "null", value: toProtoType(type) } : literalInit(type, value);
  return create(Expression_LiteralSchema, { literalType });
}

function literalInit(type: DataType, value: Exclude<Value, null>): LiteralInit {
  switch (type.kind) {
    case "boolean":
      return { case: "boolean", value: value as boolean };
    case "byte":
    case "short":
    case "integer":
    case "date":
    case "float":
    case "double":
      return { case: type.kind, value: value as number };
    case "long":
    case "timestamp":
      return { case: type.kind, value: BigInt(value as number | bigint) };
    case "timestamp_ntz":
      return { case: "timestampNtz", value: BigInt(value as number | bigint) };
    case "daytime_interval":
      return { case: "dayTimeInterval", value: BigInt(value as number | bigint) };
    case "yearmonth_interval":
      return { case: "yearMonthInterval", value: value as number };
    case "string":
      return { case: "string", value: value as string };
    case "binary":
      return { case: "binary", value: value as Uint8Array };
    case "decimal": {
      const { precision, scale } = type;
      return {
        case: "decimal",
        value: { value: decimalText(BigInt(value as number | bigint), scale), precision, scale },
      };
    }
    case "array": {
      const elements = (value as Value[]).map((v) => literalMessage(type.elementType, v));
      return { case: "array", value: { elementType: toProtoType(type.elementType), elements } };
    }
    case "map": {
      const { keys, values } = value as MapValue;
      return {
        case: "map",
        value: {
          keyType: toProtoType(type.keyType),
          valueType: toProtoType(type.valueType),
          keys: keys.map((k) => literalMessage(type.keyType, k)),
          values: values.map((v) => literalMessage(type.valueType, v)),
        },
      };
    }
    case "struct": {
      const elements = type.fields.map((f, i) => literalMessage(f.type, (value as Value[])[i]));
      return { case: "struct", value: { structType: toProtoType(type), elements } };
    }
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `A literal of the type ${type.kind}`,
        where: "",
        hint: "Cast it to a string.",
      });
  }
}

/** E.g. -1.05 for −105 with two digits after the point. */
function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
