/** Lines of CSV to columns. A record is a line; quoted fields don't run over its end. */
import { type Batch, vectorFrom } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { parseDate, parseTimestamp, parseTimestampNtz, type Zone, zoneOf } from "../../types/datetime.ts";
import {
  BOOLEAN,
  DATE,
  type DataType,
  DOUBLE,
  field,
  INT,
  LONG,
  STRING,
  type StructType,
  struct,
  TIMESTAMP,
} from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import type { Lines } from "../text/lines.ts";
import { splitLine } from "./fields.ts";
import type { CsvOptions } from "./options.ts";

const decoder = new TextDecoder();
/** A field that isn't of its column's type. */
const BAD: unique symbol = Symbol("bad");

type ReadField = (text: string) => Exclude<Value, null> | typeof BAD;

/** Texts of the records among these lines: without blank lines and comments. */
export function recordsIn(lines: Lines, options: CsvOptions): string[] {
  const records: string[] = [];
  for (let i = 0; i < lines.count; i++) {
    const text = decoder.decode(lines.bytes.subarray(lines.starts[i], lines.ends[i]));
    if (text.trim() === "" || (options.comment !== "" && text.startsWith(options.comment))) continue;
    records.push(text);
  }
  return records;
}

/** Turns records into columns. */
export class CsvReader {
  private readonly options: CsvOptions;
  private readonly schema: StructType;
  private readonly columns: readonly number[];
  private readonly wide: boolean;
  private readonly readers: readonly ReadField[];
  /** Ordinals in the schema of the fields of a line. */
  private readonly dataColumns: readonly number[];
  private readonly corruptColumn: number;

  constructor(schema: StructType, columns: readonly number[], options: CsvOptions, wide: boolean) {
    this.schema = schema;
    this.columns = columns;
    this.options = options;
    this.wide = wide;
    const zone = zoneOf(options.timeZone);
    this.readers = schema.fields.map((f) => fieldReader(f.name, f.type, zone, wide));
    this.corruptColumn = schema.fields.findIndex((f) => f.name === options.columnNameOfCorruptRecord);
    this.dataColumns = schema.fields.map((_, i) => i).filter((i) => i !== this.corruptColumn);
  }

  /** @throws WideRequired in the narrow form; MALFORMED_RECORD_IN_PARSING in the mode FAILFAST */
  read(records: readonly string[]): Batch {
    const values: Value[][] = this.columns.map(() => []);
    let rows = 0;
    for (const record of records) {
      const row = this.readRecord(record);
      if (row === undefined) continue;
      this.columns.forEach((c, i) => {
        values[i].push(row[c]);
      });
      rows++;
    }
    const columns = this.columns.map((c, i) => vectorFrom(this.schema.fields[c].type, values[i], this.wide));
    return { rows, columns };
  }

  /** Undefined when the record is dropped. */
  private readRecord(record: string): Value[] | undefined {
    const { nullValue, emptyValue, mode } = this.options;
    const fields = splitLine(record, this.options);
    const row: Value[] = new Array(this.schema.fields.length).fill(null);
    let bad = fields.length !== this.dataColumns.length;
    this.dataColumns.forEach((c, i) => {
      const text = fields[i] ?? null;
      if (text === null || text === nullValue) return;
      const value = this.readers[c](text === "" ? emptyValue : text);
      if (value === BAD) bad = true;
      else row[c] = value;
    });
    if (!bad) return row;
    if (mode === "DROPMALFORMED") return undefined;
    if (mode === "FAILFAST") {
      throw new SluiceError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", {
        badRecord: record,
        failFastMode: "FAILFAST",
      });
    }
    if (this.corruptColumn >= 0) row[this.corruptColumn] = record;
    return row;
  }
}

const DATE_ONLY = /^[+-]?\d{4,7}-\d{1,2}-\d{1,2}$/;
const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)[dDfF]?$/;
const RANGES = { byte: 128n, short: 32768n, integer: 2147483648n, long: 9223372036854775808n } as const;

