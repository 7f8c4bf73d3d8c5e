/**
 * JSON text to values of a schema, row by row, as Spark's from_json and JSON reader do. The columnar scanner of
 * formats/json must agree with it:
 *
 * - Fields match by exact name; of one that comes twice the last counts; a missing one is null.
 * - Text that isn't JSON, or isn't of the schema's kind: every field null, the corrupt-record column holds the text.
 *   What follows the first value is not looked at.
 * - A value of the wrong type: that field null, the others kept, the corrupt-record column holds the text. Inside an array
 *   or map the whole array or map is null.
 * - Whole numbers only from JSON numbers without fraction and exponent that fit; fractions from numbers and from "NaN",
 *   "Infinity", "-Infinity" (and INF); decimals from numbers and strings; booleans only from true and false.
 * - A STRING field takes any value: strings unescaped, others as compact JSON, fractions in it written as doubles.
 * - Dates and timestamps from strings (by format or as casts read them), timestamps also from whole seconds.
 */
import { SluiceError } from "../../errors/error.ts";
import {
  localTime,
  microsOf,
  parseDate,
  parseTimestamp,
  parseTimestampNtz,
  type Zone,
  zoneOf,
} from "../../types/datetime.ts";
import { datetimeFormat } from "../../types/datetime-pattern.ts";
import { parseDayTime, parseYearMonth } from "../../types/intervals.ts";
import { sqlType } from "../../types/print.ts";
import type { DataType, StructField, StructType } from "../../types/types.ts";
import { longValue, MapValue, type Value } from "../../types/values.ts";
import { parseDecimal, trimAll } from "../cast/parse.ts";
import type { SessionSettings } from "../definition.ts";
import { power10 } from "../math/decimals.ts";
import { plainText, readTree, writeJson } from "./path.ts";
import { JsonReader, type JsonReadOptions, JsonSyntaxError } from "./reader.ts";

/** The options of from_json and the JSON source, by Spark's names (matched in any case by the caller). */
export interface JsonOptions extends JsonReadOptions {
  readonly mode: "PERMISSIVE" | "FAILFAST" | "DROPMALFORMED";
  readonly columnNameOfCorruptRecord: string;
  readonly primitivesAsString: boolean;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly timestampNtzFormat?: string;
  readonly timeZone?: string;
}

/** A value that doesn't fit its type; `partial` is what could be read of it. */
class Mismatch extends Error {
  readonly partial: Value;
  /** Path of the first such value, and its type; empty for the value itself. */
  readonly place: string;
  constructor(partial: Value = null, place = "") {
    super(place === "" ? "it has another type" : place);
    this.partial = partial;
    this.place = place;
  }
}

/** `field f is no INT`, for whatever went wrong below the field `f`. */
function placeOf(error: Mismatch, { name, type }: StructField): string {
  return error.place === "" ? `${name} is no ${sqlType(type)}` : `${name}.${error.place}`;
}

type Converter = (r: JsonReader) => Value;

export interface JsonParsed {
  readonly value: Value;
  /** True when the record was malformed, wholly or in a field. */
  readonly corrupt: boolean;
  /** What is wrong with it; no part of the record itself. */
  readonly reason?: string;
}

/** Reads one record. `undefined` for text without any value. Never throws for bad input. */
export type JsonRecordParser = (text: string) => JsonParsed | undefined;

/** The parser for records of a type: a struct's fields, or one array, map or other value. */
export function jsonRecordParser(
  type: DataType,
  options: JsonOptions,
  settings: SessionSettings,
  wide: boolean,
  run: { readonly nowUs: number },
): JsonRecordParser {
  const context = { options, zone: zoneOf(options.timeZone ?? settings.timeZone), wide, run };
  const convert = type.kind === "struct" ? structConverter(type, context, true) : converterOf(type, context);
  return (text) => {
    const reader = new JsonReader(text, options);
    try {
      const token = reader.peek();
      if (token === "end") return undefined;
      // A bare null is a malformed record of a struct, and null for any other type.
      if (token === "null") return { value: null, corrupt: type.kind === "struct", reason: "it is null" };
      return { value: convert(reader), corrupt: false };
    } catch (error) {
      if (error instanceof Mismatch) return { value: error.partial, corrupt: true, reason: error.message };
      if (error instanceof JsonSyntaxError) return { value: null, corrupt: true, reason: error.message };
      throw error;
    }
  };
}

