/** Rows to JSON text, as Spark's to_json and its JSON files write it. */

import { doubleText, floatText, mapKeyText } from "../../columns/text.ts";
import type { Batch, Utf8Vector, Vector } from "../../columns/vector.ts";
import { formatDate, type Zone, zoneOf } from "../../types/datetime.ts";
import { formatDayTime, formatYearMonth } from "../../types/intervals.ts";
import { type DataType, STRING, type StructType } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import { isoNtzText, isoText, offsetText } from "../text/iso.ts";
import { BytesOut, putBytes, putClock, putQuoted, putReal, putWhole } from "./bytes-out.ts";
import { bigDecimalText } from "./number-text.ts";
import { type FieldCode, type FieldForm, rowsSource } from "./row-code.ts";

export interface JsonWriterOptions {
  /** Zone in which timestamps are shown. */
  readonly timeZone: string;
}

export interface JsonWriter {
  /** One text for each row, as a string column. Fields whose value is null are left out, as Spark does. */
  column(batch: Batch): Utf8Vector;
  /** Takes the memory of a column, which nobody may read any more, for the next one. */
  reuse(column: Utf8Vector): void;
}

/** The column of a batch that holds a field; or those of a struct's fields, where the struct is never null. */
export type FieldPlace = number | readonly FieldPlace[];

/** Appends one value that isn't null. */
type Write = (value: Value, out: BytesOut) => void;
/** Appends all rows; notes where each begins and ends. */
type WriteRows = (
  columns: readonly Vector[],
  rows: number,
  out: BytesOut,
  starts: Int32Array,
  ends: Int32Array,
) => void;

const COMMA = 44;
const OPEN = 123;
const CLOSE = 125;
const NULL_TEXT = new Uint8Array(Buffer.from("null"));
const TRUE_TEXT = new Uint8Array(Buffer.from("true"));
const FALSE_TEXT = new Uint8Array(Buffer.from("false"));

/** A field before it is known how the columns are stored; the ordinal is as in the generated code. */
interface FieldLayout {
  readonly ordinal: number;
  readonly name: Uint8Array;
  readonly place: number | readonly FieldLayout[];
}

/**
 * Makes a writer for rows of `schema`. Its code is generated once for each combination of column storages.
 *
 * @param places where in a batch the fields are; unless told the columns are the fields, in their order
 * @example createJsonWriter(schema, { timeZone: "UTC" }).column(batch) // {"device":"d1","t":21.5}
 */
export function createJsonWriter(
  schema: StructType,
  options: JsonWriterOptions,
  places: readonly FieldPlace[] = schema.fields.map((_, k) => k),
): JsonWriter {
  const zone = zoneOf(options.timeZone);
  const names: Uint8Array[] = [];
  const writers: Write[] = [];
  const used: number[] = [];
  const layoutOf = (type: StructType, at: readonly FieldPlace[]): FieldLayout[] =>
    type.fields.map((f, k) => {
      const name = fieldName(f.name);
      const ordinal = names.push(name) - 1;
      const place = at[k] as FieldPlace;
      if (typeof place !== "number") return { ordinal, name, place: layoutOf(f.type as StructType, place) };
      writers[ordinal] = valueWriter(f.type, zone);
      used.push(place);
      return { ordinal, name, place };
    });
  const layout = layoutOf(schema, places);
  const environment = {
    putWhole,
    putReal,
    putQuoted,
    putBytes,
    putClock: clockWriter(zone.fixedOffset ?? 0),
    names: Object.assign(names, { true: TRUE_TEXT, false: FALSE_TEXT }),
    writers,
  };
  const compiled = new Map<string, WriteRows>();
  const compile = (columns: readonly Vector[]): WriteRows => {
    const codeOf = ({ ordinal, name, place }: FieldLayout): FieldCode => {
      if (typeof place !== "number") return { ordinal, name, fields: place.map(codeOf) };
      const column = columns[place] as Vector;
      return { ordinal, name, column: place, form: formOf(column, zone), hasNulls: column.nulls !== null };
    };
    return new Function("env", rowsSource(layout.map(codeOf)))(environment) as WriteRows;
  };
  let rowBytes = 64;
  let spare: Utf8Vector | undefined;
  const out = new BytesOut(0);
  return {
    reuse(column) {
      spare = column;
    },
    column({ columns, rows }) {
      const storages = used.map((k) => storageOf(columns[k] as Vector)).join();
      let write = compiled.get(storages);
      if (write === undefined) compiled.set(storages, (write = compile(columns)));
      const bytesLikely = Math.max(1024, Math.ceil(rows * rowBytes));
      const memory = spare;
      spare = undefined;
      out.bytes = memory && memory.bytes.length >= bytesLikely ? memory.bytes : new Uint8Array(bytesLikely);
      out.length = 0;
      const isLongEnough = memory !== undefined && memory.starts.length >= rows;
      const { starts, ends } = isLongEnough ? memory : { starts: new Int32Array(rows), ends: new Int32Array(rows) };
      write(columns, rows, out, starts, ends);
      // What the next batch's rows will need, with something to spare.
      if (rows > 0) rowBytes = (out.length / rows) * 1.05 + 1;
      return { repr: "utf8", type: STRING, bytes: out.bytes, starts, ends, nulls: null };
    },
  };
}

