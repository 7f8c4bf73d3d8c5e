import { type Arrays, newArrays } from "../../columns/arrays.ts";
import type { BoolVector, Nulls, Utf8Vector, Vector } from "../../columns/vector.ts";
import { reprOf } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { BOOLEAN, type DataType, STRING, type StructField, type StructType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { type FieldCode, scannerSource } from "./codegen.ts";
import { isoDays, isoTimestamp } from "./datetime.ts";
import { afterFault, keepsFault, MALFORMED } from "./fault.ts";
import { plainText, STRING_STOPS } from "./lexer.ts";
import type { JsonOptions } from "./options.ts";
import { type Shape, shapeOf } from "./shape.ts";
import { TextTail } from "./text-tail.ts";
import { BAD, Cursor, type Read, readerContext, readerOf } from "./values.ts";

export interface JsonScannerOptions {
  readonly json: JsonOptions;
  /** 64-bit values as bigint. */
  readonly wide: boolean;
  /** The time, for texts that have no date. */
  readonly nowMs?: () => number;
  /** Looks at every field of the schema for values that aren't of their type, not only at the wanted ones. */
  readonly checksAll?: boolean;
  /** Where results are put. Default: new arrays. */
  readonly arrays?: Arrays;
}

export interface ScanResult {
  readonly rows: number;
  /** One for each field wanted. */
  readonly columns: Vector[];
  /** 1 where from_json gives NULL: the input was null, empty or blank. `null` when there is none. */
  readonly recordNull: Nulls;
  /** 1 where a value wasn't of its type, or the record was malformed. `null` when there is none. */
  readonly corrupt: Nulls;
  readonly corruptCount: number;
}

/** Turns JSON records into columns. Not reentrant: one scan at a time. */
export interface JsonScanner {
  /**
   * Reads the records `[starts[i], ends[i])` of `bytes` for i in [from, to). The columns may be views on `bytes`.
   *
   * @throws WideRequired in the narrow form, at a 64-bit value that a number can't hold
   * @throws MalformedRecord in the mode FAILFAST
   */
  scan(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, nulls: Nulls, from: number, to: number): ScanResult;
  /** The same for the first `rows` values of a string or binary column. */
  scanVector(column: Vector, rows: number): ScanResult;
  /** The code in use, for explain("codegen"). */
  readonly source: string;
}

/** FAILFAST met a record that isn't what the schema says. `row` counts from the start of the scan. */
export class MalformedRecord extends SluiceError {
  readonly row: number;
  constructor(row: number, text: string) {
    super("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", { badRecord: text, failFastMode: "FAILFAST" });
    this.row = row;
  }
}

/** `scanVector`; where FAILFAST meets a record, the error says by `origin` which one it was. */
export function scanNaming(
  scanner: JsonScanner,
  column: Vector,
  rows: number,
  origin: ((row: number) => string) | undefined,
): ScanResult {
  try {
    return scanner.scanVector(column, rows);
  } catch (error) {
    if (!(error instanceof MalformedRecord) || origin === undefined) throw error;
    const badRecord = `${error.messageParameters["badRecord"]} (${origin(error.row)})`;
    throw new SluiceError(error.condition, { ...error.messageParameters, badRecord }, { cause: error });
  }
}

/** The record was null or blank; its text was malformed; a value wasn't of its type. */
const RECORD_NULL = 4;
const CORRUPT = 1;

const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);
const LEARN_ATTEMPTS_MAX = 8;
const SAMPLES_MAX = 16;

type ScanFunction = (
  b: Uint8Array,
  view: DataView,
  starts: Int32Array,
  ends: Int32Array,
  nulls: Nulls,
  from: number,
  to: number,
  out: Output,
) => number;

/** The arrays that one scan fills. */
interface Output {
  readonly flags: Uint8Array;
  readonly nulls: Uint8Array[];
  readonly values: (Uint8Array | Int32Array | Float64Array | BigInt64Array | Value[] | undefined)[];
  readonly starts: (Int32Array | undefined)[];
  readonly ends: (Int32Array | undefined)[];
}

