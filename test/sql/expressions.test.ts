import assert from "node:assert/strict";
import { test } from "node:test";
import { toJson } from "@bufbuild/protobuf";
import { type Expression, ExpressionSchema } from "../../src/plan/messages.ts";
import { sqlText } from "../../src/plan/print.ts";
import { parseExpression, parseIdentifier, parseNamedExpressions } from "../../src/sql/index.ts";

/** The message as JSON, without places. */
function shape(expression: Expression): unknown {
  const text = JSON.stringify(toJson(ExpressionSchema, expression), (key, value) =>
    key === "common" ? undefined : value,
  );
  return JSON.parse(text);
}

function check(cases: readonly (readonly [string, string])[]): void {
  for (const [text, expected] of cases) assert.equal(sqlText(parseExpression(text)), expected, text);
}

test("operators bind as in Spark", () => {
  check([
    ["a + b * c - d", "((a + (b * c)) - d)"],
    ["a | b ^ c & d << e + f", "(a | (b ^ (c & (d << (e + f)))))"],
    ["a >> 1 >>> 2", "((a >> 1) >>> 2)"],
    ["not a = b and c or d", "(((NOT (a = b)) AND c) OR d)"],
    ["a = b is null", "((a = b) IS NULL)"],
    ["-a * b", "((- a) * b)"],
    ["- 2 * 3", "(-2 * 3)"],
    ["a - -1", "(a - -1)"],
    ["a || b || 'c'", "concat(concat(a, b), 'c')"],
    ["a between b + 1 and c and d", "(between(a, (b + 1), c) AND d)"],
  ]);
});

test("long chains of AND make a tree of little depth", () => {
  const text = Array.from({ length: 1500 }, (_, i) => `a = ${i}`).join(" and ");
  const depth = (e: Expression): number =>
    e.exprType.case === "unresolvedFunction" ? 1 + Math.max(0, ...e.exprType.value.arguments.map(depth)) : 0;
  assert.ok(depth(parseExpression(text)) < 16);
});

test("constants have the types that their text says", () => {
  const cases: [string, unknown][] = [
    ["1", { integer: 1 }],
    ["2147483648", { long: "2147483648" }],
    ["-9223372036854775808", { long: "-9223372036854775808" }],
    ["9223372036854775808", { decimal: { value: "9223372036854775808", precision: 19, scale: 0 } }],
    ["1Y", { byte: 1 }],
    ["1S", { short: 1 }],
    ["1L", { long: "1" }],
    ["0.05", { decimal: { value: "0.05", precision: 2, scale: 2 } }],
    ["1.", { decimal: { value: "1", precision: 1, scale: 0 } }],
    ["1e3BD", { decimal: { value: "1000", precision: 4, scale: 0 } }],
    ["-1.50", { decimal: { value: "-1.50", precision: 3, scale: 2 } }],
    ["1e3", { double: 1000 }],
    ["1.5D", { double: 1.5 }],
    ["1.5F", { float: 1.5 }],
    ["'it''s' ' fine'", { string: "it's fine" }],
    ["'tab\\t\\u0041\\101\\%'", { string: "tab\tAA\\%" }],
    ["r'a\\tb'", { string: "a\\tb" }],
    ["X'1f'", { binary: "Hw==" }],
    ["date '2024-2-29'", { date: 19782 }],
    ["timestamp '2024-01-01 00:00:00+02:00'", { timestamp: "1704060000000000" }],
    ["timestamp_ntz '2024-01-01 00:00:00'", { timestampNtz: "1704067200000000" }],
    [
      "interval '1 02' day to hour",
      { dayTimeInterval: "93600000000", dataType: { dayTimeInterval: { startField: 0, endField: 1 } } },
    ],
    [
      "interval 1 year 2 months",
      { yearMonthInterval: 14, dataType: { yearMonthInterval: { startField: 0, endField: 1 } } },
    ],
  ];
  for (const [text, literal] of cases) assert.deepEqual(shape(parseExpression(text)), { literal }, text);
});

test("a timestamp without a zone is read in the session's", () => {
  const parsed = parseExpression("timestamp '2024-07-01 00:00:00'", { timeZone: "Europe/Athens" });
  assert.deepEqual(shape(parsed), { literal: { timestamp: "1719781200000000" } });
  // Who parses without knowing the zone leaves the reading to who analyses.
  assert.equal(sqlText(parseExpression("timestamp '2024-07-01 00:00:00'")), "CAST('2024-07-01 00:00:00' AS TIMESTAMP)");
});

test("names, fields and subscripts", () => {
  const attribute = (unparsedIdentifier: string) => ({ unresolvedAttribute: { unparsedIdentifier } });
  assert.deepEqual(shape(parseExpression("a.`b c`.d")), attribute("a.`b c`.d"));
  assert.deepEqual(shape(parseExpression("window.end")), attribute("window.end"));
  assert.deepEqual(shape(parseExpression("end")), attribute("end"));
  assert.deepEqual(shape(parseExpression("f(a).b")), {
    unresolvedExtractValue: {
      child: { unresolvedFunction: { functionName: "f", arguments: [attribute("a")] } },
      extraction: { literal: { string: "b" } },
    },
  });
  assert.deepEqual(shape(parseExpression("t.*")), { unresolvedStar: { unparsedTarget: "t.*" } });
  assert.deepEqual(shape(parseExpression("*")), { unresolvedStar: {} });
  assert.deepEqual(parseIdentifier("a.`b``c`.D"), ["a", "b`c", "D"]);
});

