/** The text forms in which Spark shows types. */
import type { DataType, DayTimeIntervalType, StructField, StructType, YearMonthIntervalType } from "./types.ts";

const SIMPLE: Readonly<Record<string, string>> = {
  null: "void",
  byte: "tinyint",
  short: "smallint",
  integer: "int",
  long: "bigint",
};

const TYPE_NAMES: Readonly<Record<string, string>> = { null: "void" };

const DAY_TIME_FIELDS = ["day", "hour", "minute", "second"];
const YEAR_MONTH_FIELDS = ["year", "month"];

/** `interval day to second`, `interval month`. */
export function intervalTypeName(type: DayTimeIntervalType | YearMonthIntervalType): string {
  const names = type.kind === "daytime_interval" ? DAY_TIME_FIELDS : YEAR_MONTH_FIELDS;
  const start = names[type.start];
  return type.start === type.end ? `interval ${start}` : `interval ${start} to ${names[type.end]}`;
}

/** A name as SQL can read it back: in backquotes unless it is a plain identifier. */
export function quoteIfNeeded(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** A string as a SQL literal. */
export function quoteString(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/**
 * Spark's simpleString and catalogString: lower case, no nullability. Used in `dtypes`, `describe` and explain.
 *
 * @example simpleString(struct(field("a", INT))) // "struct<a:int>"
 */
export function simpleString(type: DataType): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "daytime_interval":
    case "yearmonth_interval":
      return intervalTypeName(type);
    case "array":
      return `array<${simpleString(type.elementType)}>`;
    case "map":
      return `map<${simpleString(type.keyType)},${simpleString(type.valueType)}>`;
    case "struct":
      return `struct<${type.fields.map((f) => `${f.name}:${simpleString(f.type)}`).join(",")}>`;
    default:
      return SIMPLE[type.kind] ?? type.kind;
  }
}

/**
 * Spark's DataType.sql: as a cast's target would be written. Used in error messages (in double quotes).
 *
 * @example sqlType(struct(field("a", LONG, false))) // "STRUCT<a: BIGINT NOT NULL>"
 */
export function sqlType(type: DataType): string {
  switch (type.kind) {
    case "array":
      return `ARRAY<${sqlType(type.elementType)}>`;
    case "map":
      return `MAP<${sqlType(type.keyType)}, ${sqlType(type.valueType)}>`;
    case "struct":
      return `STRUCT<${type.fields.map((f) => fieldText(f, ": ")).join(", ")}>`;
    default:
      return simpleString(type).toUpperCase();
  }
}

function fieldText(f: StructField, separator: string): string {
  const comment = f.metadata?.["comment"];
  const note = typeof comment === "string" ? ` COMMENT ${quoteString(comment)}` : "";
  return `${quoteIfNeeded(f.name)}${separator}${sqlType(f.type)}${f.nullable ? "" : " NOT NULL"}${note}`;
}

/**
 * The fields as a table's column list; what `parseDdl` reads.
 *
 * @example toDdl(struct(field("a", INT), field("b c", STRING))) // "a INT,`b c` STRING"
 */
export function toDdl(type: StructType): string {
  return type.fields.map((f) => fieldText(f, " ")).join(",");
}

/** Spark's jsonName: `integer`, `long`, `decimal(10,2)`, `struct`. Used by printSchema and the JSON form. */
export function jsonName(type: DataType): string {
  switch (type.kind) {
    case "decimal":
    case "daytime_interval":
    case "yearmonth_interval":
      return simpleString(type);
    default:
      return TYPE_NAMES[type.kind] ?? type.kind;
  }
}

/** What printSchema prints: `root` and one line a field, nested ones indented; ends in a newline. */
export function treeString(type: StructType, level = Number.POSITIVE_INFINITY): string {
  const lines = ["root"];
  treeFields(type, " |", lines, level <= 0 ? Number.POSITIVE_INFINITY : level);
  return `${lines.join("\n")}\n`;
}

function treeFields(type: StructType, prefix: string, lines: string[], level: number): void {
  for (const f of type.fields) {
    lines.push(`${prefix}-- ${f.name}: ${jsonName(f.type)} (nullable = ${f.nullable})`);
    treeInside(f.type, `${prefix}    |`, lines, level - 1);
  }
}

function treeInside(type: DataType, prefix: string, lines: string[], level: number): void {
  if (level <= 0) return;
  if (type.kind === "struct") treeFields(type, prefix, lines, level);
  else if (type.kind === "array") {
    lines.push(`${prefix}-- element: ${jsonName(type.elementType)} (containsNull = ${type.containsNull})`);
    treeInside(type.elementType, `${prefix}    |`, lines, level - 1);
  } else if (type.kind === "map") {
    lines.push(`${prefix}-- key: ${jsonName(type.keyType)}`);
    treeInside(type.keyType, `${prefix}    |`, lines, level - 1);
    lines.push(`${prefix}-- value: ${jsonName(type.valueType)} (valueContainsNull = ${type.valueContainsNull})`);
    treeInside(type.valueType, `${prefix}    |`, lines, level - 1);
  }
}
