import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatDayTime,
  formatYearMonth,
  intervalParts,
  parseDayTime,
  parseInterval,
  parseYearMonth,
} from "../../src/types/intervals.ts";

test("lengths of windows and delays", () => {
  const cases: [string, [number, number, bigint]][] = [
    ["10 seconds", [0, 0, 10_000_000n]],
    ["1 hour 30 minutes", [0, 0, 5_400_000_000n]],
    ["INTERVAL 2 Days", [0, 2, 0n]],
    ["interval '10' seconds", [0, 0, 10_000_000n]],
    ["1.5 seconds", [0, 0, 1_500_000n]],
    ["-5 milliseconds", [0, 0, -5000n]],
    ["1 year 2 months 1 week", [14, 7, 0n]],
    ["+3 hours -1 minute", [0, 0, 10_740_000_000n]],
  ];
  for (const [text, [months, days, micros]] of cases)
    assert.deepEqual(parseInterval(text), { months, days, micros }, text);
  for (const text of [
    "",
    "10",
    "seconds",
    "10 fortnights",
    "1.5 days",
    "10 seconds ago",
    "interval",
    "1 2 seconds",
    "99999999999 days",
  ]) {
    assert.throws(() => parseInterval(text), { condition: "CANNOT_PARSE_INTERVAL" }, text);
  }
  assert.deepEqual(intervalParts("1 day -2 hours"), [
    { count: "1", unit: "day" },
    { count: "-2", unit: "hour" },
  ]);
});

test("day-time intervals in each choice of fields", () => {
  const cases: [string, number, number, bigint, string][] = [
    ["1 02:03:04.5", 0, 3, 93_784_500_000n, "INTERVAL '1 02:03:04.5' DAY TO SECOND"],
    ["-1 02", 0, 1, -93_600_000_000n, "INTERVAL '-1 02' DAY TO HOUR"],
    ["100:59", 1, 2, 363_540_000_000n, "INTERVAL '100:59' HOUR TO MINUTE"],
    ["3", 0, 0, 259_200_000_000n, "INTERVAL '3' DAY"],
    ["0.000001", 3, 3, 1n, "INTERVAL '00.000001' SECOND"],
    ["INTERVAL -'1 02:03:04' DAY TO SECOND", 0, 3, -93_784_000_000n, "INTERVAL '-1 02:03:04' DAY TO SECOND"],
  ];
  for (const [text, start, end, micros, printed] of cases) {
    assert.equal(parseDayTime(text, start, end), micros, text);
    assert.equal(formatDayTime(micros, start, end), printed);
  }
  for (const text of ["1 25:00:00", "1 02:60:00", "1", "x", "1 02:03:04 ago", "INTERVAL '1' DAY"]) {
    assert.equal(parseDayTime(text, 0, 3), undefined, text);
  }
});

test("year-month intervals", () => {
  assert.equal(parseYearMonth("1-2", 0, 1), 14);
  assert.equal(parseYearMonth("-1-2", 0, 1), -14);
  assert.equal(parseYearMonth("5", 1, 1), 5);
  assert.equal(parseYearMonth("1-12", 0, 1), undefined);
  assert.equal(parseYearMonth("1", 0, 1), undefined);
  assert.equal(formatYearMonth(-14, 0, 1), "INTERVAL '-1-2' YEAR TO MONTH");
  assert.equal(formatYearMonth(25, 0, 0), "INTERVAL '2' YEAR");
});

test("what is printed reads back", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }),
      fc.integer({ min: 0, max: 3 }),
      (micros, start) => {
        assert.equal(parseDayTime(formatDayTime(micros, start, 3), start, 3), micros);
      },
    ),
  );
});
