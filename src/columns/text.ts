/** Values as Spark shows them: the text of `show()`, of the console sink and of CSV files. */
import type { DataType, DayTimeIntervalType } from "../types/types.ts";
import type { MapValue, Value } from "../types/values.ts";
import { zoneOffsetMs } from "./zone.ts";

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
      return (v) => dateText(v as number);
    case "timestamp":
      return (v) => timestampText(v as number | bigint, form.timeZone);
    case "timestamp_ntz":
      return (v) => timestampText(v as number | bigint, "UTC");
    case "daytime_interval":
      return (v) => dayTimeText(BigInt(v as number | bigint), type);
    case "yearmonth_interval":
      return (v) => yearMonthText(v as number, type.start, type.end);
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

/** Days since 1970 as `yyyy-MM-dd`. */
export function dateText(days: number): string {
  const date = new Date(days * 86_400_000);
  return `${yearText(date.getUTCFullYear())}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** Microseconds since 1970 as `yyyy-MM-dd HH:mm:ss[.ffffff]`, without zeros at the end of the fraction. */
export function timestampText(us: number | bigint, zone: string): string {
  const value = BigInt(us);
  let ms = Number(value / 1000n);
  let micros = Number(value % 1000n);
  if (micros < 0) {
    micros += 1000;
    ms -= 1;
  }
  const wall = new Date(ms + zoneOffsetMs(zone, ms));
  const fraction = String(wall.getUTCMilliseconds() * 1000 + micros)
    .padStart(6, "0")
    .replace(/0+$/, "");
  const day = `${yearText(wall.getUTCFullYear())}-${two(wall.getUTCMonth() + 1)}-${two(wall.getUTCDate())}`;
  const time = `${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}:${two(wall.getUTCSeconds())}`;
  return `${day} ${time}${fraction === "" ? "" : `.${fraction}`}`;
}

function yearText(year: number): string {
  if (year > 9999) return `+${year}`;
  return year < 0 ? `-${String(-year).padStart(4, "0")}` : String(year).padStart(4, "0");
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

const DAY_TIME_FIELDS = ["DAY", "HOUR", "MINUTE", "SECOND"];

function dayTimeText(us: bigint, { start, end }: DayTimeIntervalType): string {
  const sign = us < 0n ? "-" : "";
  const rest = us < 0n ? -us : us;
  const seconds = rest / 1_000_000n;
  const fraction = String(rest % 1_000_000n)
    .padStart(6, "0")
    .replace(/0+$/, "");
  const sizes = [86_400n, 3_600n, 60n, 1n];
  const modulo = [0n, 24n, 60n, 60n];
  let text = "";
  for (let field = start; field <= end; field++) {
    const amount = field === start ? seconds / sizes[field] : (seconds / sizes[field]) % modulo[field];
    text += field === start ? amount : `${field === 1 ? " " : ":"}${String(amount).padStart(2, "0")}`;
  }
  if (start !== 0 && end >= start && text.length === 1) text = text.padStart(2, "0");
  if (end === 3 && fraction !== "") text += `.${fraction}`;
  const unit = start === end ? DAY_TIME_FIELDS[start] : `${DAY_TIME_FIELDS[start]} TO ${DAY_TIME_FIELDS[end]}`;
  return `INTERVAL '${sign}${text}' ${unit}`;
}

function yearMonthText(months: number, start: number, end: number): string {
  const sign = months < 0 ? "-" : "";
  const n = Math.abs(months);
  if (start === 0 && end === 0) return `INTERVAL '${sign}${Math.floor(n / 12)}' YEAR`;
  if (start === 1) return `INTERVAL '${sign}${n}' MONTH`;
  return `INTERVAL '${sign}${Math.floor(n / 12)}-${n % 12}' YEAR TO MONTH`;
}