/**
 * Makes a scanner for some fields of a schema. It writes JavaScript for them, and again once it has seen how the
 * records are laid out.
 *
 * @param fields ordinals in `schema`; -1 is "the record was null or blank", as BOOLEAN
 * @example
 * const scanner = createJsonScanner(schema, [0, 2], { json: jsonOptions(new Map(), "UTC"), wide: false });
 * const { columns } = scanner.scan(bytes, starts, ends, null, 0, starts.length);
 */
export function createJsonScanner(
  schema: StructType,
  fields: readonly number[],
  options: JsonScannerOptions,
): JsonScanner {
  return new GeneratedScanner(schema, fields, options);
}

class GeneratedScanner implements JsonScanner {
  source = "";
  private readonly wanted: readonly number[];
  private readonly options: JsonScannerOptions;
  private readonly schema: StructType;
  /** Fields that are read: the wanted ones, or all where a type error anywhere matters. */
  private readonly read: readonly StructField[];
  private readonly codes: FieldCode[];
  private readonly readers: Read[];
  private readonly context;
  private readonly environment: object;
  private readonly cursor = new Cursor();
  private readonly tail = new TextTail();
  private output: Output | undefined;
  private run: ScanFunction;
  private attempts = 0;
  private rowsSeen = 0;
  private strayed = 0;

  constructor(schema: StructType, wanted: readonly number[], options: JsonScannerOptions) {
    this.schema = schema;
    this.wanted = wanted;
    this.options = options;
    const corruptName = options.json.columnNameOfCorruptRecord;
    const checksAll =
      options.checksAll === true ||
      options.json.mode !== "PERMISSIVE" ||
      wanted.some((w) => schema.fields[w]?.name === corruptName);
    const isRead = (f: StructField, ordinal: number): boolean =>
      f.name !== corruptName && (checksAll || wanted.includes(ordinal));
    this.read = schema.fields.filter(isRead);
    this.context = readerContext(options.json, options.wide, options.nowMs ?? Date.now);
    this.codes = this.read.map((f) => ({ name: f.name, type: this.emittedType(f.type), wide: options.wide }));
    this.readers = this.read.map((f) => readerOf(f.type, this.context));
    const byName = new Map(this.read.map((f, k) => [f.name, k]));
    this.environment = {
      T: STRING_STOPS,
      P10: POWERS_OF_TEN,
      lexer: this.context.lexer,
      slow: this.read.map((f, k) => this.slowReader(f.type, k)),
      iso: isoTimestamp,
      isoDays,
      offsetUs: (this.context.zone.fixedOffset ?? Number.NaN) * 1_000_000,
      findText: (text: string) => byName.get(text) ?? -1,
    };
    this.run = this.compile(undefined);
  }

  /** Types whose texts follow the user's own pattern always take the slow reader. */
  private emittedType(type: DataType): DataType {
    const { dateFormat, timestampFormat } = this.options.json;
    const own = (type.kind === "date" && dateFormat) || (type.kind === "timestamp" && timestampFormat);
    return own ? { kind: "null" } : type;
  }

  private compile(shape: Shape | undefined): ScanFunction {
    this.source = scannerSource(this.codes, shape);
    return new Function("env", this.source)(this.environment) as ScanFunction;
  }

  scanVector(column: Vector, rows: number): ScanResult {
    if (column.repr === "utf8") return this.scan(column.bytes, column.starts, column.ends, column.nulls, 0, rows);
    if (column.repr !== "obj") throw new Error(`JSON can't be read from a column stored as ${column.repr}`);
    const starts = new Int32Array(rows);
    const ends = new Int32Array(rows);
    const tail = new TextTail();
    for (let i = 0; i < rows; i++) {
      const value = column.values[i];
      starts[i] = tail.length;
      if (typeof value === "string") tail.append(value);
      else if (value instanceof Uint8Array) tail.appendBytes(value);
      ends[i] = tail.length;
    }
    return this.scan(tail.bytes(), starts, ends, column.nulls, 0, rows);
  }

  scan(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, nulls: Nulls, from: number, to: number): ScanResult {
    // A Buffer has another hidden class; one class keeps the generated code fast.
    const b =
      Object.getPrototypeOf(bytes) === Uint8Array.prototype
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const rows = to - from;
    if (this.attempts === 0 && rows > 0) this.learn(b, starts, ends, nulls, from, to);
    const out = this.allocate(rows);
    this.output = out;
    this.tail.reset();
    const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
    const strayed = this.run(b, view, starts, ends, nulls, from, to, out);
    this.relearn(b, starts, ends, nulls, from, to, strayed);
    this.output = undefined;
    return this.result(b, starts, ends, from, rows, out);
  }

