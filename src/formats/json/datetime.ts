/** Dates and timestamps in their usual forms, straight from bytes. Other forms are left to `types/datetime.ts`. */
import { checkedDays } from "../../types/datetime.ts";

const DAY_US = 86_400_000_000;

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

let lastStart = -1;
let lastDays = 0;
const lastDate = new Uint8Array(10);

/** `isoDays`, quick when the date is the one of the call before. */
function cachedDays(b: Uint8Array, start: number, end: number): number {
  if (lastStart >= 0 && end - start >= 10) {
    let i = 9;
    while (i >= 0 && lastDate[i] === b[start + i]) i--;
    if (i < 0) return lastDays;
  }
  const days = isoDays(b, start, end);
  if (!Number.isNaN(days)) {
    lastStart = start;
    lastDays = days;
    for (let i = 0; i < 10; i++) lastDate[i] = b[start + i];
  }
  return days;
}

/**
 * Microseconds of `yyyy-MM-dd[T ]HH:mm:ss[.f…]` with nothing, `Z` or `±HH:mm` behind it; NaN for any other form.
 *
 * @param offsetUs what to subtract when no zone follows; NaN when that isn't one number (the form is then not taken)
 */
export function isoTimestamp(b: Uint8Array, start: number, end: number, offsetUs: number): number {
  if (end - start < 19) return Number.NaN;
  const days = cachedDays(b, start, end);
  const between = b[start + 10];
  if ((between !== 84 && between !== 32) || b[start + 13] !== 58 || b[start + 16] !== 58) return Number.NaN;
  const hour = two(b, start + 11);
  const minute = two(b, start + 14);
  const second = two(b, start + 17);
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  let us = ((hour * 60 + minute) * 60 + second) * 1_000_000;
  let p = start + 19;
  if (p < end && b[p] === 46) {
    let scale = 100_000;
    for (p++; p < end; p++) {
      const digit = b[p] - 48;
      if (digit >>> 0 > 9) break;
      us += digit * scale;
      scale = Math.floor(scale / 10);
    }
  }
  if (p === end) return days * DAY_US + us - offsetUs;
  if (b[p] === 90 && p + 1 === end) return days * DAY_US + us;
  const sign = b[p];
  if ((sign === 43 || sign === 45) && p + 6 === end && b[p + 3] === 58) {
    const offset = (two(b, p + 1) * 60 + two(b, p + 4)) * 60_000_000;
    if (offset > 18 * 3_600_000_000 || two(b, p + 4) > 59) return Number.NaN;
    return days * DAY_US + us + (sign === 45 ? offset : -offset);
  }
  return Number.NaN;
}