test("a lambda's parameters are variables in its body, and other names are not", () => {
  const variable = (...nameParts: string[]) => ({ unresolvedNamedLambdaVariable: { nameParts } });
  assert.deepEqual(shape(parseExpression("filter(xs, x -> X.a > y)")), {
    unresolvedFunction: {
      functionName: "filter",
      arguments: [
        { unresolvedAttribute: { unparsedIdentifier: "xs" } },
        {
          lambdaFunction: {
            function: {
              unresolvedFunction: {
                functionName: ">",
                arguments: [variable("X", "a"), { unresolvedAttribute: { unparsedIdentifier: "y" } }],
              },
            },
            arguments: [{ nameParts: ["x"] }],
          },
        },
      ],
    },
  });
});

test("calls carry DISTINCT, FILTER, OVER and named arguments", () => {
  check([
    ["count(distinct a, b)", "count(DISTINCT a, b)"],
    ["count(*)", "count(1)"],
    ["sum(a) filter (where b > 1)", "sum(a) FILTER (WHERE (b > 1))"],
    ["max(a) over (partition by b order by c desc)", "max(a) OVER (PARTITION BY b ORDER BY c DESC NULLS LAST)"],
    [
      "max(a) over (order by c rows between 2 preceding and 1 following)",
      "max(a) OVER (ORDER BY c ASC NULLS FIRST ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
    ],
    ["f(a => 1)", "f(a => 1)"],
    ["last(a) ignore nulls", "last(a, true)"],
    ["distinct(a)", "distinct(a)"],
    ["all", "all"],
  ]);
  assert.deepEqual(shape(parseExpression("sum(a) filter (where b)")), {
    unresolvedFunction: {
      functionName: "aggregate_filter",
      isInternal: true,
      arguments: [
        {
          unresolvedFunction: {
            functionName: "sum",
            arguments: [{ unresolvedAttribute: { unparsedIdentifier: "a" } }],
          },
        },
        { unresolvedAttribute: { unparsedIdentifier: "b" } },
      ],
    },
  });
});

test("calls with a grammar of their own", () => {
  check([
    ["cast(a as map<string, array<int>>)", "CAST(a AS MAP<STRING, ARRAY<INT>>)"],
    ["try_cast(a as int)", "TRY_CAST(a AS INT)"],
    ["-1::string", "CAST(-1 AS STRING)"],
    ["extract(hour from ts)", "extract('hour', ts)"],
    ["substring(a from 2 for 3)", "substring(a, 2, 3)"],
    ["substr(a, 2)", "substr(a, 2)"],
    ["position('b' in a)", "locate('b', a, 1)"],
    ["trim(leading 'x' from a)", "TRIM(LEADING 'x' FROM a)"],
    ["overlay(a placing 'x' from 2)", "overlay(a, 'x', 2, -1)"],
    ["case when a then 1 when b then 2 else 3 end", "CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END"],
    ["case a when 1 then 2 end", "CASE WHEN (a = 1) THEN 2 END"],
    ["struct(a, b as c)", "struct(a, b AS c)"],
    ["(t.a, 1, b as c)", "named_struct('a', t.a, 'col2', 1, 'c', b)"],
    ["current_timestamp", "current_timestamp()"],
    ["window(ts, '10 seconds')", "window(ts, '10 seconds')"],
    ["left(a, 1)", "left(a, 1)"],
    ["if(a, b, c)", "if(a, b, c)"],
    ["date_add(a, 1)", "date_add(a, 1)"],
    ["dateadd(month, 1, a)", "timestampadd('MONTH', 1, a)"],
    ["a like any ('x%', 'y%')", "((a LIKE 'x%') OR (a LIKE 'y%'))"],
    ["a is not distinct from b", "(a <=> b)"],
    ["a is not true", "(NOT (a <=> true))"],
  ]);
});

test("a list of named expressions", () => {
  const list = parseNamedExpressions("a, b + 1 AS c, d e, t.*, * except (a), inline(x) as (p, q)");
  assert.deepEqual(
    list.map((e) => sqlText(e)),
    ["a", "(b + 1) AS c", "d AS e", "t.*", "* EXCEPT (a)", "inline(x) AS (p, q)"],
  );
});

test("parameters are put in where they stand", () => {
  const one = parseExpression("1");
  assert.equal(
    sqlText(parseExpression("a > :low and a < :HIGH", { args: { low: one, HIGH: parseExpression("9") } })),
    "((a > 1) AND (a < 9))",
  );
  assert.equal(sqlText(parseExpression("a in (?, ?)", { args: [one, parseExpression("'x'")] })), "(a IN (1, 'x'))");
});

test("every node knows its place", () => {
  const parsed = parseExpression("a +\n  upper(b)");
  const place = (e: Expression | undefined) => {
    const origin = e?.common?.origin?.function;
    assert.ok(origin?.case === "jvmOrigin");
    const { line, startPosition, startIndex = 0, stopIndex = 0, sqlText: text = "" } = origin.value;
    return [line, startPosition, text.slice(startIndex, stopIndex + 1)];
  };
  assert.deepEqual(place(parsed), [1, 0, "a +\n  upper(b)"]);
  assert.ok(parsed.exprType.case === "unresolvedFunction");
  assert.deepEqual(place(parsed.exprType.value.arguments[1]), [2, 2, "upper(b)"]);
});
