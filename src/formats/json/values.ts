import { doubleText } from "../../columns/text.ts";
import { microsOf, parseDate, parseTimestamp, parseTimestampNtz, type Zone, zoneOf } from "../../types/datetime.ts";
import { datetimeFormat } from "../../types/datetime-pattern.ts";
import { parseDayTime, parseYearMonth } from "../../types/intervals.ts";
import type { ArrayType, DataType, DecimalType, MapType, StructType } from "../../types/types.ts";
import { longValue, MapValue, type Value } from "../../types/values.ts";
import { Lexer, plainText, type Token } from "./lexer.ts";
import { unscaled } from "./number-text.ts";
import type { JsonOptions } from "./options.ts";

/** What a reader gives when the value isn't of its type. */
export const BAD: unique symbol = Symbol("not of this type");

/** A place in one record. `p` is -1 once the text turned out to be malformed. */
export class Cursor {
  b: Uint8Array = new Uint8Array(0);
  p = 0;
  end = 0;
  depth = 1;
  /** Something inside wasn't of its type and became null, while the whole was kept. */
  partial = false;
}

export type Read = (c: Cursor) => Value | typeof BAD;

export interface ReaderContext {
  readonly lexer: Lexer;
  readonly options: JsonOptions;
  readonly zone: Zone;
  readonly wide: boolean;
  /** Days since 1970 in the zone: the date of a time without one. */
  readonly today: () => number;
}

export function readerContext(options: JsonOptions, wide: boolean, nowMs: () => number): ReaderContext {
  const zone = zoneOf(options.timeZone);
  const today = (): number => {
    const seconds = Math.floor(nowMs() / 1000);
    return Math.floor((seconds + zone.offsetAt(seconds)) / 86_400);
  };
  return { lexer: new Lexer(options), options, zone, wide, today };
}

type Scalar = (c: Cursor, token: Token, start: number, end: number) => Value | typeof BAD;

/** A reader for values of `type`, with Spark's conversions. JSON null gives null. */
export function readerOf(type: DataType, context: ReaderContext): Read {
  switch (type.kind) {
    case "struct":
      return structReader(type, context);
    case "array":
      return arrayReader(type, context);
    case "map":
      return mapReader(type, context);
    default:
      return scalarReader(scalarOf(type, context), context);
  }
}

function scalarReader(convert: Scalar, { lexer }: ReaderContext): Read {
  return (c) => {
    const start = c.p;
    const token = lexer.token(c.b, start, c.end);
    if (token === "bad") {
      c.p = -1;
      return BAD;
    }
    c.p = lexer.skip(c.b, start, c.end, c.depth);
    if (c.p < 0) return BAD;
    if (token === "null") return null;
    return convert(c, token, start, c.p);
  };
}

function scalarOf(type: DataType, context: ReaderContext): Scalar {
  const { lexer, wide } = context;
  const textOf = (c: Cursor, start: number, end: number): string => lexer.text(c.b, start + 1, end - 1, lexer.escaped);
  /** Converts the text of a string that isn't empty. */
  const fromText =
    (convert: (text: string) => Value | undefined): Scalar =>
    (c, token, start, end) =>
      token === "string" && end - start > 2 ? (convert(textOf(c, start, end)) ?? BAD) : BAD;
  const long = (x: number | bigint | undefined): Value | undefined =>
    x === undefined ? undefined : longValue(BigInt(x), wide);

  switch (type.kind) {
    case "boolean":
      return (_c, token) => (token === "true" ? true : token === "false" ? false : BAD);
    case "byte":
      // Jackson takes 128 to 255 for a byte's bits.
      return wholeNumber(-128, 255, (x) => (x << 24) >> 24);
    case "short":
      return wholeNumber(-32768, 32767, (x) => x);
    case "integer":
      return wholeNumber(-2147483648, 2147483647, (x) => x);
    case "long":
      return (c, token, start, end) => (token === "int" ? (longOf(c, start, end, 1n, wide) ?? BAD) : BAD);
    case "float":
      return floating(context, Math.fround);
    case "double":
      return floating(context, (x) => x);
    case "decimal":
      return decimalScalar(type, context, textOf);
    case "string":
      return (c, token, start, end) =>
        token === "string" ? textOf(c, start, end) : structureText(c, start, end, lexer);
    case "binary":
      return (c, token, start, end) => (token === "string" ? (base64(textOf(c, start, end)) ?? BAD) : BAD);
    case "date":
      return fromText(dateReader(context));
    case "timestamp": {
      const text = fromText(timestampReader(context));
      return (c, token, start, end) =>
        token === "int" ? (longOf(c, start, end, 1_000_000n, wide) ?? BAD) : text(c, token, start, end);
    }
    case "timestamp_ntz":
      return fromText(wallClockReader(context));
    case "null":
      return () => null;
    case "daytime_interval":
      return fromText((value) => long(parseDayTime(value, type.start, type.end)));
    case "yearmonth_interval":
      return fromText((value) => parseYearMonth(value, type.start, type.end));
    default:
      return () => BAD;
  }
}