function fieldReader(name: string, type: DataType, zone: Zone, wide: boolean): ReadField {
  const orBad = <T>(value: T | undefined): T | typeof BAD => (value === undefined ? BAD : value);
  switch (type.kind) {
    case "string":
      return (text) => text;
    case "boolean":
      return (text) => (/^true$/i.test(text) ? true : /^false$/i.test(text) ? false : BAD);
    case "byte":
    case "short":
    case "integer":
    case "long": {
      const limit = RANGES[type.kind];
      const isLong = type.kind === "long";
      return (text) => {
        if (!INTEGER.test(text)) return BAD;
        const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
        if (value < -limit || value >= limit) return BAD;
        return isLong ? longValue(value, wide) : Number(value);
      };
    }
    case "float":
    case "double": {
      const round = type.kind === "float" ? Math.fround : (x: number) => x;
      return (text) => {
        if (NUMBER.test(text)) return round(Number(text.replace(/[dDfF]$/, "")));
        return { NaN: Number.NaN, Inf: Infinity, "-Inf": -Infinity, Infinity, "-Infinity": -Infinity }[text] ?? BAD;
      };
    }
    case "decimal":
      return (text) => {
        const unscaled = unscaledDecimal(text, type.precision, type.scale);
        return unscaled === undefined ? BAD : longValue(unscaled, wide);
      };
    case "date":
      return (text) => orBad(parseDate(text));
    case "timestamp":
      return (text) => orBad(parseTimestamp(text, zone, wide));
    case "timestamp_ntz":
      return (text) => orBad(parseTimestampNtz(text, wide));
    case "binary":
      return (text) => new TextEncoder().encode(text);
    default:
      throw new SluiceError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", {
        format: "CSV",
        columnName: name,
        columnType: type.kind.toUpperCase(),
      });
  }
}

/** The unscaled whole number, rounded half up; undefined when the text is no number of so many digits. */
function unscaledDecimal(text: string, precision: number, scale: number): bigint | undefined {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (!match || (match[2] === "" && match[3] === "")) return undefined;
  const [, sign, whole, fraction, exponent] = match;
  const shift = scale - fraction.length + Number(exponent ?? 0);
  if (shift > 80) return undefined;
  let digits = BigInt(whole + fraction || "0");
  if (shift >= 0) digits *= 10n ** BigInt(shift);
  else {
    const divisor = 10n ** BigInt(-shift);
    digits = (digits * 2n + divisor) / (divisor * 2n);
  }
  if (digits >= 10n ** BigInt(precision)) return undefined;
  return sign === "-" ? -digits : digits;
}

/** Names and types of the columns: texts, or with `infer` the narrowest type that all records fit. */
export function inferCsvSchema(records: readonly string[], options: CsvOptions, infer: boolean): StructType {
  const rows = records.map((record) => splitLine(record, options));
  const width = rows[0]?.length ?? 0;
  const names = Array.from({ length: width }, (_, i) => (options.header ? (rows[0][i] ?? `_c${i}`) : `_c${i}`));
  const data = options.header ? rows.slice(1) : rows;
  const zone = zoneOf(options.timeZone);
  return struct(...names.map((name, i) => field(name, infer ? inferColumn(data, i, options, zone) : STRING)));
}

function inferColumn(rows: readonly (string | null)[][], column: number, options: CsvOptions, zone: Zone): DataType {
  const texts = rows.map((r) => r[column] ?? null).filter((t): t is string => t !== null && t !== options.nullValue);
  if (texts.length === 0) return STRING;
  const fits = (type: DataType) => {
    // A date's text may go on with a time that is not looked at; such a column is of timestamps.
    if (type.kind === "date" && !texts.every((text) => DATE_ONLY.test(text))) return false;
    const read = fieldReader("", type, zone, true);
    return texts.every((text) => read(text) !== BAD);
  };
  return [INT, LONG, DOUBLE, DATE, TIMESTAMP, BOOLEAN].find(fits) ?? STRING;
}
