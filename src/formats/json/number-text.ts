/** Numbers to and from text as Java writes and reads them. */

/** A double as Java's `Double.toString` writes it: `1.0`, `1.0E7`, `NaN`, `-Infinity`. */
export function doubleText(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "Infinity" : "-Infinity";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  return javaForm(x, String(x));
}

/** A float as Java's `Float.toString` writes it: the shortest digits that give the same float. */
export function floatText(x: number): string {
  if (!Number.isFinite(x) || x === 0) return doubleText(x);
  for (let digits = 1; digits < 9; digits++) {
    const text = x.toPrecision(digits);
    if (Math.fround(Number(text)) === x) return javaForm(x, String(Number(text)));
  }
  return javaForm(x, String(Number(x.toPrecision(9))));
}

function javaForm(x: number, text: string): string {
  const size = Math.abs(x);
  if (size >= 1e-3 && size < 1e7) return text.includes(".") ? text : `${text}.0`;
  const sign = text.startsWith("-") ? "-" : "";
  const [mantissa, exponentText] = (sign === "" ? text : text.slice(1)).split("e") as [string, string | undefined];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string | undefined];
  const all = whole + fraction;
  const leading = all.length - all.replace(/^0+/, "").length;
  const digits = all.slice(leading).replace(/0+$/, "");
  const exponent = Number(exponentText ?? 0) + whole.length - 1 - leading;
  return `${sign}${digits[0]}.${digits.slice(1) || "0"}E${exponent}`;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/;

/**
 * The unscaled value of a number's text at `scale`, rounded half up; undefined when it isn't a number or has more than
 * `precision` digits.
 *
 * @example unscaled("1.235", 5, 2) // 124n
 */
export function unscaled(text: string, precision: number, scale: number): bigint | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const whole = match[2] as string;
  const fraction = match[3] ?? "";
  if (whole.length + fraction.length === 0) return undefined;
  const digits = (whole + fraction).replace(/^0+/, "");
  // The point stands `shift` digits to the right of where the unscaled value wants it, or to the left when negative.
  const shift = scale - fraction.length + Number(match[4] ?? 0);
  if (digits === "") return 0n;
  if (digits.length + shift > precision) return undefined;
  let result: bigint;
  if (shift >= 0) {
    result = BigInt(digits + "0".repeat(shift));
  } else {
    const kept = digits.length + shift;
    if (kept < 0) return 0n;
    result = BigInt(digits.slice(0, kept) || "0");
    if (digits.charCodeAt(kept) >= 53) result += 1n;
    if (result.toString().length > precision) return undefined;
  }
  return match[1] === "-" ? -result : result;
}

/** An unscaled value as `BigDecimal.toString` writes it: plain, but with an exponent for numbers that begin far behind the point. */
export function bigDecimalText(value: number | bigint, scale: number): string {
  const negative = value < 0;
  const digits = String(negative ? -value : value);
  const exponent = digits.length - 1 - scale;
  let text: string;
  if (scale === 0) {
    text = digits;
  } else if (exponent >= -6) {
    const padded = digits.padStart(scale + 1, "0");
    text = `${padded.slice(0, padded.length - scale)}.${padded.slice(padded.length - scale)}`;
  } else {
    text = `${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ""}E${exponent}`;
  }
  return negative ? `-${text}` : text;
}
