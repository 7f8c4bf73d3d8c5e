/** Rows to JSON text, as Spark's to_json and its JSON files write it. */

import { doubleText, floatText } from "../../columns/text.ts";
import type { Batch, Utf8Vector, Vector } from "../../columns/vector.ts";
import { formatDate, type Zone, zoneOf } from "../../types/datetime.ts";
import { formatDayTime, formatYearMonth } from "../../types/intervals.ts";
import { type DataType, STRING, type StructType } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import { isoNtzText, isoText, offsetText } from "../text/iso.ts";
import { BytesOut } from "./bytes-out.ts";
import { bigDecimalText } from "./number-text.ts";

export interface JsonWriterOptions {
  /** Zone in which timestamps are shown. */
  readonly timeZone: string;
  /** Leave fields out whose value is null (Spark's default). */
  readonly ignoreNullFields?: boolean;
}

export interface JsonWriter {
  /** Appends one line for each row. */
  lines(batch: Batch, out: BytesOut): void;
  /** One text for each row, as a string column. */
  column(batch: Batch): Utf8Vector;
}

/** Appends one value that isn't null. */
type Write = (value: Value, out: BytesOut) => void;
/** Appends the value of row `i`, which isn't null. */
type WriteRow = (i: number, out: BytesOut) => void;

const COMMA = 44;
const OPEN = 123;
const CLOSE = 125;
const NULL_TEXT = new Uint8Array(Buffer.from("null"));
const TRUE_TEXT = new Uint8Array(Buffer.from("true"));
const FALSE_TEXT = new Uint8Array(Buffer.from("false"));

/**
 * Makes a writer for rows of `schema`.
 *
 * @example createJsonWriter(schema, { timeZone: "UTC" }).column(batch) // {"device":"d1","t":21.5}
 */
export function createJsonWriter(schema: StructType, options: JsonWriterOptions): JsonWriter {
  const context: Context = {
    zone: zoneOf(options.timeZone),
    keepNulls: options.ignoreNullFields === false,
  };
  const names = schema.fields.map((f) => fieldName(f.name));
  const writes = schema.fields.map((f) => valueWriter(f.type, context));
  let rowBytes = 64;
  const rowWriter = (batch: Batch): WriteRow => {
    const columns = schema.fields.map((_, k) =>
      columnWriter(batch.columns[k] as Vector, writes[k] as Write, context.zone),
    );
    const nulls = batch.columns.map((c) => c.nulls);
    return (i, out) => {
      const start = out.length;
      for (let k = 0; k < columns.length; k++) {
        const isNull = nulls[k] !== null && (nulls[k] as Uint8Array)[i] === 1;
        if (isNull && !context.keepNulls) continue;
        out.raw(names[k] as Uint8Array);
        if (isNull) out.raw(NULL_TEXT);
        else (columns[k] as WriteRow)(i, out);
      }
      closeObject(out, start);
    };
  };
  return {
    lines(batch, out) {
      const write = rowWriter(batch);
      for (let i = 0; i < batch.rows; i++) {
        write(i, out);
        out.byte(10);
      }
    },
    column(batch) {
      const write = rowWriter(batch);
      const out = new BytesOut(Math.max(1024, Math.ceil(batch.rows * rowBytes)));
      const starts = new Int32Array(batch.rows);
      const ends = new Int32Array(batch.rows);
      for (let i = 0; i < batch.rows; i++) {
        starts[i] = out.length;
        write(i, out);
        ends[i] = out.length;
      }
      // What the next batch's rows will need, with something to spare.
      if (batch.rows > 0) rowBytes = (out.length / batch.rows) * 1.05 + 1;
      return { repr: "utf8", type: STRING, bytes: out.bytes, starts, ends, nulls: null };
    },
  };
}

/** The function that writes one row of values, in the schema's order, as text. For rows that come singly. */
export function jsonRowWriter(schema: StructType, timeZone: string): (values: readonly Value[]) => string {
  const write = structWriter(schema, { zone: zoneOf(timeZone), keepNulls: false });
  const out = new BytesOut();
  return (values) => {
    out.length = 0;
    write(values as Value[], out);
    return Buffer.from(out.bytes.buffer, 0, out.length).toString("utf8");
  };
}

interface Context {
  readonly zone: Zone;
  readonly keepNulls: boolean;
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

/** Reads a column in its storage where the text can be had without making a value. */
function columnWriter(column: Vector, write: Write, zone: Zone): WriteRow {
  switch (column.repr) {
    case "bool":
      return (i, out) => out.raw(column.values[i] === 1 ? TRUE_TEXT : FALSE_TEXT);
    case "i32":
      return column.type.kind === "date" || column.type.kind === "yearmonth_interval"
        ? (i, out) => write(column.values[i], out)
        : (i, out) => out.whole(column.values[i]);
    case "f64": {
      const { values } = column;
      switch (column.type.kind) {
        case "long":
          return (i, out) => out.whole(values[i]);
        case "double":
          return (i, out) => {
            if (!out.real(values[i])) write(values[i], out);
          };
        case "timestamp":
          return zone.fixedOffset === undefined
            ? (i, out) => write(values[i], out)
            : clockWriter(values, zone.fixedOffset);
        default:
          return (i, out) => write(values[i], out);
      }
    }
    case "i64":
      return (i, out) => write(column.values[i], out);
    case "utf8":
      return column.type.kind === "binary"
        ? (i, out) => write(column.bytes.subarray(column.starts[i], column.ends[i]), out)
        : (i, out) => out.quotedBytes(column.bytes, column.starts[i], column.ends[i]);
    case "obj":
      return (i, out) => write(column.values[i], out);
  }
}

const DAY_US = 86_400_000_000;

/** Timestamps in a zone whose offset never changes: `isoText`, without a string. */
function clockWriter(values: Float64Array, offsetSeconds: number): WriteRow {
  const offset = new Uint8Array(Buffer.from(`${offsetText(offsetSeconds)}"`));
  let lastDay = Number.NaN;
  let date = new Uint8Array(0);
  return (i, out) => {
    const local = values[i] + offsetSeconds * 1_000_000;
    const day = Math.floor(local / DAY_US);
    if (day !== lastDay) {
      date = new Uint8Array(Buffer.from(`"${formatDate(day)}T`));
      lastDay = day;
    }
    const ms = Math.floor((local - day * DAY_US) / 1000);
    out.raw(date);
    out.clock(ms);
    out.raw(offset);
  };
}

function valueWriter(type: DataType, context: Context): Write {
  const { zone } = context;
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
      return arrayWriter(valueWriter(type.elementType, context));
    case "map":
      return mapWriter(type.keyType, valueWriter(type.valueType, context));
    case "struct":
      return structWriter(type, context);
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
  const keyText = (key: Value): string => {
    if (keyType.kind === "double" || keyType.kind === "float") return doubleText(key as number);
    return String(key);
  };
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

function structWriter(type: StructType, context: Context): Write {
  const names = type.fields.map((f) => fieldName(f.name));
  const writes = type.fields.map((f) => valueWriter(f.type, context));
  return (v, out) => {
    const start = out.length;
    (v as Value[]).forEach((value, k) => {
      if (value === null && !context.keepNulls) return;
      out.raw(names[k] as Uint8Array);
      if (value === null) out.raw(NULL_TEXT);
      else (writes[k] as Write)(value, out);
    });
    closeObject(out, start);
  };
}
