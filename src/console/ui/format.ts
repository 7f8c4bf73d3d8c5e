/** Numbers and times in the reader's own form. */
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percentForm = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const clockShort = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** What stands where there is no value yet. */
export const none = "–";

type Maybe = number | null | undefined;
const known = (n: Maybe): n is number => n !== null && n !== undefined && Number.isFinite(n);

export const count = (n: Maybe): string => (known(n) ? whole.format(n) : none);
/** A rate: whole numbers from 100, one decimal below. */
export const rate = (n: Maybe): string => {
  if (!known(n)) return none;
  return n === 0 || n >= 100 ? whole.format(n) : oneDigit.format(n);
};
export const decimal = (n: Maybe): string => (known(n) ? oneDigit.format(n) : none);
export const decimal2 = (n: Maybe): string => (known(n) ? twoDigits.format(n) : none);
export const celsius = (n: Maybe): string => (known(n) ? `${oneDigit.format(n)} °C` : none);
export const celsius2 = (n: Maybe): string => (known(n) ? `${twoDigits.format(n)} °C` : none);
/** A share of 1. */
export const share = (n: Maybe): string => (known(n) ? percentForm.format(n) : none);
/** A number that is in percent already. */
export const percent = (n: Maybe): string => (known(n) ? percentForm.format(n / 100) : none);

/** Number and unit apart, for figures that set the unit smaller. */
export function durationParts(ms: Maybe): readonly [number: string, unit: string] {
  if (!known(ms)) return [none, ""];
  if (Math.abs(ms) < 1000) return [whole.format(ms), "ms"];
  if (Math.abs(ms) < 100_000) return [oneDigit.format(ms / 1000), "s"];
  return [whole.format(ms / 60_000), "min"];
}
export const duration = (ms: Maybe): string => durationParts(ms).join(" ").trim();

export const time = (ms: number): string => clock.format(ms);
export const timeShort = (ms: number): string => clockShort.format(ms);
/** For a title: the exact time in UTC. */
export const utc = (ms: number): string => `${new Date(ms).toISOString().replace("T", " ").replace("Z", "")} UTC`;
export const isTime = (ms: Maybe): ms is number => known(ms) && ms > 0 && ms < 8.64e15;
