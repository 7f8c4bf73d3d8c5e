/** Decimal numbers to and from text as Java reads and writes them. */

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