/** from_json: the parsed value, with nulls or an error for bad input, as the mode says; `onBad` is told why it is bad. */
export function fromJson(
  type: DataType,
  options: JsonOptions,
  settings: SessionSettings,
  wide: boolean,
  run: { readonly nowUs: number; badRecords?: number },
): (text: string, onBad?: (reason: string) => void) => Value {
  const corruptAt =
    type.kind === "struct" ? type.fields.findIndex((f) => f.name === options.columnNameOfCorruptRecord) : -1;
  const target = corruptAt < 0 ? type : withoutCorrupt(type as StructType, corruptAt);
  const parse = jsonRecordParser(target, options, settings, wide, run);
  const size = type.kind === "struct" ? type.fields.length : 0;
  return (text, onBad) => {
    const parsed = parse(text);
    if (parsed === undefined) return null;
    if (parsed.corrupt) {
      if (run.badRecords !== undefined) run.badRecords++;
      onBad?.(parsed.reason ?? "it can't be read");
    }
    if (parsed.corrupt && options.mode === "FAILFAST") {
      throw new SluiceError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", {
        badRecord: text,
        failFastMode: "FAILFAST",
      });
    }
    if (type.kind !== "struct") return parsed.value;
    if (parsed.value === null && !parsed.corrupt) return null;
    const row = (parsed.value as Value[] | null) ?? new Array<Value>(size - (corruptAt < 0 ? 0 : 1)).fill(null);
    return corruptAt < 0 ? row : row.toSpliced(corruptAt, 0, parsed.corrupt ? text : null);
  };
}

function withoutCorrupt(type: StructType, index: number): StructType {
  return { kind: "struct", fields: type.fields.toSpliced(index, 1) };
}

interface Context {
  readonly options: JsonOptions;
  readonly zone: Zone;
  readonly wide: boolean;
  readonly run: { readonly nowUs: number };
}

function nullOr(convert: Converter): Converter {
  return (r) => {
    if (r.peek() === "null") {
      r.takeWord("null");
      return null;
    }
    return convert(r);
  };
}