  private allocate(rows: number): Output {
    const { wide, arrays = newArrays } = this.options;
    const views = this.read.map((f) => f.type.kind === "string");
    return {
      flags: arrays.flags(rows),
      nulls: this.read.map(() => arrays.flags(rows)),
      values: this.read.map((f, k) => (views[k] ? undefined : arrayFor(reprOf(f.type, wide), rows, arrays))),
      starts: views.map((v) => (v ? arrays.i32(rows) : undefined)),
      ends: views.map((v) => (v ? arrays.i32(rows) : undefined)),
    };
  }

  /** Writes code for the shape of the first record that has one. */
  private learn(b: Uint8Array, starts: Int32Array, ends: Int32Array, nulls: Nulls, from: number, to: number): void {
    this.attempts++;
    for (let i = from; i < to && i < from + SAMPLES_MAX; i++) {
      if (nulls !== null && nulls[i] === 1) continue;
      const shape = shapeOf(this.context.lexer, b, starts[i], ends[i]);
      if (shape === undefined) continue;
      this.run = this.compile(shape);
      return;
    }
  }

  /** Learns anew when most records no longer have the shape; gives up after some attempts. */
  private relearn(
    b: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    nulls: Nulls,
    from: number,
    to: number,
    strayed: number,
  ): void {
    this.rowsSeen += to - from;
    this.strayed += strayed;
    if (this.rowsSeen < 1024) return;
    if (this.strayed * 2 > this.rowsSeen) {
      if (this.attempts < LEARN_ATTEMPTS_MAX) this.learn(b, starts, ends, nulls, Math.max(from, to - SAMPLES_MAX), to);
      else if (this.attempts === LEARN_ATTEMPTS_MAX) {
        this.attempts++;
        this.run = this.compile(undefined);
      }
    }
    this.rowsSeen = 0;
    this.strayed = 0;
  }

  /** Reads any value of field k, in any form, into the current output. */
  private slowReader(type: DataType, k: number): (b: Uint8Array, p: number, end: number, o: number) => number {
    const cursor = this.cursor;
    const { lexer } = this.context;
    const read = this.readers[k] as Read;
    return (b, p, end, o) => {
      const out = this.output as Output;
      const nulls = out.nulls[k] as Uint8Array;
      if (type.kind === "string" && p < end && (b[p] === 34 || b[p] === 39) && lexer.token(b, p, end) === "string") {
        const after = lexer.string(b, p, end);
        if (after < 0) return -1;
        this.storeText(out, k, o, b, p + 1, after - 1);
        nulls[o] = 0;
        return after;
      }
      cursor.b = b;
      cursor.p = p;
      cursor.end = end;
      cursor.depth = 1;
      cursor.partial = false;
      const value = read(cursor);
      if (cursor.p < 0) return this.afterFault(type, b, p, end, o);
      if (value === BAD || cursor.partial) (out.flags as Uint8Array)[o] |= CORRUPT;
      if (value === BAD) return cursor.p;
      nulls[o] = value === null ? 1 : 0;
      if (value !== null) this.store(out, k, o, value);
      return cursor.p;
    };
  }

  /** A nested value that isn't JSON costs the record only what Spark's parser loses with it. */
  private afterFault(type: DataType, b: Uint8Array, p: number, end: number, o: number): number {
    if (p >= end || !keepsFault(type, b[p])) return MALFORMED;
    const after = afterFault(this.context.lexer, b, p, end);
    if (after >= 0) ((this.output as Output).flags as Uint8Array)[o] |= CORRUPT;
    return after;
  }

  private storeText(out: Output, k: number, o: number, b: Uint8Array, start: number, end: number): void {
    const { lexer } = this.context;
    const { escaped } = lexer;
    if (!escaped && (!lexer.beyondAscii || isWellFormedUtf8(b, start, end))) {
      (out.starts[k] as Int32Array)[o] = start;
      (out.ends[k] as Int32Array)[o] = end;
      return;
    }
    this.store(out, k, o, lexer.text(b, start, end, escaped));
  }

