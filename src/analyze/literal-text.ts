/** Constants of date, time, interval and decimal types as SQL text. */

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** `2026-01-31`. */
export function dateText(days: number): string {
  const date = new Date(days * 86_400_000);
  return `${String(date.getUTCFullYear()).padStart(4, "0")}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** `2026-01-31 12:00:00.5` in the zone; the fraction only when there is one. */
export function timestampText(micros: number | bigint, timeZone: string): string {
  const us = BigInt(micros);
  const fraction = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const ms = Number((us - fraction) / 1000n);
  const parts = new Map(
    new Intl.DateTimeFormat("en-CA-u-ca-iso8601", {
      timeZone: /^[+-]\d{1,2}:\d{2}$/.test(timeZone) ? timeZone : timeZone === "Z" ? "UTC" : timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    })
      .formatToParts(new Date(ms))
      .map((p) => [p.type, p.value]),
  );
  const get = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "00";
  const digits = fraction === 0n ? "" : `.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
  return `${get("year").padStart(4, "0")}-${get("month")}-${get("day")} ${get("hour")}:${get("minute")}:${get("second")}${digits}`;
}

/** The unscaled number with its point put back. */
export function decimalText(unscaled: number | bigint, scale: number): string {
  const negative = unscaled < 0;
  const digits = String(negative ? -BigInt(unscaled) : BigInt(unscaled)).padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return negative ? `-${text}` : text;
}

const DAY_TIME_FIELDS = ["DAY", "HOUR", "MINUTE", "SECOND"] as const;
const DAY_TIME_UNITS = [86_400_000_000n, 3_600_000_000n, 60_000_000n, 1_000_000n] as const;

/** `INTERVAL '1 02:03:04' DAY TO SECOND`. */
export function dayTimeText(micros: number | bigint, start: number, end: number): string {
  let rest = BigInt(micros);
  const sign = rest < 0n ? "-" : "";
  if (rest < 0n) rest = -rest;
  let text = "";
  for (let i = start; i <= end; i++) {
    const count = rest / DAY_TIME_UNITS[i];
    rest -= count * DAY_TIME_UNITS[i];
    const separator = i === start ? "" : i === 1 ? " " : ":";
    text += separator + (i === 0 || i === start ? (i === 0 ? String(count) : two(Number(count))) : two(Number(count)));
  }
  if (end === 3 && rest > 0n) text += `.${String(rest).padStart(6, "0").replace(/0+$/, "")}`;
  const unit = start === end ? DAY_TIME_FIELDS[start] : `${DAY_TIME_FIELDS[start]} TO ${DAY_TIME_FIELDS[end]}`;
  return `INTERVAL '${sign}${text}' ${unit}`;
}

/** `INTERVAL '1-2' YEAR TO MONTH`. */
export function yearMonthText(months: number, start: number, end: number): string {
  const sign = months < 0 ? "-" : "";
  const size = Math.abs(months);
  if (start === 1) return `INTERVAL '${sign}${size}' MONTH`;
  if (end === 0) return `INTERVAL '${sign}${Math.floor(size / 12)}' YEAR`;
  return `INTERVAL '${sign}${Math.floor(size / 12)}-${size % 12}' YEAR TO MONTH`;
}