/** Without a pattern also the number of days, which Spark 1.5 wrote. */
function dateReader({ options }: ReaderContext): (text: string) => number | undefined {
  if (options.dateFormat === undefined) {
    return (text) => parseDate(text) ?? (/^[+-]?\d{1,3}$/.test(text) ? Number(text) : undefined);
  }
  const format = datetimeFormat(options.dateFormat);
  const utc = zoneOf("UTC");
  return (text) => {
    const found = format.parse(text, utc);
    return found && Math.floor(found.seconds / 86_400);
  };
}

/** Without a pattern also with `GMT` before an offset, which Spark 1.x wrote. */
function timestampReader({ options, zone, wide, today }: ReaderContext): (text: string) => number | bigint | undefined {
  if (options.timestampFormat === undefined) {
    return (text) =>
      parseTimestamp(text, zone, wide, today()) ?? parseTimestamp(text.replace("GMT", ""), zone, wide, today());
  }
  const format = datetimeFormat(options.timestampFormat);
  return (text) => {
    const found = format.parse(text, zone);
    return found && microsOf(found, wide);
  };
}

/** Without a pattern: a text with a zone is no TIMESTAMP_NTZ in JSON. */
function wallClockReader({ options, wide }: ReaderContext): (text: string) => number | bigint | undefined {
  if (options.timestampNTZFormat === undefined) {
    return (text) => (/:\d{1,2}(?:\.\d*)?[^\d.:]*[^\s\d.:]/.test(text) ? undefined : parseTimestampNtz(text, wide));
  }
  const format = datetimeFormat(options.timestampNTZFormat);
  const utc = zoneOf("UTC");
  return (text) => {
    const found = format.parse(text, utc);
    return found && microsOf(found, wide);
  };
}

function wholeNumber(min: number, max: number, convert: (x: number) => number): Scalar {
  return (c, token, start, end) => {
    if (token !== "int") return BAD;
    const x = Number(plainText(c.b, start, end));
    return x >= min && x <= max ? convert(x) + 0 : BAD;
  };
}

/** A 64-bit whole number times `unit`; the product wraps as Java's does. */
function longOf(c: Cursor, start: number, end: number, unit: bigint, wide: boolean): Value | undefined {
  const x = BigInt(plainText(c.b, start, end));
  if (BigInt.asIntN(64, x) !== x) return undefined;
  return longValue(BigInt.asIntN(64, x * unit), wide);
}

function floating({ lexer, options }: ReaderContext, convert: (x: number) => number): Scalar {
  return (c, token, start, end) => {
    switch (token) {
      case "int":
        // A whole number has no negative zero.
        return convert(Number(plainText(c.b, start, end)) + 0);
      case "float":
        return convert(Number(plainText(c.b, start, end)));
      case "nan":
        return lexer.special;
      case "string": {
        const special = SPECIAL[plainText(c.b, start + 1, end - 1)];
        return special !== undefined && options.allowNonNumericNumbers ? special : BAD;
      }
      default:
        return BAD;
    }
  };
}

const SPECIAL: Record<string, number> = Object.assign(Object.create(null), {
  NaN: Number.NaN,
  "+INF": Number.POSITIVE_INFINITY,
  "+Infinity": Number.POSITIVE_INFINITY,
  Infinity: Number.POSITIVE_INFINITY,
  "-INF": Number.NEGATIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
});

