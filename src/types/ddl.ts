/** Types and schemas as SQL writes them: `a INT, b STRUCT<x: BIGINT NOT NULL>`. */
import type { Condition } from "../errors/conditions.ts";
import { SluiceError } from "../errors/error.ts";
import { DECIMAL_PRECISION_MAX } from "./decimal.ts";
import type { Token } from "./lexer.ts";
import { sqlType } from "./print.ts";
import { TokenStream } from "./tokens.ts";
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
  type StructField,
  type StructType,
  struct,
  TIMESTAMP,
  TIMESTAMP_NTZ,
} from "./types.ts";

export { toDdl } from "./print.ts";

const SIMPLE_TYPES: ReadonlyMap<string, DataType> = new Map<string, DataType>([
  ["BOOLEAN", BOOLEAN],
  ["TINYINT", BYTE],
  ["BYTE", BYTE],
  ["SMALLINT", SHORT],
  ["SHORT", SHORT],
  ["INT", INT],
  ["INTEGER", INT],
  ["BIGINT", LONG],
  ["LONG", LONG],
  ["FLOAT", FLOAT],
  ["REAL", FLOAT],
  ["DOUBLE", DOUBLE],
  ["DATE", DATE],
  ["TIMESTAMP", TIMESTAMP],
  ["TIMESTAMP_LTZ", TIMESTAMP],
  ["TIMESTAMP_NTZ", TIMESTAMP_NTZ],
  ["STRING", STRING],
  ["BINARY", BINARY],
  ["VOID", NULL],
]);
const DECIMALS = new Set(["DECIMAL", "DEC", "NUMERIC"]);
const CHARACTERS = new Set(["CHAR", "CHARACTER", "VARCHAR"]);
const DAY_TIME_FIELDS = ["DAY", "HOUR", "MINUTE", "SECOND"];
const YEAR_MONTH_FIELDS = ["YEAR", "MONTH"];

/**
 * A schema (`a INT, b STRING NOT NULL COMMENT 'x'`) as a struct type, or a bare type (`ARRAY<INT>`, `INT`) as itself.
 * Throws PARSE_SYNTAX_ERROR, UNSUPPORTED_DATATYPE and others, with the place underlined.
 *
 * @example parseDdl("id BIGINT, tags ARRAY<STRING>") // struct of two fields
 * @example parseDdl("DECIMAL(10,2)")                  // decimal(10, 2)
 */
export function parseDdl(text: string): DataType {
  const stream = new TokenStream(text);
  if (stream.atEnd()) throw new SluiceError("PARSE_EMPTY_STATEMENT");
  let schemaError: unknown;
  if (stream.isName() && stream.isName(1)) {
    try {
      return parseColumns(stream);
    } catch (error) {
      schemaError = error;
    }
  }
  try {
    return parseType(text);
  } catch (error) {
    // `interval day` may be either; any other pair of names was meant as a column.
    throw schemaError ?? error;
  }
}

/** As parseDdl, but a bare type other than a struct becomes a struct with one column `value`, as Spark's readers do. */
export function parseSchema(text: string): StructType {
  const type = parseDdl(text);
  return type.kind === "struct" ? type : struct(field("value", type));
}

/** One type and nothing else, e.g. `MAP<STRING, INT>`. */
export function parseType(text: string): DataType {
  const stream = new TokenStream(text);
  const type = dataType(stream);
  stream.expectEnd();
  return type;
}

function parseColumns(stream: TokenStream): StructType {
  const fields: StructField[] = [];
  do {
    const name = stream.expectName();
    fields.push(fieldOptions(stream, name, dataType(stream)));
  } while (stream.acceptOp(","));
  stream.expectEnd();
  return struct(...fields);
}

function fieldOptions(stream: TokenStream, name: string, type: DataType): StructField {
  const nullable = !stream.acceptWord("NOT");
  if (!nullable) stream.expectWord("NULL");
  if (stream.acceptWord("COMMENT")) return field(name, type, nullable, { comment: stream.expectString() });
  return field(name, type, nullable);
}

/** Reads one type at the cursor. */
export function dataType(stream: TokenStream): DataType {
  return stream.nested(() => typeAtCursor(stream));
}

