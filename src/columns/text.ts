/** Values as Spark shows them: the text of `show()`, of the console sink and of CSV files. */
import { formatDate, formatTimestamp, formatTimestampNtz, zoneOf } from "../types/datetime.ts";
import { formatDayTime, formatYearMonth } from "../types/intervals.ts";
import type { DataType } from "../types/types.ts";
import type { MapValue, Value } from "../types/values.ts";

export interface TextForm {
  /** Zone in which timestamps are shown. */
  readonly timeZone: string;
  /** What stands for null, also inside arrays and structs. */
  readonly nullText: string;
}

/** A function from internal values of `type` to text. */
export function textOf(type: DataType, form: TextForm): (value: Value) => string {
  const format = nonNull(type, form);
  return (value) => (value === null ? form.nullText : format(value));
}

/** A key of a map as the name of a JSON field: Spark writes times as it keeps them, in days or microseconds. */
export function mapKeyText(type: DataType): (key: Value) => string {
  switch (type.kind) {
    case "date":
    case "timestamp":
    case "timestamp_ntz":
    case "daytime_interval":
    case "yearmonth_interval":
      return String;
    default:
      return textOf(type, { timeZone: "UTC", nullText: "null" });
  }
}

function nonNull(type: DataType, form: TextForm): (value: Exclude<Value, null>) => string {
  switch (type.kind) {
    case "float":
      return (v) => floatText(v as number);
    case "double":
      return (v) => doubleText(v as number);
    case "decimal":
      return (v) => decimalText(v as number | bigint, type.scale);
    case "date":
      return (v) => formatDate(v as number);
    case "timestamp": {
      const zone = zoneOf(form.timeZone);
      return (v) => formatTimestamp(v as number | bigint, zone);
    }
    case "timestamp_ntz":
      return (v) => formatTimestampNtz(v as number | bigint);
    case "daytime_interval":
      return (v) => formatDayTime(v as number | bigint, type.start, type.end);
    case "yearmonth_interval":
      return (v) => formatYearMonth(v as number, type.start, type.end);
    case "binary":
      return (v) => `[${Array.from(v as Uint8Array, (b) => b.toString(16).padStart(2, "0").toUpperCase()).join(" ")}]`;
    case "array": {
      const element = textOf(type.elementType, form);
      return (v) => `[${(v as Value[]).map(element).join(", ")}]`;
    }
    case "map": {
      const key = textOf(type.keyType, form);
      const item = textOf(type.valueType, form);
      return (v) => {
        const { keys, values } = v as MapValue;
        return `{${keys.map((k, i) => `${key(k)} -> ${item(values[i])}`).join(", ")}}`;
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => textOf(f.type, form));
      return (v) => `{${fields.map((f, i) => f((v as Value[])[i])).join(", ")}}`;
    }
    default:
      return (v) => String(v);
  }
}

/** Java's Double.toString: `1.0`, `1.0E10`, `NaN`, `-Infinity`. */
export function doubleText(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (x === Number.POSITIVE_INFINITY) return "Infinity";
  if (x === Number.NEGATIVE_INFINITY) return "-Infinity";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const size = x < 0 ? -x : x;
  if (size >= 1e-3 && size < 1e7) {
    const text = String(x);
    return text.includes(".") ? text : `${text}.0`;
  }
  return scientific(twoDigits(x.toExponential(), x, (s) => s === x));
}

/** Where one digit would do, Java gives the two that are nearest: 4.9E-324, 1.4E-45. */
function twoDigits(text: string, x: number, same: (candidate: number) => boolean): string {
  if (text.includes(".")) return text;
  const longer = x.toExponential(1);
  return same(Number(longer)) ? longer : text;
}

/** Java's Float.toString: the fewest digits that tell the float from its neighbours. */
export function floatText(x: number): string {
  if (!Number.isFinite(x) || x === 0) return doubleText(x);
  let short = x;
  for (let p = 1; p <= 9; p++) {
    const candidate = Number(x.toPrecision(p));
    if (Math.fround(candidate) === x) {
      short = candidate;
      break;
    }
  }
  const size = x < 0 ? -x : x;
  if (size >= 1e-3 && size < 1e7) return doubleText(short);
  return scientific(twoDigits(short.toExponential(), x, (s) => Math.fround(s) === x));
}

function scientific(text: string): string {
  const e = text.indexOf("e");
  const mantissa = text.slice(0, e);
  const exponent = text.slice(e + 1).replace("+", "");
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${exponent}`;
}

/** An unscaled whole number with the point `scale` digits from the right; never in exponent form. */
export function decimalText(unscaled: number | bigint, scale: number): string {
  const negative = unscaled < 0;
  const digits = String(negative ? -BigInt(unscaled) : BigInt(unscaled)).padStart(scale + 1, "0");
  const cut = digits.length - scale;
  return `${negative ? "-" : ""}${digits.slice(0, cut)}${scale > 0 ? `.${digits.slice(cut)}` : ""}`;
}