/** The function that writes one row of values, in the schema's order, as text. For rows that come singly. */
export function jsonRowWriter(schema: StructType, timeZone: string): (values: readonly Value[]) => string {
  const write = structWriter(schema, zoneOf(timeZone));
  const out = new BytesOut();
  return (values) => {
    out.length = 0;
    write(values as Value[], out);
    return Buffer.from(out.bytes.buffer, 0, out.length).toString("utf8");
  };
}

/** `,"name":`; the first comma of an object becomes its opening brace. */
function fieldName(name: string): Uint8Array {
  const out = new BytesOut(name.length + 8);
  out.byte(COMMA);
  out.quoted(name);
  out.byte(58);
  return out.bytes.slice(0, out.length);
}

function closeObject(out: BytesOut, start: number): void {
  if (out.length === start) out.byte(OPEN);
  else out.bytes[start] = OPEN;
  out.byte(CLOSE);
}

const storageOf = ({ repr, nulls }: Vector): string => (nulls === null ? repr : `${repr}?`);

/** Storages whose text can be had without making a value of it. */
function formOf(column: Vector, zone: Zone): FieldForm {
  const { kind } = column.type;
  switch (column.repr) {
    case "bool":
      return "bool";
    case "i32":
      return kind === "date" || kind === "yearmonth_interval" ? "value" : "whole";
    case "f64":
      if (kind === "long") return "whole";
      if (kind === "double") return "real";
      return kind === "timestamp" && zone.fixedOffset !== undefined ? "clock" : "value";
    case "utf8":
      return kind === "binary" ? "bytes" : "text";
    case "i64":
    case "obj":
      return "value";
  }
}

const DAY_US = 86_400_000_000;

/** Timestamps in a zone whose offset never changes: `isoText`, without a string. */
function clockWriter(offsetSeconds: number): (b: Uint8Array, at: number, us: number) => number {
  const offset = new Uint8Array(Buffer.from(`${offsetText(offsetSeconds)}"`));
  let lastDay = Number.NaN;
  let date = new Uint8Array(0);
  return (b, at, us) => {
    const local = us + offsetSeconds * 1_000_000;
    const day = Math.floor(local / DAY_US);
    if (day !== lastDay) {
      date = new Uint8Array(Buffer.from(`"${formatDate(day)}T`));
      lastDay = day;
    }
    const ms = Math.floor((local - day * DAY_US) / 1000);
    return putBytes(b, putClock(b, putBytes(b, at, date), ms), offset);
  };
}

function valueWriter(type: DataType, zone: Zone): Write {
  switch (type.kind) {
    case "boolean":
      return (v, out) => out.raw(v === true ? TRUE_TEXT : FALSE_TEXT);
    case "byte":
    case "short":
    case "integer":
    case "long":
      return (v, out) => (typeof v === "number" ? out.whole(v) : out.ascii(String(v)));
    case "float":
      return (v, out) => real(floatText(v as number), out);
    case "double":
      return (v, out) => real(doubleText(v as number), out);
    case "decimal":
      return (v, out) => out.ascii(bigDecimalText(v as number | bigint, type.scale));
    case "string":
      return (v, out) => out.quoted(v as string);
    case "binary":
      return (v, out) => {
        const bytes = v as Uint8Array;
        out.byte(34);
        out.ascii(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"));
        out.byte(34);
      };
    case "date":
      return (v, out) => out.quoted(formatDate(v as number));
    case "timestamp":
      return (v, out) => out.quoted(isoText(v as number | bigint, zone));
    case "timestamp_ntz":
      return (v, out) => {
        out.quoted(isoNtzText(v as number | bigint));
      };
    case "daytime_interval":
      return (v, out) => out.quoted(formatDayTime(v as number | bigint, type.start, type.end));
    case "yearmonth_interval":
      return (v, out) => out.quoted(formatYearMonth(v as number, type.start, type.end));
    case "array":
      return arrayWriter(valueWriter(type.elementType, zone));
    case "map":
      return mapWriter(type.keyType, valueWriter(type.valueType, zone));
    case "struct":
      return structWriter(type, zone);
    case "null":
      return (_v, out) => out.raw(NULL_TEXT);
  }
}

/** NaN and the infinities are texts. */
function real(text: string, out: BytesOut): void {
  const isNumber = text.charCodeAt(text.length - 1) <= 57;
  if (!isNumber) out.byte(34);
  out.ascii(text);
  if (!isNumber) out.byte(34);
}

function arrayWriter(write: Write): Write {
  return (v, out) => {
    out.byte(91);
    (v as Value[]).forEach((element, i) => {
      if (i > 0) out.byte(COMMA);
      if (element === null) out.raw(NULL_TEXT);
      else write(element, out);
    });
    out.byte(93);
  };
}

function mapWriter(keyType: DataType, write: Write): Write {
  const keyText = mapKeyText(keyType);
  return (v, out) => {
    const { keys, values } = v as MapValue;
    out.byte(OPEN);
    keys.forEach((key, i) => {
      if (i > 0) out.byte(COMMA);
      out.quoted(keyText(key));
      out.byte(58);
      const value = values[i] ?? null;
      if (value === null) out.raw(NULL_TEXT);
      else write(value, out);
    });
    out.byte(CLOSE);
  };
}

function structWriter(type: StructType, zone: Zone): Write {
  const names = type.fields.map((f) => fieldName(f.name));
  const writes = type.fields.map((f) => valueWriter(f.type, zone));
  return (v, out) => {
    const start = out.length;
    (v as Value[]).forEach((value, k) => {
      if (value === null) return;
      out.raw(names[k] as Uint8Array);
      (writes[k] as Write)(value, out);
    });
    closeObject(out, start);
  };
}
