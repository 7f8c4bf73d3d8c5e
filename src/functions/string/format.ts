/** Java's Formatter for format_string, and the number pattern of format_number. */
import { SluiceError } from "../../errors/error.ts";
import type { DataType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { divideHalfUp, power10 } from "../math/decimals.ts";

const specifier = /%(?:(\d+)\$)?([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;

/** `pattern` with its specifiers filled in. `texts` write the arguments as CAST AS STRING does. */
export function formatText(
  pattern: string,
  args: readonly Value[],
  types: readonly DataType[],
  texts: readonly ((value: Value) => string)[],
): string {
  let next = 0;
  return pattern.replace(specifier, (whole, position, flags: string, width, precision, conversion: string) => {
    if (conversion === "n") return "\n";
    if (conversion === "%") return padded("%", flags, width);
    const index = position === undefined ? next++ : Number(position) - 1;
    if (index >= args.length) throw badFormat(`Format specifier '${whole}'`);
    const text = converted(args[index], types[index], texts[index], conversion, flags, precision, whole);
    const shown = /[A-Z]/.test(conversion) ? text.toUpperCase() : text;
    return padded(shown, flags, width);
  });
}

function badFormat(what: string): SluiceError {
  return new SluiceError("INVALID_PARAMETER_VALUE.FORMAT_STRING", { what });
}

function padded(text: string, flags: string, width: string | undefined): string {
  if (width === undefined) return text;
  const size = Number(width);
  if (flags.includes("-")) return text.padEnd(size);
  if (flags.includes("0")) {
    const sign = /^[-+ ]/.exec(text)?.[0] ?? "";
    return sign + text.slice(sign.length).padStart(size - sign.length, "0");
  }
  return text.padStart(size);
}

function converted(
  value: Value,
  type: DataType,
  text: (value: Value) => string,
  conversion: string,
  flags: string,
  precision: string | undefined,
  whole: string,
): string {
  const kind = conversion.toLowerCase();
  if (kind === "s") {
    const s = value === null ? "null" : text(value);
    return precision === undefined ? s : s.slice(0, Number(precision));
  }
  if (kind === "b") return value === null ? "false" : typeof value === "boolean" ? String(value) : "true";
  if (value === null) return "null";
  switch (kind) {
    case "c":
      return typeof value === "number" ? String.fromCodePoint(value) : String(value);
    case "d":
      if (!["byte", "short", "integer", "long"].includes(type.kind)) throw badFormat(`d != ${type.kind} in '${whole}'`);
      return signed(BigInt(value as number | bigint), flags, (v) => grouped(String(v), flags));
    case "x":
    case "o": {
      const bits = type.kind === "long" ? 64 : type.kind === "short" ? 16 : type.kind === "byte" ? 8 : 32;
      const digits = BigInt.asUintN(bits, BigInt(value as number | bigint)).toString(kind === "x" ? 16 : 8);
      return flags.includes("#") ? (kind === "x" ? "0x" : "0") + digits : digits;
    }
    case "f":
    case "e":
    case "g":
      return fraction(value, type, kind, flags, precision === undefined ? 6 : Number(precision), whole);
    default:
      throw badFormat(`Unknown conversion in '${whole}'`);
  }
}

function signed(v: bigint, flags: string, digits: (size: bigint) => string): string {
  if (v < 0n) return flags.includes("(") ? `(${digits(-v)})` : `-${digits(-v)}`;
  return (flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") + digits(v);
}

function grouped(digits: string, flags: string): string {
  return flags.includes(",") ? groupThousands(digits) : digits;
}

export function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function fraction(value: Value, type: DataType, kind: string, flags: string, precision: number, whole: string): string {
  if (type.kind !== "double" && type.kind !== "float" && type.kind !== "decimal") {
    throw badFormat(`${kind} != ${type.kind} in '${whole}'`);
  }
  if (typeof value === "number" && type.kind !== "decimal" && !Number.isFinite(value)) {
    return Number.isNaN(value) ? "NaN" : value > 0 ? (flags.includes("+") ? "+Infinity" : "Infinity") : "-Infinity";
  }
  const x = type.kind === "decimal" ? Number(value) / 10 ** type.scale : (value as number);
  const negative = x < 0 || Object.is(x, -0);
  let digits: string;
  if (kind === "e" || (kind === "g" && x !== 0 && (Math.abs(x) < 1e-4 || Math.abs(x) >= 10 ** precision))) {
    digits = Math.abs(x)
      .toExponential(kind === "g" ? Math.max(0, precision - 1) : precision)
      .replace(/e([+-])(\d)$/, "e$10$2");
  } else {
    const places = kind === "g" ? Math.max(0, precision - Math.ceil(Math.log10(Math.abs(x) || 1) + 1e-12)) : precision;
    const fixed =
      type.kind === "decimal" ? fixedDecimal(value as number | bigint, type.scale, places) : fixedHalfUp(x, places);
    const [i, f] = fixed.replace("-", "").split(".");
    digits = grouped(i, flags) + (f === undefined ? "" : `.${f}`);
  }
  if (negative) return flags.includes("(") ? `(${digits})` : `-${digits}`;
  return (flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") + digits;
}

function fixedDecimal(unscaled: number | bigint, scale: number, places: number): string {
  const v = BigInt(unscaled);
  const scaled = places >= scale ? v * power10(places - scale) : divideHalfUp(v, power10(scale - places));
  const text = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, "0");
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
}

/** The shortest decimal text of a double, rounded half up, as Java's formatter does. */
function fixedHalfUp(x: number, places: number): string {
  const [mantissa, exponent] = Math.abs(x).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const scale = digits.length - 1 - Number(exponent);
  return scale >= 0
    ? fixedDecimal(BigInt(digits), scale, places)
    : fixedDecimal(BigInt(digits) * 10n ** BigInt(-scale), 0, places);
}

/** format_number(x, d): thousands grouped and `d` digits after the point, halves to even as Java's DecimalFormat. */
export function formatNumber(unscaled: bigint, scale: number, places: number): string {
  const negative = unscaled < 0n;
  const size = negative ? -unscaled : unscaled;
  let scaled: bigint;
  if (places >= scale) scaled = size * 10n ** BigInt(places - scale);
  else {
    const unit = 10n ** BigInt(scale - places);
    scaled = size / unit;
    const twice = (size % unit) * 2n;
    if (twice > unit || (twice === unit && scaled % 2n === 1n)) scaled += 1n;
  }
  const text = String(scaled).padStart(places + 1, "0");
  const cut = text.length - places;
  const body = groupThousands(text.slice(0, cut)) + (places === 0 ? "" : `.${text.slice(cut)}`);
  return negative ? `-${body}` : body;
}

/** The exact value of a double as unscaled digits and scale. */
export function exactDigits(x: number): { unscaled: bigint; scale: number } {
  let scale = 0;
  let v = x;
  while (!Number.isInteger(v)) {
    v *= 2;
    scale++;
  }
  // v / 2^scale = v × 5^scale / 10^scale
  return { unscaled: BigInt(v) * 5n ** BigInt(scale), scale };
}
