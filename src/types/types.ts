/** Spark SQL's data types, as plain values. Names and text forms are Spark's. */

export interface NullType {
  readonly kind: "null";
}
export interface BooleanType {
  readonly kind: "boolean";
}
/** 8-bit signed (TINYINT). */
export interface ByteType {
  readonly kind: "byte";
}
/** 16-bit signed (SMALLINT). */
export interface ShortType {
  readonly kind: "short";
}
/** 32-bit signed (INT). */
export interface IntegerType {
  readonly kind: "integer";
}
/** 64-bit signed (BIGINT). */
export interface LongType {
  readonly kind: "long";
}
export interface FloatType {
  readonly kind: "float";
}
export interface DoubleType {
  readonly kind: "double";
}
/** `precision` 1 to 38 digits, `scale` of them after the point. */
export interface DecimalType {
  readonly kind: "decimal";
  readonly precision: number;
  readonly scale: number;
}
export interface StringType {
  readonly kind: "string";
}
export interface BinaryType {
  readonly kind: "binary";
}
/** Days since 1970-01-01. */
export interface DateType {
  readonly kind: "date";
}
/** Microseconds since 1970-01-01T00:00:00Z; shown in the session's time zone. */
export interface TimestampType {
  readonly kind: "timestamp";
}
/** Microseconds of a wall clock without zone. */
export interface TimestampNtzType {
  readonly kind: "timestamp_ntz";
}
/** Microseconds; fields 0 day, 1 hour, 2 minute, 3 second. */
export interface DayTimeIntervalType {
  readonly kind: "daytime_interval";
  readonly start: number;
  readonly end: number;
}
/** Months; fields 0 year, 1 month. */
export interface YearMonthIntervalType {
  readonly kind: "yearmonth_interval";
  readonly start: number;
  readonly end: number;
}
export interface ArrayType {
  readonly kind: "array";
  readonly elementType: DataType;
  readonly containsNull: boolean;
}
export interface MapType {
  readonly kind: "map";
  readonly keyType: DataType;
  readonly valueType: DataType;
  readonly valueContainsNull: boolean;
}
export interface StructField {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
export interface StructType {
  readonly kind: "struct";
  readonly fields: readonly StructField[];
}

export type DataType =
  | NullType
  | BooleanType
  | ByteType
  | ShortType
  | IntegerType
  | LongType
  | FloatType
  | DoubleType
  | DecimalType
  | StringType
  | BinaryType
  | DateType
  | TimestampType
  | TimestampNtzType
  | DayTimeIntervalType
  | YearMonthIntervalType
  | ArrayType
  | MapType
  | StructType;

export type TypeKind = DataType["kind"];

export const NULL: NullType = { kind: "null" };
export const BOOLEAN: BooleanType = { kind: "boolean" };
export const BYTE: ByteType = { kind: "byte" };
export const SHORT: ShortType = { kind: "short" };
export const INT: IntegerType = { kind: "integer" };
export const LONG: LongType = { kind: "long" };
export const FLOAT: FloatType = { kind: "float" };
export const DOUBLE: DoubleType = { kind: "double" };
export const STRING: StringType = { kind: "string" };
export const BINARY: BinaryType = { kind: "binary" };
export const DATE: DateType = { kind: "date" };
export const TIMESTAMP: TimestampType = { kind: "timestamp" };
export const TIMESTAMP_NTZ: TimestampNtzType = { kind: "timestamp_ntz" };
export const DAY_TIME: DayTimeIntervalType = { kind: "daytime_interval", start: 0, end: 3 };
export const YEAR_MONTH: YearMonthIntervalType = { kind: "yearmonth_interval", start: 0, end: 1 };

export function decimal(precision: number, scale: number): DecimalType {
  return { kind: "decimal", precision, scale };
}
export function array(elementType: DataType, containsNull = true): ArrayType {
  return { kind: "array", elementType, containsNull };
}
export function map(keyType: DataType, valueType: DataType, valueContainsNull = true): MapType {
  return { kind: "map", keyType, valueType, valueContainsNull };
}
export function field(
  name: string,
  type: DataType,
  nullable = true,
  metadata?: Readonly<Record<string, unknown>>,
): StructField {
  return metadata === undefined ? { name, type, nullable } : { name, type, nullable, metadata };
}
export function struct(...fields: StructField[]): StructType {
  return { kind: "struct", fields };
}

/** Types whose values are 64-bit whole numbers: `number` in the narrow form, `bigint` in the wide one. */
export function isLongLike(type: DataType): boolean {
  switch (type.kind) {
    case "long":
    case "timestamp":
    case "timestamp_ntz":
    case "daytime_interval":
    case "decimal":
      return true;
    default:
      return false;
  }
}

/** Types whose values are whole numbers of at most 32 bits. */
export function isIntLike(type: DataType): boolean {
  switch (type.kind) {
    case "byte":
    case "short":
    case "integer":
    case "date":
    case "yearmonth_interval":
      return true;
    default:
      return false;
  }
}

export function isIntegral(type: DataType): boolean {
  return type.kind === "byte" || type.kind === "short" || type.kind === "integer" || type.kind === "long";
}

export function isNumeric(type: DataType): boolean {
  return isIntegral(type) || type.kind === "float" || type.kind === "double" || type.kind === "decimal";
}

/** Same type, nullability inside arrays, maps and structs aside. */
export function sameType(a: DataType, b: DataType): boolean {
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case "decimal": {
      const d = b as DecimalType;
      return a.precision === d.precision && a.scale === d.scale;
    }
    case "array":
      return sameType(a.elementType, (b as ArrayType).elementType);
    case "map":
      return sameType(a.keyType, (b as MapType).keyType) && sameType(a.valueType, (b as MapType).valueType);
    case "struct": {
      const s = b as StructType;
      return (
        a.fields.length === s.fields.length &&
        a.fields.every((f, i) => f.name === s.fields[i].name && sameType(f.type, s.fields[i].type))
      );
    }
    case "daytime_interval":
    case "yearmonth_interval": {
      const i = b as DayTimeIntervalType;
      return a.start === i.start && a.end === i.end;
    }
    default:
      return true;
  }
}
