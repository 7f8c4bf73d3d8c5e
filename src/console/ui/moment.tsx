import { time, utc } from "./format.ts";

/** A time of day in the reader's time zone, with the exact time in UTC as its title. */
export function Moment({ ms }: { readonly ms: number }) {
  return (
    <time dateTime={new Date(ms).toISOString()} title={utc(ms)}>
      {time(ms)}
    </time>
  );
}
