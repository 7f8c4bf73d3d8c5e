/** Lengths of time as text: window sizes and watermark delays. */
import { SluiceError } from "../errors/error.ts";

const UNITS_US: Readonly<Record<string, number>> = {
  microsecond: 1,
  millisecond: 1e3,
  second: 1e6,
  minute: 60e6,
  hour: 3600e6,
  day: 86400e6,
  week: 7 * 86400e6,
};
/** Spark counts a month of a watermark's delay as 31 days. */
const MONTH_US = 31 * 86400e6;

/**
 * Microseconds of `10 seconds`, `1 hour 30 minutes`, `INTERVAL 5 MINUTES`, `-1 day`. Throws CANNOT_PARSE_INTERVAL.
 * Months and years are refused unless `months` is true, as their length isn't fixed.
 */
export function parseDelayUs(text: string, months = false): number {
  const body = text
    .trim()
    .toLowerCase()
    .replace(/^interval\s+/, "")
    .replace(/'/g, " ")
    .trim();
  const part = /([+-]?\s*\d+(?:\.\d+)?)\s*([a-z]+)\s*/y;
  let total = 0;
  let position = 0;
  const fail = (): never => {
    throw new SluiceError("CANNOT_PARSE_INTERVAL", { intervalString: `'${text}'` });
  };
  if (body.length === 0) fail();
  while (position < body.length) {
    part.lastIndex = position;
    const match = part.exec(body);
    if (match === null) return fail();
    const count = Number(match[1].replace(/\s+/g, ""));
    const unit = match[2].length > 1 ? match[2].replace(/s$/, "") : match[2];
    if (unit === "month" || unit === "year") {
      if (!months) throw new SluiceError("INTERVAL_WITH_MONTHS", { intervalString: `'${text}'` });
      total += count * MONTH_US * (unit === "year" ? 12 : 1);
    } else {
      const size = UNITS_US[unit];
      if (size === undefined || (!Number.isInteger(count) && unit !== "second")) return fail();
      total += Math.round(count * size);
    }
    position = part.lastIndex;
  }
  return total;
}
