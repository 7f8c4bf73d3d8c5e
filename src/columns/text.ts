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

/** As Java's Double.toString: `1.0`, `1.0E10`, `NaN`, `-Infinity`. */
export function doubleText(x: number): string {
  return Number.isFinite(x) ? javaNumber(x, Math.abs(x).toExponential()) : String(x);
}

/** As Java's Float.toString: the fewest digits that give the same 32-bit float. */
export function floatText(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  for (let digits = 0; digits < 9; digits++) {
    const text = size.toExponential(digits);
    if (Math.fround(Number(text)) === size) return javaNumber(x, text);
  }
  return javaNumber(x, size.toExponential());
}

/** `exponential` is the absolute value's, e.g. `1.25e+3`. */
function javaNumber(x: number, exponential: string): string {
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  if (x === 0) return `${sign}0.0`;
  const [mantissa, exponentText] = exponential.split("e");
  const exponent = Number(exponentText);
  const digits = mantissa.replace(".", "");
  if (exponent < -3 || exponent >= 7) return `${sign}${digits[0]}.${digits.slice(1) || "0"}E${exponent}`;
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** An unscaled whole number with the point `scale` digits from the right; never in exponent form. */
export function decimalText(unscaled: number | bigint, scale: number): string {
  const negative = unscaled < 0;
  const digits = String(negative ? -BigInt(unscaled) : BigInt(unscaled)).padStart(scale + 1, "0");
  const cut = digits.length - scale;
  return `${negative ? "-" : ""}${digits.slice(0, cut)}${scale > 0 ? `.${digits.slice(cut)}` : ""}`;
}
