/** Dates and timestamps in their usual forms, straight from bytes. Other forms are left to `types/datetime.ts`. */
import { checkedDays } from "../../types/datetime.ts";

const DAY_US = 86_400_000_000;
const MINUTE_US = 60_000_000;

/** Two digits at `p`, or a number beyond 99. */
function two(b: Uint8Array, p: number): number {
  const tens = b[p] - 48;
  const ones = b[p + 1] - 48;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? 1000 : tens * 10 + ones;
}

/** Days of `yyyy-MM-dd` in bytes `[start, start + 10)`; NaN for any other form. */
export function isoDays(b: Uint8Array, start: number, end: number): number {
  if (end - start < 10 || b[start + 4] !== 45 || b[start + 7] !== 45) return Number.NaN;
  const century = two(b, start);
  const year = century * 100 + two(b, start + 2);
  const month = two(b, start + 5);
  const day = two(b, start + 8);
  if (year > 9999 || century > 99) return Number.NaN;
  return checkedDays(year, month, day) ?? Number.NaN;
}

/** The bytes of the last `yyyy-MM-ddTHH:mm` that was read, and its microseconds. Messages of one minute follow each other. */
const lastMinute = new Int32Array(4);
const lastMinuteUs = new Float64Array(1);
const MINUTE_BYTES = 16;

/** Microseconds of `yyyy-MM-dd[T ]HH:mm` in bytes `[start, start + 16)`; NaN for any other form. */
function minuteUs(b: Uint8Array, view: DataView, start: number): number {
  const days = isoDays(b, start, start + MINUTE_BYTES);
  const between = b[start + 10];
  if ((between !== 84 && between !== 32) || b[start + 13] !== 58) return Number.NaN;
  const hour = two(b, start + 11);
  const minute = two(b, start + 14);
  if (hour > 23 || minute > 59 || Number.isNaN(days)) return Number.NaN;
  for (let i = 0; i < 4; i++) lastMinute[i] = view.getInt32(start + i * 4, true);
  lastMinuteUs[0] = days * DAY_US + (hour * 60 + minute) * MINUTE_US;
  return lastMinuteUs[0];
}

/**
 * Microseconds of `yyyy-MM-dd[T ]HH:mm:ss[.f…]` with nothing, `Z` or `±HH:mm` behind it; NaN for any other form.
 *
 * @param view on the same bytes
 * @param offsetUs what to subtract when no zone follows; NaN when that isn't one number (the form is then not taken)
 */
export function isoTimestamp(b: Uint8Array, view: DataView, start: number, end: number, offsetUs: number): number {
  if (end - start < 19) return Number.NaN;
  const isLast =
    view.getInt32(start + 12, true) === lastMinute[3] &&
    view.getInt32(start + 8, true) === lastMinute[2] &&
    view.getInt32(start + 4, true) === lastMinute[1] &&
    view.getInt32(start, true) === lastMinute[0];
  let us = isLast ? lastMinuteUs[0] : minuteUs(b, view, start);
  const second = two(b, start + 17);
  if (b[start + 16] !== 58 || second > 59) return Number.NaN;
  us += second * 1_000_000;
  let p = start + 19;
  if (p < end && b[p] === 46) {
    let scale = 100_000;
    for (p++; p < end; p++) {
      const digit = b[p] - 48;
      if (digit >>> 0 > 9) break;
      us += digit * scale;
      scale = (scale / 10) | 0;
    }
  }
  if (p === end) return us - offsetUs;
  if (b[p] === 90 && p + 1 === end) return us;
  const sign = b[p];
  if ((sign === 43 || sign === 45) && p + 6 === end && b[p + 3] === 58) {
    const offset = (two(b, p + 1) * 60 + two(b, p + 4)) * 60_000_000;
    if (offset > 18 * 3_600_000_000 || two(b, p + 4) > 59) return Number.NaN;
    return us + (sign === 45 ? offset : -offset);
  }
  return Number.NaN;
}