function decimalScalar(
  type: DecimalType,
  { wide }: ReaderContext,
  textOf: (c: Cursor, start: number, end: number) => string,
): Scalar {
  return (c, token, start, end) => {
    let text: string;
    if (token === "int" || token === "float") text = plainText(c.b, start, end);
    else if (token === "string" && end - start > 2) text = textOf(c, start, end);
    else return BAD;
    const value = unscaled(text, type.precision, type.scale);
    return value === undefined ? BAD : longValue(value, wide);
  };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function base64(text: string): Uint8Array | undefined {
  return BASE64.test(text) ? new Uint8Array(Buffer.from(text, "base64")) : undefined;
}

/** Any value that isn't a string, written again as compact JSON: what Spark puts into a string column. */
function structureText(c: Cursor, start: number, end: number, lexer: Lexer): string {
  let out = "";
  for (let p = start; p < end; ) {
    const byte = c.b[p];
    if (byte === 34 || byte === 39) {
      const q = lexer.string(c.b, p, end);
      out += JSON.stringify(lexer.text(c.b, p + 1, q - 1, lexer.escaped));
      p = q;
    } else if (byte === 45 || byte === 43 || (byte >= 48 && byte <= 57) || byte === 73 || byte === 78) {
      const q = lexer.number(c.b, p, end);
      const text = plainText(c.b, p, q);
      if (lexer.whole) out += text === "-0" ? "0" : text;
      else if (/[IN]/.test(text)) out += `"${doubleText(lexer.special)}"`;
      else out += doubleText(Number(text));
      p = q;
    } else if (byte <= 32 || (byte === 47 && lexer.options.allowComments)) {
      const q = lexer.space(c.b, p, end);
      p = q === p ? p + 1 : q;
    } else {
      out += String.fromCharCode(byte);
      p++;
    }
  }
  return out;
}

/** Opens a container: true when it has content. Malformed or of another kind: false, with `p` passed over the value. */
function openContainer(c: Cursor, lexer: Lexer, open: number): boolean {
  c.depth++;
  if (c.depth > lexer.options.maxNestingDepth) {
    c.p = -1;
    return false;
  }
  c.p = lexer.space(c.b, c.p + 1, c.end);
  if (c.p < c.end && c.b[c.p] === open + 2) {
    c.p++;
    c.depth--;
    return false;
  }
  return true;
}

/** After an element: true when another one follows. `p` is behind the comma, or behind the close, or -1. */
function another(c: Cursor, lexer: Lexer, close: number): boolean {
  if (c.p < 0) return false;
  c.p = lexer.space(c.b, c.p, c.end);
  const byte = c.p < c.end ? c.b[c.p] : 0;
  if (byte === 44) {
    c.p = lexer.space(c.b, c.p + 1, c.end);
    return true;
  }
  c.p = byte === close ? c.p + 1 : -1;
  c.depth--;
  return false;
}

/** A value that isn't the container wanted: null stays null, anything else is passed over. */
function notContainer(c: Cursor, lexer: Lexer): Value | typeof BAD {
  const isNull = lexer.token(c.b, c.p, c.end) === "null";
  c.p = lexer.skip(c.b, c.p, c.end, c.depth);
  return isNull && c.p >= 0 ? null : BAD;
}

function structReader(type: StructType, context: ReaderContext): Read {
  const { lexer } = context;
  const names = new FieldNames(type, lexer);
  const reads = type.fields.map((f) => readerOf(f.type, context));
  return (c) => {
    if (c.b[c.p] !== 123) return notContainer(c, lexer);
    const row: Value[] = new Array(reads.length).fill(null);
    if (!openContainer(c, lexer, 123)) return c.p < 0 ? BAD : row;
    let expected = 0;
    do {
      c.p = lexer.key(c.b, c.p, c.end);
      if (c.p < 0) return BAD;
      const field = names.find(c.b, expected);
      if (field < 0) {
        c.p = lexer.skip(c.b, c.p, c.end, c.depth);
        continue;
      }
      expected = field + 1;
      const value = (reads[field] as Read)(c);
      if (value === BAD) c.partial = true;
      else row[field] = value;
    } while (another(c, lexer, 125));
    return c.p < 0 ? BAD : row;
  };
}

/** Finds fields by the bytes of the key that the lexer read last. */
class FieldNames {
  private readonly lexer: Lexer;
  private readonly bytes: Buffer[];
  private readonly byName: ReadonlyMap<string, number>;

  constructor(type: StructType, lexer: Lexer) {
    this.lexer = lexer;
    this.bytes = type.fields.map((f) => Buffer.from(f.name));
    this.byName = new Map(type.fields.map((f, i) => [f.name, i]));
  }

  /** Ordinal of the field, or -1. `expected` is tried first: keys mostly come in the schema's order. */
  find(b: Uint8Array, expected: number): number {
    const { keyStart, keyEnd, escaped } = this.lexer;
    if (!escaped && expected < this.bytes.length) {
      const name = this.bytes[expected] as Buffer;
      if (name.length === keyEnd - keyStart) {
        let i = 0;
        while (i < name.length && name[i] === b[keyStart + i]) i++;
        if (i === name.length) return expected;
      }
    }
    return this.byName.get(this.lexer.text(b, keyStart, keyEnd, escaped)) ?? -1;
  }
}

function arrayReader(type: ArrayType, context: ReaderContext): Read {
  const { lexer } = context;
  const read = readerOf(type.elementType, context);
  return (c) => {
    if (c.b[c.p] !== 91) return notContainer(c, lexer);
    const values: Value[] = [];
    if (!openContainer(c, lexer, 91)) return c.p < 0 ? BAD : values;
    let bad = false;
    do {
      const value = read(c);
      // One element of another type spoils the array; one that is only partly right stays.
      if (value === BAD) bad = true;
      else values.push(value);
    } while (another(c, lexer, 93));
    return bad || c.p < 0 ? BAD : values;
  };
}

function mapReader(type: MapType, context: ReaderContext): Read {
  const { lexer } = context;
  const read = readerOf(type.valueType, context);
  return (c) => {
    if (c.b[c.p] !== 123) return notContainer(c, lexer);
    const keys: Value[] = [];
    const values: Value[] = [];
    if (!openContainer(c, lexer, 123)) return c.p < 0 ? BAD : new MapValue(keys, values);
    let bad = false;
    do {
      c.p = lexer.key(c.b, c.p, c.end);
      if (c.p < 0) return BAD;
      keys.push(lexer.text(c.b, lexer.keyStart, lexer.keyEnd, lexer.escaped));
      const value = read(c);
      if (value === BAD) bad = true;
      else values.push(value);
    } while (another(c, lexer, 125));
    return bad || c.p < 0 ? BAD : new MapValue(keys, values);
  };
}
