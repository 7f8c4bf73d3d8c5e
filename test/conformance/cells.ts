/** Values as text that loses nothing: NaN, −0, 64-bit numbers, microseconds, decimals' scales. */
import { Decimal, Row, Timestamp } from "../../src/index.ts";

/** JSON values only; which type a text stands for is known from the column's type. */
export function cellText(value: unknown): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Timestamp) return `${value.epochMicros}us`;
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return value.map(cellText);
  if (value instanceof Map) return { map: [...value].map(([k, v]) => [cellText(k), cellText(v)]) };
  if (value instanceof Row) return { struct: value.values().map(cellText) };
  throw new Error(`no text for ${String(value)}`);
}
