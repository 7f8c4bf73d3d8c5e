/**
 * Which type values meet in, and what is cast to what without being asked: Spark's ANSI type coercion.
 *
 * | question | function |
 * |---|---|
 * | CASE, COALESCE, IN, array(…), UNION: the one type of several | `commonType(types)` |
 * | `a = b`, `a < b`, `a <=> b` | `comparisonType(a, b)` |
 * | an argument of type `from` where a function wants `to` | `implicitCast(from, to)` |
 * | `CAST(x AS t)` allowed at all? | `canCast(from, to)` |
 * | is a cast nullable when its child isn't? | `castForcesNullable(from, to)` |
 * | lossless? | `canUpCast(from, to)` |
 * | type of `decimal op decimal` | `decimalResult` (decimal.ts) |
 */
import { DECIMAL_SYSTEM_DEFAULT, decimalFor, decimalHolds, widerDecimal } from "./decimal.ts";
import {
  array,
  DAY_TIME,
  type DataType,
  DOUBLE,
  decimal,
  field,
  INT,
  isIntegral,
  isNumeric,
  LONG,
  map,
  NULL,
  type StructType,
  sameType,
  struct,
  TIMESTAMP,
  TIMESTAMP_NTZ,
} from "./types.ts";

export { adjustPrecisionScale, decimalFor, decimalForLiteral, decimalResult, widerDecimal } from "./decimal.ts";

/**
 * A set of types that a function accepts at an argument.
 * `decimal` is any decimal; `anyTimestamp` is TIMESTAMP or TIMESTAMP_NTZ; `array`, `map`, `struct` any of their kind.
 */
export type TypeClass =
  | "any"
  | "numeric"
  | "integral"
  | "fractional"
  | "decimal"
  | "anyTimestamp"
  | "interval"
  | "array"
  | "map"
  | "struct"
  | { readonly arrayOf: TypeClass | DataType }
  /** The first that fits; if none fits, the first that can be cast to. */
  | { readonly anyOf: readonly (TypeClass | DataType)[] };

const NUMERIC_PRECEDENCE = ["byte", "short", "integer", "long", "float", "double"];

function isDatetime(t: DataType): boolean {
  return t.kind === "date" || t.kind === "timestamp" || t.kind === "timestamp_ntz";
}
function isInterval(t: DataType): boolean {
  return t.kind === "daytime_interval" || t.kind === "yearmonth_interval";
}
function isComplex(t: DataType): boolean {
  return t.kind === "array" || t.kind === "map" || t.kind === "struct";
}
/** Neither null nor complex. */
export function isAtomic(t: DataType): boolean {
  return t.kind !== "null" && !isComplex(t);
}

/** Same type, nullability inside included. */
export function equalTypes(a: DataType, b: DataType): boolean {
  if (a.kind === "array" && b.kind === "array") {
    return a.containsNull === b.containsNull && equalTypes(a.elementType, b.elementType);
  }
  if (a.kind === "map" && b.kind === "map") {
    return (
      a.valueContainsNull === b.valueContainsNull &&
      equalTypes(a.keyType, b.keyType) &&
      equalTypes(a.valueType, b.valueType)
    );
  }
  if (a.kind === "struct" && b.kind === "struct") {
    return (
      a.fields.length === b.fields.length &&
      a.fields.every((f, i) => {
        const g = b.fields[i];
        return f.name === g.name && f.nullable === g.nullable && equalTypes(f.type, g.type);
      })
    );
  }
  return sameType(a, b);
}

/**
 * The one type that values of all these types are cast to, or undefined when there is none. For CASE, IF, COALESCE, NVL,
 * IN, GREATEST, LEAST, array(…), map(…), and each column of a set operation.
 *
 * @example commonType([INT, decimal(5, 2)]) // DECIMAL(12,2)
 * @example commonType([STRING, INT])        // BIGINT
 */
export function commonType(types: readonly DataType[]): DataType | undefined {
  let common: DataType | undefined = NULL;
  for (const t of types) {
    common = widerType(common, t);
    if (common === undefined) return undefined;
  }
  return common;
}

/** `commonType` of two. */
export function widerType(a: DataType, b: DataType): DataType | undefined {
  return tightestCommonType(a, b) ?? widerWithDecimal(a, b) ?? stringPromotion(a, b) ?? complexType(a, b, widerType);
}