  private store(out: Output, k: number, o: number, value: Exclude<Value, null>): void {
    const values = out.values[k];
    if (values === undefined) {
      // Positions in the tail are negative until `result` knows where the tail will stand.
      const at = this.tail.length;
      this.tail.append(value as string);
      (out.starts[k] as Int32Array)[o] = ~at;
      (out.ends[k] as Int32Array)[o] = ~this.tail.length;
    } else {
      (values as Value[])[o] = typeof value === "boolean" && values instanceof Uint8Array ? Number(value) : value;
    }
  }

  private result(
    b: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    from: number,
    rows: number,
    out: Output,
  ): ScanResult {
    const { flags } = out;
    let corruptCount = 0;
    let recordNull: Uint8Array | null = null;
    let corrupt: Uint8Array | null = null;
    for (let o = 0; o < rows; o++) {
      const flag = flags[o];
      if (flag === 0) continue;
      if (flag === RECORD_NULL) {
        recordNull ??= new Uint8Array(rows);
        recordNull[o] = 1;
      } else {
        if (this.options.json.mode === "FAILFAST") {
          throw new MalformedRecord(o, plainText(b, starts[from + o], ends[from + o]));
        }
        corrupt ??= new Uint8Array(rows);
        corrupt[o] = 1;
        corruptCount++;
      }
    }
    const texts = this.tail.join(b, out.starts, out.ends, out.nulls, rows);
    const columns = this.wanted.map((ordinal): Vector => {
      if (ordinal === -1) {
        const column: BoolVector = {
          repr: "bool",
          type: BOOLEAN,
          values: recordNull ?? new Uint8Array(rows),
          nulls: null,
        };
        return column;
      }
      const field = this.schema.fields[ordinal] as StructField;
      const k = this.read.indexOf(field);
      return k < 0 ? corruptColumn(b, starts, ends, from, rows, corrupt) : this.vector(field.type, k, out, texts);
    });
    return { rows, columns, recordNull, corrupt, corruptCount };
  }

  private vector(type: DataType, k: number, out: Output, texts: Uint8Array): Vector {
    const filled = out.nulls[k] as Uint8Array;
    const nulls = filled.indexOf(1) < 0 ? null : filled;
    const values = out.values[k];
    if (values === undefined) {
      const starts = out.starts[k] as Int32Array;
      const ends = out.ends[k] as Int32Array;
      return { repr: "utf8", type, bytes: texts, starts, ends, nulls };
    }
    return { repr: reprOf(type, this.options.wide), type, values, nulls } as Vector;
  }
}

/** The text of the records that weren't what the schema says, null for all others. */
function corruptColumn(
  bytes: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
  from: number,
  rows: number,
  corrupt: Uint8Array | null,
): Utf8Vector {
  const nulls = new Uint8Array(rows).fill(1);
  if (corrupt !== null) for (let o = 0; o < rows; o++) nulls[o] = 1 - (corrupt[o] as number);
  return {
    repr: "utf8",
    type: STRING,
    bytes,
    starts: starts.subarray(from, from + rows),
    ends: ends.subarray(from, from + rows),
    nulls,
  };
}

function arrayFor(repr: string, rows: number, arrays: Arrays): Output["values"][number] {
  switch (repr) {
    case "bool":
      return arrays.flags(rows);
    case "i32":
      return arrays.i32(rows);
    case "f64":
      return arrays.f64(rows);
    case "i64":
      return arrays.i64(rows);
    default:
      return new Array<Value>(rows).fill(null);
  }
}

/** Whether these bytes decode without replacement (no overlong forms, no surrogates, nothing cut off). */
function isWellFormedUtf8(b: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; ) {
    const c = b[p];
    if (c < 0x80) {
      p++;
      continue;
    }
    const size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || p + size > end) return false;
    const second = b[p + 1];
    const low = c === 0xe0 ? 0xa0 : c === 0xf0 ? 0x90 : 0x80;
    const high = c === 0xed ? 0x9f : c === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let i = 2; i < size; i++) if ((b[p + i] & 0xc0) !== 0x80) return false;
    p += size;
  }
  return true;
}