function typeAtCursor(stream: TokenStream): DataType {
  const token = stream.peek();
  if (token.kind !== "word") throw stream.syntaxError(": a data type is expected here");
  stream.next();
  const simple = SIMPLE_TYPES.get(token.value);
  if (simple) {
    if (token.value === "STRING" && stream.acceptWord("COLLATE")) collation(stream);
    if (stream.isOp("(")) throw unsupportedType(stream, token);
    return simple;
  }
  if (DECIMALS.has(token.value)) return decimalType(stream, token);
  if (CHARACTERS.has(token.value)) {
    if (numbers(stream).length !== 1) {
      throw new SluiceError("DATATYPE_MISSING_SIZE", { type: `"${token.value}"` }, stream.place(token));
    }
    return STRING;
  }
  switch (token.value) {
    case "INTERVAL":
      return intervalType(stream);
    case "ARRAY": {
      open(stream, token, "INCOMPLETE_TYPE_DEFINITION.ARRAY");
      const element = dataType(stream);
      stream.expectOp(">");
      return array(element);
    }
    case "MAP": {
      open(stream, token, "INCOMPLETE_TYPE_DEFINITION.MAP");
      const key = dataType(stream);
      stream.expectOp(",");
      const value = dataType(stream);
      stream.expectOp(">");
      return map(key, value);
    }
    case "STRUCT":
      return structType(stream, token);
    default:
      throw unsupportedType(stream, token);
  }
}

function open(stream: TokenStream, token: Token, condition: Condition): void {
  if (stream.acceptOp("<")) return;
  throw new SluiceError(condition, {}, stream.place(token));
}

function structType(stream: TokenStream, token: Token): DataType {
  if (stream.acceptOp("<>")) return struct();
  open(stream, token, "INCOMPLETE_TYPE_DEFINITION.STRUCT");
  const fields: StructField[] = [];
  if (stream.acceptOp(">")) return struct();
  do {
    const name = stream.expectName();
    stream.acceptOp(":");
    fields.push(fieldOptions(stream, name, dataType(stream)));
  } while (stream.acceptOp(","));
  stream.expectOp(">");
  return struct(...fields);
}

function numbers(stream: TokenStream): number[] {
  const found: number[] = [];
  if (!stream.acceptOp("(")) return found;
  do {
    const token = stream.peek();
    if (token.kind !== "number" || !/^\d+$/.test(token.value))
      throw stream.syntaxError(": a whole number is expected here");
    stream.next();
    found.push(Number(token.value));
  } while (stream.acceptOp(","));
  stream.expectOp(")");
  return found;
}

function decimalType(stream: TokenStream, token: Token): DataType {
  const [precision = 10, scale = 0, ...more] = numbers(stream);
  const place = stream.place(token, stream.last());
  if (more.length > 0) throw unsupportedType(stream, token);
  if (precision > DECIMAL_PRECISION_MAX) {
    throw new SluiceError(
      "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
      { precision, maxPrecision: DECIMAL_PRECISION_MAX },
      place,
    );
  }
  if (scale > precision) throw new SluiceError("DECIMAL_SCALE_EXCEEDS_PRECISION", { precision, scale }, place);
  return decimal(precision, scale);
}

function intervalType(stream: TokenStream): DataType {
  const token = stream.peek();
  for (const [names, kind] of [
    [DAY_TIME_FIELDS, "daytime_interval"],
    [YEAR_MONTH_FIELDS, "yearmonth_interval"],
  ] as const) {
    const start = names.indexOf(token.value);
    if (start < 0) continue;
    stream.next();
    if (!stream.acceptWord("TO")) return { kind, start, end: start };
    const end = names.indexOf(stream.peek().value);
    if (end <= start) throw stream.syntaxError(`: ${names.slice(start + 1).join(" or ")} is expected here`);
    stream.next();
    return { kind, start, end };
  }
  throw stream.syntaxError(": the fields are expected here, e.g. INTERVAL DAY TO SECOND");
}

function collation(stream: TokenStream): void {
  const token = stream.peek();
  const name = stream.expectName();
  if (name.toUpperCase() !== "UTF8_BINARY") {
    throw new SluiceError(
      "UNSUPPORTED_FEATURE",
      { feature: `Collation ${name}`, where: "", hint: "Only UTF8_BINARY is." },
      stream.place(token),
    );
  }
}

function unsupportedType(stream: TokenStream, token: Token): SluiceError {
  return new SluiceError(
    "UNSUPPORTED_DATATYPE",
    {
      typeName: `"${token.text.toUpperCase()}"`,
      known: [...new Set([...SIMPLE_TYPES.values()].map(sqlType))].join(", "),
    },
    stream.place(token, stream.last()),
  );
}
