import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addMonths,
  civilFromDays,
  dayOfYear,
  daysFromCivil,
  formatDate,
  formatTimestamp,
  fromLocalTime,
  isoWeek,
  isoWeekday,
  lastDayOfMonth,
  localTime,
  parseDate,
  parseTimestamp,
  zoneOf,
} from "../../src/types/datetime.ts";
import { WideRequired } from "../../src/types/values.ts";

const DAY_MS = 86_400_000;
/** Days whose whole year a JS Date holds. */
const days = fc.integer({ min: -99_000_000, max: 99_000_000 });

test("the calendar agrees with the platform's", () => {
  fc.assert(
    fc.property(days, (day) => {
      const date = new Date(day * DAY_MS);
      const civil = civilFromDays(day);
      assert.deepEqual(civil, { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
      assert.equal(daysFromCivil(civil.year, civil.month, civil.day), day);
      assert.equal(isoWeekday(day), date.getUTCDay() || 7);
      const newYear = new Date(date);
      newYear.setUTCMonth(0, 1);
      assert.equal(dayOfYear(day), (date.getTime() - newYear.getTime()) / DAY_MS + 1);
      assert.equal(civilFromDays(lastDayOfMonth(day) + 1).day, 1);
    }),
  );
});

test("ISO weeks at the ends of years", () => {
  const cases: [string, number, number][] = [
    ["2020-12-31", 2020, 53],
    ["2021-01-03", 2020, 53],
    ["2021-01-04", 2021, 1],
    ["2024-12-30", 2025, 1],
    ["2016-01-01", 2015, 53],
  ];
  for (const [text, year, week] of cases) assert.deepEqual(isoWeek(parseDate(text) as number), { year, week }, text);
});

test("months are added to the last day where there is no such day", () => {
  const cases: [string, number, string][] = [
    ["2024-01-31", 1, "2024-02-29"],
    ["2023-01-31", 1, "2023-02-28"],
    ["2024-02-29", 12, "2025-02-28"],
    ["2024-01-15", -13, "2022-12-15"],
    ["0000-01-01", -1, "-0001-12-01"],
  ];
  for (const [from, months, to] of cases) assert.equal(formatDate(addMonths(parseDate(from) as number, months)), to);
});

test("a timestamp's text reads back to the same timestamp, in any zone", () => {
  const zones = fc.constantFrom("UTC", "+05:30", "-18:00", "Europe/Athens", "America/New_York", "Australia/Lord_Howe");
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 61n), max: 2n ** 61n }), zones, (us, id) => {
      const zone = zoneOf(id);
      const local = localTime(us, zone);
      // The later reading of an hour that comes twice is read as the earlier one.
      const first = fromLocalTime(local, zone, true) as bigint;
      assert.equal(parseTimestamp(formatTimestamp(us, zone), zone, true), first);
      assert.ok(first === us || (first < us && us - first <= 3_600_000_000n * 24n), `${us} ${first}`);
    }),
    { numRuns: 300 },
  );
});

test("offsets of zones agree with the platform's", () => {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: "America/New_York",
    dateStyle: "short",
    timeStyle: "medium",
  });
  const zone = zoneOf("America/New_York");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      assert.equal(formatTimestamp(seconds * 1e6, zone), format.format(seconds * 1000));
    }),
    { numRuns: 300 },
  );
});

test("local times that never are, or are twice", () => {
  const utc = (text: string, zone: string) =>
    formatTimestamp(parseTimestamp(text, zoneOf(zone), false) as number, zoneOf("UTC"));
  assert.equal(utc("2024-03-31 03:30:00", "Europe/Athens"), "2024-03-31 01:30:00");
  assert.equal(utc("2024-10-27 03:30:00", "Europe/Athens"), "2024-10-27 00:30:00");
  assert.equal(utc("2024-03-10 02:30:00", "America/New_York"), "2024-03-10 07:30:00");
  assert.equal(utc("2024-11-03 01:30:00", "America/New_York"), "2024-11-03 05:30:00");
  assert.equal(utc("2011-12-30 12:00:00", "Pacific/Apia"), "2011-12-30 22:00:00");
});

test("zones by offset", () => {
  const cases: [string, number][] = [
    ["Z", 0],
    ["+2", 7200],
    ["+02:30", 9000],
    ["-0330", -12600],
    ["UTC+3", 10800],
    ["GMT-08:00", -28800],
    ["+01:02:03", 3723],
    ["EST", -18000],
  ];
  for (const [id, offset] of cases) assert.equal(zoneOf(id).fixedOffset, offset, id);
  for (const id of ["", "+", "+19:00", "Foo/Bar", "europe/athens", "+1:60", "__proto__"]) {
    assert.throws(() => zoneOf(id), { condition: "INVALID_TIMEZONE" }, id);
  }
});

test("a timestamp that isn't exact as a number asks for the wide form", () => {
  const utc = zoneOf("UTC");
  assert.equal(parseTimestamp("2200-01-01", utc, false), 7258118400000000);
  assert.throws(() => parseTimestamp("3000-01-01", utc, false), WideRequired);
  assert.equal(parseTimestamp("3000-01-01", utc, true), 32503680000000000n);
});

test("a time alone is of the day that is given", () => {
  assert.equal(parseTimestamp("12:30", zoneOf("UTC"), false), undefined);
  assert.equal(parseTimestamp("T12:30:15.5", zoneOf("UTC"), false, 1), 131415500000);
});
