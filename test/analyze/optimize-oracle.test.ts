/** Random queries give the same rows before and after optimising. A failure prints the query and the seed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { explainPlan } from "../../src/analyze/explain.ts";
import { analyze } from "../../src/analyze/index.ts";
import { optimize } from "../../src/analyze/optimize.ts";
import { parseQuery } from "../../src/sql/index.ts";
import { contextOf, rowsOfPlan } from "./support.ts";

const views = {
  t: `select * from values (1, 1, 'x', '{"p": 1, "q": {"r": "m"}}'), (2, 1, 'y', '{"p": 5}'), (3, 2, 'x', '{"q": {"r": "n"}}'),
      (4, 2, null, 'bad'), (5, null, 'z', null), (6, null, 'x', '{"p": null, "q": null}') as t(id, a, b, js)`,
  u: `select * from values (1, 1, 'x'), (1, 5, 'w'), (3, 2, 'z'), (7, null, 'x'), (null, 2, null) as u(id, a, b)`,
};
const context = contextOf(views);

const column = (q: string) => fc.constantFrom(`${q}id`, `${q}a`);
const text = (q: string) => fc.constantFrom(`${q}b`, `upper(${q}b)`, `coalesce(${q}b, 'none')`);
const number = (q: string) =>
  fc.oneof(
    column(q),
    fc.tuple(column(q), fc.constantFrom("+", "-", "*"), fc.integer({ min: 0, max: 3 })).map((x) => `(${x.join(" ")})`),
    column(q).map((c) => `coalesce(${c}, 0)`),
    text(q).map((x) => `length(${x})`),
  );

/** Subqueries can stand in WHERE, not in ON. */
function condition(q: string, place: "where" | "on" = "where"): fc.Arbitrary<string> {
  const simple = fc.oneof(
    fc.tuple(number(q), fc.constantFrom("<", "<=", "=", "<>", ">", "<=>"), number(q)).map((x) => x.join(" ")),
    fc
      .tuple(number(q), fc.constantFrom("is null", "is not null", "in (1, 2)", "between 1 and 3"))
      .map((x) => x.join(" ")),
    fc.tuple(text(q), fc.constantFrom("= 'X'", "like 'x%'", "is null", "<> 'y'")).map((x) => x.join(" ")),
    fc.constantFrom("true", "1 = 1", "2 > 3"),
    ...(place === "on"
      ? []
      : [
          fc.constantFrom(
            `${q}id in (select a from u)`,
            `exists (select 1 from u where u.a = ${q}a)`,
            `${q}id > (select min(a) from u)`,
          ),
        ]),
  );
  const not = fc.tuple(fc.constantFrom("", "not "), simple).map(([n, c]) => `${n}(${c})`);
  return fc.tuple(not, fc.constantFrom(" and ", " or "), not).map((x) => `(${x.join("")})`);
}

/** A relation with columns id, a (numbers) and b (text). */
const relation: fc.Memo<string> = fc.memo((depth) => {
  const table = fc.constantFrom("(select id, a, b from t)", "(select id, a, b from u)");
  if (depth <= 1) return table;
  const inner = relation();
  const from = (r: string): string => `${r} s`;
  return fc.oneof(
    fc.tuple(inner, condition("s.")).map(([r, c]) => `(select id, a, b from ${from(r)} where ${c})`),
    fc.tuple(inner, number("s."), text("s.")).map(([r, n, x]) => `(select id, ${n} as a, ${x} as b from ${from(r)})`),
    fc
      .tuple(inner, number("s."))
      .map(([r, n]) => `(select ${n} as id, count(*) as a, max(b) as b from ${from(r)} group by 1)`),
    fc.tuple(inner, inner).map(([r, s]) => `(select id, a, b from ${r} union all select a, id, b from ${s})`),
    fc.tuple(inner).map(([r]) => `(select distinct id, a, b from ${from(r)})`),
    fc.constantFrom(
      "(select id, j.p as a, j.q.r as b from (select id, from_json(js, 'p INT, q STRUCT<r: STRING, s: INT>') as j from t))",
      "(select id, j.p as a, b from (select id, b, from_json(js, 'p INT, z INT') as j from t) where j is not null and j.p > 0)",
    ),
    fc
      .tuple(
        inner,
        fc.constantFrom("join", "left join", "right join", "full join"),
        inner,
        condition("l.", "on"),
        condition("r."),
      )
      .map(
        ([l, j, r, on, where]) =>
          `(select l.id, r.a, l.b from ${l} l ${j} ${r} r on l.id = r.id and ${on} where ${where})`,
      ),
    fc
      .tuple(inner, fc.constantFrom("left semi join", "left anti join"), inner, condition("r.", "on"))
      .map(([l, j, r, on]) => `(select l.id, l.a, l.b from ${l} l ${j} ${r} r on l.a = r.a and ${on})`),
    fc
      .tuple(inner, inner, condition("l."))
      .map(([l, r, c]) => `(select l.id, r.a, r.b from ${l} l, ${r} r where l.a = r.a and ${c})`),
  );
});

const query = fc
  .tuple(relation(4), condition("z."), number("z."))
  .map(([r, where, n]) => `select z.b, ${n} as n, z.id from ${r} z where ${where}`);

const sorted = (rows: readonly (readonly unknown[])[]): string[] => rows.map((r) => JSON.stringify(r)).sort();

test("optimising changes no row", async () => {
  await fc.assert(
    fc.asyncProperty(query, async (sql) => {
      const plan = analyze(parseQuery(sql), context);
      const optimized = optimize(plan, context);
      assert.deepEqual(
        sorted(await rowsOfPlan(optimized)),
        sorted(await rowsOfPlan(plan)),
        `${sql}\n${explainPlan(plan)}\n=>\n${explainPlan(optimized)}`,
      );
    }),
    { numRuns: Number(process.env["ORACLE_RUNS"] ?? 60) },
  );
});
