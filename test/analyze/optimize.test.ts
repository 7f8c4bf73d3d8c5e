/** Optimised plans as explain shows them. Ids are left out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { explainPlan } from "../../src/analyze/explain.ts";
import { nodesOf } from "../../src/analyze/walk.ts";
import { toDdl } from "../../src/types/print.ts";
import { struct } from "../../src/types/types.ts";
import { optimizeSql } from "./support.ts";

const views = {
  t: { columns: "id BIGINT NOT NULL, a INT, b STRING, c DOUBLE, ts TIMESTAMP, s STRUCT<x: INT, y: STRING>" },
  u: { columns: "id BIGINT, a INT, d STRING" },
  kafka: { columns: "key BINARY, value BINARY, topic STRING, timestamp TIMESTAMP" },
  device: `select from_json(cast(value as string), 'id STRING, temp DOUBLE, ts TIMESTAMP, site STRING') as j, timestamp
           from kafka`,
};

function shape(sql: string): string {
  return explainPlan(optimizeSql(sql, views))
    .replace(/#\d+/g, "")
    .replace(/\b([\w.()]+) AS \1(?=[,\]])/g, "$1");
}

const cases: readonly [name: string, sql: string, plan: string][] = [
  [
    "constants are folded",
    "select id + (1 + 2) as x from t where a > 2 * 3",
    `Project [(id + 3) AS x]
+- Filter (a > 6)
   +- Scan test [id, a], {}`,
  ],
  [
    "an error in a constant waits for a row",
    "select 1 / 0 as x from t",
    `Project [(1.0 / 0.0) AS x]
+- Scan test [], {}`,
  ],
  [
    "VALUES are rows of the plan",
    "select y, x + 1 as x from values (1, 'a'), (2, 'b'), (3L, null) as v(x, y) where x > 1",
    `Project [y, (x + 1) AS x]
+- Filter (x > 1)
   +- LocalRelation [x, y], 3 rows`,
  ],
  ["a filter that is true goes", "select id from t where 1 = 1", "Scan test [id], {}"],
  [
    "negations go into comparisons",
    "select id from t where not (a > 1) and not not (id is not null)",
    `Project [id]
+- Filter (a <= 1)
   +- Scan test [id, a], {}`,
  ],
  [
    "projections of projections are one",
    "select x + 1 as y from (select a + 1 as x, b from (select a, b, c from t))",
    `Project [((a + 1) + 1) AS y]
+- Scan test [a], {}`,
  ],
  [
    "what is read twice is computed once",
    "select x + x as y from (select upper(b) || 'k' as z, a * 2 as x from t)",
    `Project [(x + x) AS y]
+- Project [(a * 2) AS x]
   +- Scan test [a], {}`,
  ],
  [
    "a random number is not computed again",
    "select r, r + 1 as s from (select rand(1) as r from t)",
    `Project [r, (r + 1.0) AS s]
+- Project [rand(1) AS r]
   +- Scan test [], {}`,
  ],
  [
    "filters go below projections and joins",
    "select x.b from (select id, upper(b) as b, a from t) x join u on x.id = u.id where x.b = 'K' and u.a > 1 and x.a < u.a",
    `Project [b]
+- Join Inner, (id = id) AND (a < a)
   :- Project [id, upper(b) AS b, a]
   :  +- Filter (upper(b) = K)
   :     +- Scan test [id, a, b], {}
   +- Filter ((a > 1) AND (id IS NOT NULL))
      +- Scan test [id, a], {}`,
  ],
  [
    "only the kept side of an outer join is filtered before it",
    "select t.id from t left join u on t.id = u.id and t.a > 1 and u.a > 2 where t.b = 'x' and u.d is null",
    `Project [id]
+- Filter (d IS NULL)
   +- Join Left, (id = id) AND (a > 1)
      :- Filter (b = x)
      :  +- Scan test [id, a, b], {}
      +- Filter ((a > 2) AND (id IS NOT NULL))
         +- Scan test [id, a, d], {}`,
  ],
  [
    "filters go into both sides of a union",
    "select * from (select id, a from t union all select id, a from u) where a = 2",
    `Union [id, a]
:- Filter (a = 2)
:  +- Scan test [id, a], {}
+- Filter (a = 2)
   +- Scan test [id, a], {}`,
  ],
  [
    "a filter on a key goes below its aggregation, one on a result doesn't",
    "select * from (select b, count(*) as n from t group by b) where b > 'c' and n > 1",
    `Project [b, count(1) AS n]
+- Filter (count(1) > 1)
   +- Aggregate [b], [count(1)]
      +- Filter (b > c)
         +- Scan test [b], {}`,
  ],
  [
    "a filter that may fail stays behind the one that guards it",
    "select t.id from t join u on t.id = u.id where t.a <> u.a and 10 / t.a > 1",
    `Project [id]
+- Join Inner, (id = id) AND ((NOT (a = a)) AND ((10.0 / cast(a as double)) > 1.0))
   :- Scan test [id, a], {}
   +- Filter (id IS NOT NULL)
      +- Scan test [id, a], {}`,
  ],
  [
    "an equality in WHERE is a key of the join",
    "select t.id from t, u where t.id = u.id and t.a < u.a",
    `Project [id]
+- Join Inner, (id = id) AND (a < a)
   :- Scan test [id, a], {}
   +- Scan test [id, a], {}`,
  ],
  [
    "a random filter stays where it is",
    "select a from (select id, a from t where rand(1) > 0.5) where a = 1",
    `Filter ((rand(1) > 0.5) AND (a = 1))
+- Scan test [a], {}`,
  ],
  [
    "sources are read by the columns in use",
    "select max(s.x) from t",
    `Project [max(s.x)]
+- Aggregate [], [max(s.x)]
   +- Scan test [s], {}`,
  ],
];

const JSON_PLAN = `Project [id, (temp * 2.0) AS x]
+- Filter (temp > 30.0)
   +- JsonDecode value -> [id, temp]
      +- Scan test [value], {}`;

const jsonCases: readonly [name: string, sql: string, plan: string][] = [
  ["json: j.* and a filter", "select id, temp * 2 as x from (select j.* from device) where temp > 30", JSON_PLAN],
  ["json: fields by name", "select j.id, j.temp * 2 as x from device where j.temp > 30", JSON_PLAN],
  [
    "json: a filter before the fields are taken",
    "select id, temp * 2 as x from (select j.id, j.temp from (select j from device) where j.temp > 30)",
    JSON_PLAN,
  ],
  [
    "json: the call written where it is used",
    `select from_json(cast(value as string), 'id STRING, temp DOUBLE').id as id,
            from_json(cast(value as string), 'id STRING, temp DOUBLE').temp * 2 as x
     from kafka where from_json(cast(value as string), 'id STRING, temp DOUBLE').temp > 30`,
    `Project [id, (temp * 2.0) AS x]
+- Filter (temp > 30.0)
   +- JsonDecode value -> [temp, id]
      +- Scan test [value], {}`,
  ],
  [
    "json: filters that need no field come first",
    "select j.id from device where j.temp > 30 and timestamp > '2024-01-01'",
    `Project [id]
+- Filter (temp > 30.0)
   +- JsonDecode value -> [id, temp]
      +- Filter (timestamp > 2024-01-01 00:00:00)
         +- Scan test [value, timestamp], {}`,
  ],
  [
    "json: aggregation over a window",
    "select window.start, avg(j.temp) as t from device where j is not null group by window(j.ts, '10 seconds')",
    `Project [window.start, avg(j.temp) AS t]
+- Aggregate [window], [avg(temp) AS avg(j.temp)]
   +- Project [temp, named_struct(start, window_start(ts, 10000000, 0, 0), end, window_end(window_start(ts, 10000000, 0, 0), 10000000)) AS window]
      +- Filter ((NOT malformed) AND (ts IS NOT NULL))
         +- JsonDecode value -> [temp, ts, malformed]
            +- Scan test [value], {}`,
  ],
  [
    "json: a join of two decoded streams",
    "select x.j.id from device x join device y on x.j.id = y.j.site where y.j.temp > 1",
    `Project [id]
+- Join Inner, (id = site)
   :- Project [id]
   :  +- Filter (id IS NOT NULL)
   :     +- JsonDecode value -> [id]
   :        +- Scan test [value], {}
   +- Project [site]
      +- Filter ((temp > 1.0) AND (site IS NOT NULL))
         +- JsonDecode value -> [temp, site]
            +- Scan test [value], {}`,
  ],
  [
    "json: text that is computed",
    "select j.a from (select from_json(concat(topic, '{}'), 'a INT, b INT') as j from kafka)",
    `Project [a]
+- JsonDecode json -> [a]
   +- Project [concat(topic, {}) AS json]
      +- Scan test [topic], {}`,
  ],
  [
    "json: the corrupt record's column looks at every field",
    "select j.bad from (select from_json(topic, 'a INT, bad STRING', map('columnNameOfCorruptRecord', 'bad')) as j from kafka)",
    `Project [bad]
+- JsonDecode topic -> [a, bad]
   +- Scan test [topic], {}`,
  ],
  [
    "json: FAILFAST looks at every field",
    "select j.a from (select from_json(topic, 'a INT, b INT', map('mode', 'FAILFAST')) as j from kafka)",
    `Project [a]
+- JsonDecode topic -> [a, b]
   +- Scan test [topic], {}`,
  ],
  [
    "json: a struct inside is decoded with the fields in use",
    `select j.d.id, j.d.pos.x as x, j.e from (
       select from_json(topic, 'd STRUCT<id: STRING, name: STRING, pos: STRUCT<x: INT, y: INT>>, e STRUCT<f: INT, g: INT>') as j
       from kafka) where j.d.id > 'a'`,
    `Project [d.id, d.pos.x, e]
+- Filter (d.id > a)
   +- JsonDecode topic -> [d, e]
      +- Scan test [topic], {}`,
  ],
  [
    "json: the struct as a whole stays one",
    "select j, j.id from device",
    `Project [j, j.id]
+- Project [from_json(cast(value as string)) AS j]
   +- Scan test [value], {}`,
  ],
];

test("json: the schema of a struct inside holds the fields in use", () => {
  const sql = `select j.d.b from (select from_json(topic, 'd STRUCT<a: STRING, b: STRING>, e INT') as j from kafka)`;
  const decode = [...nodesOf(optimizeSql(sql, views))].find((node) => node.kind === "jsonDecode");
  assert.equal(toDdl(decode?.schema ?? struct()), "d STRUCT<b: STRING>,e INT");
  assert.deepEqual(
    decode?.fields.map((f) => f.ordinal),
    [0],
  );
});

for (const [name, sql, plan] of [...cases, ...jsonCases]) {
  test(name, () => assert.equal(shape(sql), plan));
}