function converterOf(type: DataType, context: Context): Converter {
  switch (type.kind) {
    case "struct":
      return structConverter(type, context);
    case "array":
      return arrayConverter(nullOr(converterOf(type.elementType, context)));
    case "map":
      return mapConverter(type.keyType, nullOr(converterOf(type.valueType, context)), context);
    case "string":
      return (r) => {
        if (r.peek() === "string") return r.string();
        const mark = r.mark();
        const raw = r.raw();
        if (!/[[{]/.test(raw)) return plainText(raw);
        r.rewind(mark);
        return writeJson(readTree(r));
      };
    case "boolean":
      return (r) => {
        const token = r.peek();
        if (token !== "true" && token !== "false") throw new Mismatch();
        r.takeWord(token);
        return token === "true";
      };
    case "byte":
    case "short":
    case "integer":
    case "long":
      return wholeConverter(type.kind, context.wide);
    case "float":
      return (r) => Math.fround(fraction(r));
    case "double":
      return fraction;
    case "decimal": {
      const limit = power10(type.precision);
      return (r) => {
        const token = r.peek();
        const text = token === "number" ? r.number() : token === "string" ? r.string() : undefined;
        const x = text === undefined || text === "" ? undefined : parseDecimal(text, type.scale);
        if (x === undefined || x === "overflow" || x >= limit || x <= -limit) throw new Mismatch();
        return longValue(x, context.wide);
      };
    }
    case "binary":
      return (r) => {
        if (r.peek() !== "string") throw new Mismatch();
        const text = r.string();
        if (!BASE64.test(text)) throw new Mismatch();
        return new Uint8Array(Buffer.from(text, "base64"));
      };
    case "null":
      return (r) => {
        r.skip();
        throw new Mismatch();
      };
    default:
      return timeConverter(type, context);
  }
}

/** Whether a fault in the text of a field's value is the field's own, and not the whole record's. */
function keepsFault({ kind }: DataType, first: string | undefined): boolean {
  if (first === "{") return kind === "struct" || kind === "map" || kind === "string";
  return first === "[" && (kind === "array" || kind === "string");
}

/** @param isRecord the struct is the record itself */
function structConverter(type: StructType, context: Context, isRecord = false): Converter {
  const fields = new Map(
    type.fields.map((f, i) => [f.name, { index: i, convert: nullOr(converterOf(f.type, context)) }]),
  );
  const size = type.fields.length;
  return (r) => {
    if (r.peek() !== "object") throw new Mismatch();
    const row: Value[] = new Array(size).fill(null);
    let bad: string | undefined;
    r.object((name) => {
      const field = fields.get(name);
      if (field === undefined) {
        r.skip();
        return;
      }
      const mark = r.mark();
      try {
        row[field.index] = field.convert(r);
      } catch (error) {
        const { name: fieldName, type: fieldType } = type.fields[field.index];
        const ownFault = isRecord && keepsFault(fieldType, r.text[mark.position]);
        if (!(error instanceof Mismatch) && !(ownFault && error instanceof JsonSyntaxError)) throw error;
        const isMismatch = error instanceof Mismatch;
        bad ??= isMismatch ? placeOf(error, type.fields[field.index]) : `${fieldName}: ${error.message}`;
        row[field.index] = isMismatch ? error.partial : null;
        r.rewind(mark);
        if (!ownFault) r.skip();
        else if (!r.passFault()) throw new Mismatch(row, bad);
      }
    });
    if (bad !== undefined) throw new Mismatch(row, bad);
    return row;
  };
}

/** Structs inside that are partly bad are kept; the array is then partly bad itself. */
function arrayConverter(element: Converter): Converter {
  return (r) => {
    if (r.peek() !== "array") throw new Mismatch();
    const out: Value[] = [];
    let bad = false;
    r.array(() => {
      const mark = r.mark();
      try {
        out.push(element(r));
      } catch (error) {
        if (!(error instanceof Mismatch) || error.partial === null) throw error;
        bad = true;
        out.push(error.partial);
        r.rewind(mark);
        r.skip();
      }
    });
    if (bad) throw new Mismatch(out);
    return out;
  };
}

function mapConverter(keyType: DataType, value: Converter, _context: Context): Converter {
  if (keyType.kind !== "string")
    throw new SluiceError("DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE", {
      sqlExpr: '"from_json"',
      schema: keyType.kind,
    });
  return (r) => {
    if (r.peek() !== "object") throw new Mismatch();
    const keys: Value[] = [];
    const values: Value[] = [];
    let bad = false;
    r.object((name) => {
      const mark = r.mark();
      keys.push(name);
      try {
        values.push(value(r));
      } catch (error) {
        if (!(error instanceof Mismatch) || error.partial === null) throw error;
        bad = true;
        values.push(error.partial);
        r.rewind(mark);
        r.skip();
      }
    });
    const map = new MapValue(keys, values);
    if (bad) throw new Mismatch(map);
    return map;
  };
}

const LIMITS: Readonly<Record<string, number>> = { byte: 127, short: 32767, integer: 2147483647 };

function wholeConverter(kind: "byte" | "short" | "integer" | "long", wide: boolean): Converter {
  return (r) => {
    if (r.peek() !== "number") throw new Mismatch();
    const text = r.number();
    if (!/^-?\d+$/.test(text)) throw new Mismatch();
    if (kind !== "long") {
      const x = Number(text);
      const limit = LIMITS[kind];
      if (x > limit || x < -limit - 1) throw new Mismatch();
      return x + 0;
    }
    if (text.length <= 15) return wide ? BigInt(text) : Number(text) + 0;
    const x = BigInt(text);
    if (BigInt.asIntN(64, x) !== x) throw new Mismatch();
    return longValue(x, wide);
  };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A date as the number of its day, which Spark still takes. */
function dayNumber(text: string): number | undefined {
  const days = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return days === (days | 0) ? days : undefined;
}

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  "+NaN": Number.NaN,
  "-NaN": Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "+Infinity": Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  INF: Number.POSITIVE_INFINITY,
  "+INF": Number.POSITIVE_INFINITY,
  "-INF": Number.NEGATIVE_INFINITY,
};

function fraction(r: JsonReader): number {
  const token = r.peek();
  if (token === "number") {
    const text = r.number();
    if (Object.hasOwn(SPECIAL, text)) return SPECIAL[text];
    return text === "-0" ? 0 : Number(text);
  }
  if (token !== "string") throw new Mismatch();
  const text = r.string();
  if (!Object.hasOwn(SPECIAL, text) || r.options.allowNonNumericNumbers === false) throw new Mismatch();
  return SPECIAL[text];
}

function timeConverter(type: DataType, { options, zone, wide, run }: Context): Converter {
  const utc = zoneOf("UTC");
  const read = (text: string): Value | undefined => {
    switch (type.kind) {
      case "date": {
        if (options.dateFormat === undefined) return parseDate(trimAll(text)) ?? dayNumber(text);
        const found = datetimeFormat(options.dateFormat).parse(text, utc);
        return found && localTime(microsOf(found, true), utc).days;
      }
      case "timestamp": {
        if (options.timestampFormat === undefined) {
          // A time alone is of today.
          const today = text.includes("-") ? undefined : localTime(run.nowUs, zone).days;
          return parseTimestamp(trimAll(text), zone, wide, today);
        }
        const found = datetimeFormat(options.timestampFormat).parse(text, zone);
        return found && microsOf(found, wide);
      }
      case "timestamp_ntz": {
        if (options.timestampNtzFormat === undefined) return parseTimestampNtz(trimAll(text), wide);
        const found = datetimeFormat(options.timestampNtzFormat).parse(text, utc);
        return found && microsOf(found, wide);
      }
      case "daytime_interval": {
        const us = parseDayTime(trimAll(text), type.start, type.end);
        return us === undefined ? undefined : longValue(us, wide);
      }
      case "yearmonth_interval":
        return parseYearMonth(trimAll(text), type.start, type.end);
      default:
        return undefined;
    }
  };
  return (r) => {
    const token = r.peek();
    if (token === "number" && type.kind === "timestamp") {
      const text = r.number();
      if (!/^-?\d+$/.test(text)) throw new Mismatch();
      const seconds = BigInt(text);
      if (BigInt.asIntN(64, seconds) !== seconds) throw new Mismatch();
      return longValue(BigInt.asIntN(64, seconds * 1000000n), wide);
    }
    if (token !== "string") throw new Mismatch();
    const x = read(r.string());
    if (x === undefined) throw new Mismatch();
    return x;
  };
}
