/**
 * A DECIMAL value: a whole number and the count of its digits that stand after the point. Exact, up to 38 digits.
 *
 * @example
 * const price = Decimal.from("19.90");
 * price.toString(); // "19.90"
 * price.toNumber(); // 19.9
 */
import { SluiceError } from "../errors/error.ts";

export class Decimal {
  /** The digits as a whole number: 1990n for 19.90. */
  readonly unscaled: bigint;
  /** Digits after the point: 2 for 19.90. */
  readonly scale: number;

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled;
    this.scale = scale;
  }

  /** Reads `-12.50`, `3`, `1e-3`. Throws CAST_INVALID_INPUT for other text. */
  static from(text: string | number | bigint): Decimal {
    const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(String(text).trim());
    const digits = match ? match[2] + (match[3] ?? "") : "";
    if (!match || digits === "") {
      throw new SluiceError("CAST_INVALID_INPUT", {
        expression: `'${text}'`,
        sourceType: '"STRING"',
        targetType: '"DECIMAL"',
      });
    }
    const scale = (match[3] ?? "").length - Number(match[4] ?? 0);
    const unscaled = BigInt(`${match[1] === "-" ? "-" : ""}${digits}`);
    return scale < 0 ? new Decimal(unscaled * 10n ** BigInt(-scale), 0) : new Decimal(unscaled, scale);
  }

  /** Count of digits, at least `scale`. */
  get precision(): number {
    const digits = this.unscaled.toString().replace("-", "").length;
    return Math.max(digits, this.scale);
  }

  /** The same value with `scale` digits after the point; half rounds away from zero, as in Spark. */
  toScale(scale: number): Decimal {
    if (scale >= this.scale) return new Decimal(this.unscaled * 10n ** BigInt(scale - this.scale), scale);
    const divisor = 10n ** BigInt(this.scale - scale);
    const half = divisor / 2n;
    const unscaled = this.unscaled < 0n ? (this.unscaled - half) / divisor : (this.unscaled + half) / divisor;
    return new Decimal(unscaled, scale);
  }

  /** True when both are the same number, whatever their scales. */
  equals(other: Decimal): boolean {
    const scale = Math.max(this.scale, other.scale);
    return this.toScale(scale).unscaled === other.toScale(scale).unscaled;
  }

  toNumber(): number {
    return Number(this.toString());
  }

  toString(): string {
    if (this.scale === 0) return this.unscaled.toString();
    const negative = this.unscaled < 0n;
    const digits = (negative ? -this.unscaled : this.unscaled).toString().padStart(this.scale + 1, "0");
    const point = digits.length - this.scale;
    return `${negative ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Decimal(${this})`;
  }
}
