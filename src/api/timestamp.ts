/**
 * A TIMESTAMP or TIMESTAMP_NTZ value: a `Date` that keeps its microseconds. For TIMESTAMP_NTZ the UTC fields
 * (`getUTCHours`, …) are the wall clock's.
 *
 * @example
 * const t = Timestamp.from("2026-01-31T10:15:00.123456Z");
 * t.getTime();    // 1769854500123: milliseconds, as for every Date
 * t.epochMicros;  // 1769854500123456n
 */
import { SluiceError } from "../errors/error.ts";

export class Timestamp extends Date {
  /** Microseconds since 1970-01-01T00:00:00Z. */
  readonly epochMicros: bigint;

  constructor(epochMicros: bigint | number) {
    const micros = BigInt(epochMicros);
    super(Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n));
    this.epochMicros = micros;
  }

  /** From a Date (its milliseconds), or ISO text with up to six digits of a second; text without a zone is UTC. */
  static from(value: Date | string): Timestamp {
    if (value instanceof Timestamp) return value;
    if (value instanceof Date) return new Timestamp(BigInt(value.getTime()) * 1000n);
    const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/.exec(
      value.trim(),
    );
    const ms = match
      ? Date.parse(`${match[1]}T${match[2] ?? "00:00"}:${match[3] ?? "00"}${match[5] ?? "Z"}`)
      : Number.NaN;
    if (!match || Number.isNaN(ms)) {
      throw new SluiceError("CAST_INVALID_INPUT", {
        expression: `'${value}'`,
        sourceType: '"STRING"',
        targetType: '"TIMESTAMP"',
      });
    }
    return new Timestamp(BigInt(ms) * 1000n + BigInt((match[4] ?? "").padEnd(6, "0").slice(0, 6)));
  }

  /** ISO text in UTC; with six digits of a second when there are microseconds. */
  override toISOString(): string {
    const text = super.toISOString();
    const micros = Number(((this.epochMicros % 1000n) + 1000n) % 1000n);
    return micros === 0 ? text : text.replace(/Z$/, `${String(micros).padStart(3, "0")}Z`);
  }

  override toJSON(): string {
    return this.toISOString();
  }
}