/**
 * The type in which `=`, `<`, `<=>`… compare two values; undefined when they can't be compared. Differs from `commonType`
 * inside arrays, maps and structs, where a string isn't promoted.
 */
export function comparisonType(a: DataType, b: DataType): DataType | undefined {
  return tightestCommonType(a, b) ?? widerWithDecimal(a, b) ?? stringPromotion(a, b);
}

/** The narrowest type that both have in their precedence lists (Spark's findTightestCommonType in ANSI mode). */
export function tightestCommonType(a: DataType, b: DataType): DataType | undefined {
  if (equalTypes(a, b)) return a;
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (isIntegral(a) && b.kind === "decimal") return decimalHolds(b, decimalFor(a)!) ? b : undefined;
  if (a.kind === "decimal" && isIntegral(b)) return decimalHolds(a, decimalFor(b)!) ? a : undefined;
  if (isNumeric(a) && isNumeric(b) && a.kind !== "decimal" && b.kind !== "decimal") {
    const wider = NUMERIC_PRECEDENCE.indexOf(a.kind) > NUMERIC_PRECEDENCE.indexOf(b.kind) ? a : b;
    // A float doesn't hold every whole number, so beside one it becomes a double.
    return wider.kind === "float" ? DOUBLE : wider;
  }
  if (isDatetime(a) && isDatetime(b))
    return a.kind === "timestamp" || b.kind === "timestamp" ? TIMESTAMP : TIMESTAMP_NTZ;
  if (a.kind === "daytime_interval" && b.kind === "daytime_interval") {
    return { kind: a.kind, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
  }
  if (a.kind === "yearmonth_interval" && b.kind === "yearmonth_interval") {
    return { kind: a.kind, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
  }
  return complexType(a, b, tightestCommonType);
}

function widerWithDecimal(a: DataType, b: DataType): DataType | undefined {
  if (a.kind !== "decimal" && b.kind !== "decimal") return undefined;
  if (a.kind === "float" || a.kind === "double" || b.kind === "float" || b.kind === "double") {
    return isNumeric(a) && isNumeric(b) ? DOUBLE : undefined;
  }
  const x = decimalFor(a);
  const y = decimalFor(b);
  return x && y ? widerDecimal(x, y) : undefined;
}

/**
 * What a string and another type meet in, for operators and for `commonType`: whole numbers → BIGINT, other numbers →
 * DOUBLE, an atomic type → itself; undefined for intervals, complex types, or when neither is a string.
 */
export function stringPromotion(a: DataType, b: DataType): DataType | undefined {
  if (a.kind !== "string") return b.kind === "string" ? stringPromotion(b, a) : undefined;
  if (isIntegral(b)) return LONG;
  if (isNumeric(b)) return DOUBLE;
  if (b.kind === "null") return a;
  if (isInterval(b) || isComplex(b)) return undefined;
  return b;
}

/**
 * Spark's forceNullable: true when a cast makes the column nullable even if its child isn't, e.g. any cast of a string to a
 * number. It holds for ANSI casts too, which never give null: Spark declares them nullable all the same.
 */
export function castForcesNullable(from: DataType, to: DataType): boolean {
  if (from.kind === "null" || equalTypes(from, to) || to.kind === "string") return false;
  if (from.kind === "string") return to.kind !== "binary";
  if (to.kind === "date") return from.kind !== "timestamp";
  if (from.kind === "date") return to.kind !== "timestamp";
  const fractional = from.kind === "float" || from.kind === "double";
  if (to.kind === "timestamp") return fractional;
  if (to.kind === "decimal") {
    const exact = from.kind === "boolean" ? decimal(1, 0) : fractional ? undefined : decimalFor(from);
    if (exact === undefined) return true;
    // Rounding may carry into one more digit before the point.
    const hasRoom = from.kind === "decimal" && to.precision - to.scale > exact.precision - exact.scale;
    return !hasRoom && !decimalHolds(to, exact);
  }
  if (from.kind === "timestamp") return to.kind === "byte" || to.kind === "short" || to.kind === "integer";
  return isIntegral(to) && (fractional || from.kind === "decimal");
}

function complexType(
  a: DataType,
  b: DataType,
  find: (x: DataType, y: DataType) => DataType | undefined,
): DataType | undefined {
  if (a.kind === "array" && b.kind === "array") {
    const element = find(a.elementType, b.elementType);
    if (!element) return undefined;
    const nullable = castForcesNullable(a.elementType, element) || castForcesNullable(b.elementType, element);
    return array(element, a.containsNull || b.containsNull || nullable);
  }
  if (a.kind === "map" && b.kind === "map") {
    const key = find(a.keyType, b.keyType);
    const value = find(a.valueType, b.valueType);
    if (!key || !value || castForcesNullable(a.keyType, key) || castForcesNullable(b.keyType, key)) return undefined;
    const nullable = castForcesNullable(a.valueType, value) || castForcesNullable(b.valueType, value);
    return map(key, value, a.valueContainsNull || b.valueContainsNull || nullable);
  }
  if (a.kind === "struct" && b.kind === "struct" && a.fields.length === b.fields.length) {
    return commonStruct(a, b, find);
  }
  return undefined;
}

function commonStruct(
  a: StructType,
  b: StructType,
  find: (x: DataType, y: DataType) => DataType | undefined,
): StructType | undefined {
  const fields = [];
  for (const [i, f] of a.fields.entries()) {
    const g = b.fields[i];
    if (f.name.toLowerCase() !== g.name.toLowerCase()) return undefined;
    const type = find(f.type, g.type);
    if (!type) return undefined;
    const nullable = castForcesNullable(f.type, type) || castForcesNullable(g.type, type);
    fields.push(field(f.name, type, f.nullable || g.nullable || nullable));
  }
  return struct(...fields);
}

/** True when a value of this type can stand where the class is wanted, as it is. */
export function accepts(to: TypeClass | DataType, from: DataType): boolean {
  if (typeof to === "object") {
    if ("kind" in to) return sameType(to, from);
    if ("arrayOf" in to) return from.kind === "array" && accepts(to.arrayOf, from.elementType);
    return to.anyOf.some((t) => accepts(t, from));
  }
  switch (to) {
    case "any":
      return true;
    case "numeric":
      return isNumeric(from);
    case "integral":
      return isIntegral(from);
    case "fractional":
      return from.kind === "float" || from.kind === "double" || from.kind === "decimal";
    case "anyTimestamp":
      return from.kind === "timestamp" || from.kind === "timestamp_ntz";
    case "interval":
      return isInterval(from);
    default:
      return from.kind === to;
  }
}

/** The type that a class stands for when nothing is known of the argument, e.g. for a bare NULL. */
export function defaultType(to: TypeClass | DataType): DataType | undefined {
  if (typeof to === "object") {
    if ("kind" in to) return to;
    if ("anyOf" in to) return to.anyOf.length > 0 ? defaultType(to.anyOf[0]) : undefined;
    const element = defaultType(to.arrayOf);
    return element && array(element);
  }
  switch (to) {
    case "any":
    case "array":
      return to === "array" ? array(NULL) : NULL;
    case "map":
      return map(NULL, NULL);
    case "struct":
      return struct();
    case "numeric":
    case "fractional":
      return DOUBLE;
    case "integral":
      return INT;
    case "decimal":
      return DECIMAL_SYSTEM_DEFAULT;
    case "anyTimestamp":
      return TIMESTAMP;
    case "interval":
      return DAY_TIME;
  }
}

/**
 * The type that an argument is cast to where a function wants `to`; `from` itself when it fits as it is; undefined when
 * Spark refuses (DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE).
 *
 * @example implicitCast(STRING, DOUBLE)   // DOUBLE
 * @example implicitCast(INT, "decimal")   // DECIMAL(10,0)
 * @example implicitCast(DOUBLE, INT)      // INT (checked at run time)
 * @example implicitCast(DOUBLE, "integral") // undefined
 */
export function implicitCast(from: DataType, to: DataType | TypeClass): DataType | undefined {
  if (accepts(to, from)) return from;
  if (typeof to === "object" && "anyOf" in to) {
    for (const t of to.anyOf) {
      const type = implicitCast(from, t);
      if (type) return type;
    }
    return undefined;
  }
  if (typeof to === "object" && "arrayOf" in to) {
    if (from.kind === "array") {
      const element = implicitCast(from.elementType, to.arrayOf);
      return element && array(element);
    }
    return from.kind === "null" ? defaultType(to) : undefined;
  }
  if (to === "decimal" && isNumeric(from)) return decimalFor(from);
  if (to === "integral" && (from.kind === "float" || from.kind === "double" || from.kind === "decimal"))
    return undefined;
  const target = defaultType(to);
  if (!target) return undefined;
  if (from.kind === "string") {
    const promotable =
      typeof to === "object" ? isAtomic(to) : to === "numeric" || to === "decimal" || to === "anyTimestamp";
    if (promotable) return target;
  }
  return canStoreAssign(from, target) ? target : undefined;
}

function nullableFits(from: boolean, to: boolean): boolean {
  return !from || to;
}

function complexRule(from: DataType, to: DataType, rule: (from: DataType, to: DataType) => boolean): boolean {
  if (from.kind === "array" && to.kind === "array") {
    return nullableFits(from.containsNull, to.containsNull) && rule(from.elementType, to.elementType);
  }
  if (from.kind === "map" && to.kind === "map") {
    return (
      rule(from.keyType, to.keyType) &&
      nullableFits(from.valueContainsNull, to.valueContainsNull) &&
      rule(from.valueType, to.valueType)
    );
  }
  if (from.kind === "struct" && to.kind === "struct") {
    return (
      from.fields.length === to.fields.length &&
      from.fields.every((f, i) => nullableFits(f.nullable, to.fields[i].nullable) && rule(f.type, to.fields[i].type))
    );
  }
  return false;
}

/** What may be stored in a column of the other type under the ANSI store assignment policy; also the base of implicitCast. */
export function canStoreAssign(from: DataType, to: DataType): boolean {
  if (equalTypes(from, to) || from.kind === "null") return true;
  if (isNumeric(from) && isNumeric(to)) return true;
  if (isAtomic(from) && to.kind === "string") return true;
  if (isDatetime(from) && isDatetime(to)) return true;
  return complexRule(from, to, canStoreAssign);
}

/**
 * Whether `CAST(x AS to)` exists in ANSI mode for `x` of type `from`. A cast that exists may still fail on a value.
 *
 * @example canCast(BOOLEAN, TIMESTAMP) // false
 */
export function canCast(from: DataType, to: DataType): boolean {
  if (equalTypes(from, to) || from.kind === "null" || to.kind === "string") return true;
  if (from.kind === "string") return isAtomic(to);
  if (isComplex(from)) return complexRule(from, to, canCast);
  switch (to.kind) {
    case "boolean":
      return isNumeric(from);
    case "timestamp":
      return isDatetime(from) || isNumeric(from);
    case "timestamp_ntz":
    case "date":
      return isDatetime(from);
    case "daytime_interval":
    case "yearmonth_interval":
      return from.kind === to.kind || isIntegral(from) || from.kind === "decimal";
    default:
      if (!isNumeric(to)) return false;
      if (isInterval(from)) return isIntegral(to) || to.kind === "decimal";
      return isNumeric(from) || from.kind === "boolean" || from.kind === "timestamp";
  }
}

/** Whether every value of `from` is kept exactly by `to`. Used for encoders, fields by name and schema checks. */
export function canUpCast(from: DataType, to: DataType): boolean {
  if (equalTypes(from, to) || from.kind === "null") return true;
  if (to.kind === "decimal" && (isIntegral(from) || from.kind === "decimal"))
    return decimalHolds(to, decimalFor(from)!);
  if (from.kind === "decimal" && isNumeric(to)) {
    // As many digits as the integer type has may still overflow it.
    return isIntegral(to) && from.scale === 0 && from.precision < decimalFor(to)!.precision;
  }
  const position = NUMERIC_PRECEDENCE.indexOf(from.kind);
  if (position >= 0 && position < NUMERIC_PRECEDENCE.indexOf(to.kind)) return true;
  if (from.kind === "date") return to.kind === "timestamp" || to.kind === "timestamp_ntz" || to.kind === "string";
  if (from.kind === "timestamp_ntz" && to.kind === "timestamp") return true;
  if (from.kind === "timestamp" && (to.kind === "timestamp_ntz" || to.kind === "long")) return true;
  if (from.kind === "long" && to.kind === "timestamp") return true;
  if (isAtomic(from) && to.kind === "string") return true;
  if (from.kind === "daytime_interval" || from.kind === "yearmonth_interval") return from.kind === to.kind;
  return complexRule(from, to, canUpCast);
}
