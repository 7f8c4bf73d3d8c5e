import assert from "node:assert/strict";
import { test } from "node:test";
import { printPlan } from "../../src/plan/print.ts";
import { parseExpression, parseQuery } from "../../src/sql/index.ts";

function check(text: string, ...lines: string[]): void {
  assert.equal(printPlan(parseQuery(text)), lines.join("\n"), text);
}

test("SELECT, WHERE, ORDER BY, LIMIT and OFFSET", () => {
  check("select 1", "Project [1]");
  check(
    "select a, b + 1 c from db.t where a > 1 order by c desc, a limit 3 offset 2;",
    "Limit limit=3",
    "+- Offset offset=2",
    "   +- Sort [c DESC NULLS LAST, a ASC NULLS FIRST] is_global=true",
    "      +- Project [a, (b + 1) AS c]",
    "         +- Filter (a > 1)",
    "            +- Read [db.t]",
  );
  check("select distinct a from t", "Deduplicate all_columns_as_keys=true", "+- Project [a]", "   +- Read [t]");
});

test("GROUP BY makes an Aggregate whose output is the select list; HAVING is a Filter over it", () => {
  check(
    "select site, count(*) n from t group by site having n > 1",
    "Filter (n > 1)",
    "+- Aggregate group_type=GROUPBY [site] [select_list(site, count(1) AS n)]",
    "   +- Read [t]",
  );
  check("select a from t group by all", "Aggregate group_type=GROUPBY [ALL] [select_list(a)]", "+- Read [t]");
  check("select a from t group by rollup(a, b)", "Aggregate group_type=ROLLUP [a, b] [select_list(a)]", "+- Read [t]");
  check(
    "select count(*) from t having count(*) > 1",
    "Filter (count(1) > 1)",
    "+- Aggregate group_type=GROUPBY [select_list(count(1))]",
    "   +- Read [t]",
  );
  check(
    "select a from t group by grouping sets ((a, b), a, ())",
    "Aggregate group_type=GROUPING_SETS [a, b] [select_list(a)] grouping_sets=[[[a, b]], [[a]], []]",
    "+- Read [t]",
  );
  const sets = (text: string, list: string) =>
    check(
      `select a from t group by ${text}`,
      `Aggregate group_type=GROUPING_SETS [a, b, c] [select_list(a)] grouping_sets=${list}`,
      "+- Read [t]",
    );
  sets("cube(a, (b, c))", "[[[a, b, c]], [[a]], [[b, c]], []]");
  sets("a, rollup(b, c)", "[[[a, b, c]], [[a, b]], [[a]]]");
  sets("grouping sets (rollup(a, b), (c))", "[[[a, b]], [[a]], [], [[c]]]");
});

test("joins of all kinds", () => {
  const join = (text: string, description: string) =>
    check(`select * from a ${text}`, "Project [*]", `+- ${description}`, "   :- Read [a]", "   +- Read [b]");
  join("join b on a.x = b.x", "Join (a.x = b.x) join_type=INNER");
  join("left join b using (x, y)", "Join join_type=LEFT_OUTER using_columns=[x, y]");
  join("right outer join b on true", "Join true join_type=RIGHT_OUTER");
  join("full join b on true", "Join true join_type=FULL_OUTER");
  join("left semi join b on true", "Join true join_type=LEFT_SEMI");
  join("anti join b on true", "Join true join_type=LEFT_ANTI");
  join("cross join b", "Join join_type=CROSS");
  join(", b", "Join join_type=CROSS");
  join("join b", "Join join_type=CROSS");
  join("natural join b", "Join natural_join() join_type=INNER");
});

test("what FROM takes besides tables", () => {
  check("values (named_struct('x', 1))", "Project [named_struct('x', 1) AS col1]");
  check(
    "select * from (select 1 as x) as s, values (1, 'a'), (2, 'b') v(n, t)",
    "Project [*]",
    "+- Join join_type=CROSS",
    "   :- SubqueryAlias alias=s",
    "   :  +- Project [1 AS x]",
    "   +- SubqueryAlias alias=v",
    "      +- ToDF column_names=[n, t]",
    "         +- SetOperation set_op_type=UNION is_all=true",
    "            :- Project [1 AS col1, 'a' AS col2]",
    "            +- Project [2 AS col1, 'b' AS col2]",
  );
  check(
    "select * from range(1, 5) r",
    "Project [*]",
    "+- SubqueryAlias alias=r",
    "   +- UnresolvedTableValuedFunction function_name=range [1, 5]",
  );
  check("select * from stream(t) s", "Project [*]", "+- SubqueryAlias alias=s", "   +- Read [t] is_streaming=true");
  check("select * from stream t", "Project [*]", "+- Read [t] is_streaming=true");
  check("select * from stream", "Project [*]", "+- Read [stream]");
  check(
    "select * from t lateral view outer explode(xs) e as x",
    "Project [*]",
    "+- LateralJoin join_type=LEFT_OUTER",
    "   :- Read [t]",
    "   +- SubqueryAlias alias=e",
    "      +- ToDF column_names=[x]",
    "         +- UnresolvedTableValuedFunction function_name=explode [xs]",
  );
});

test("watermarks and options of streams", () => {
  check(
    "select window.start, count(*) from stream(t) with (startingOffsets = 'earliest') watermark ts delay of interval 10 seconds s group by window(ts, '1 minute')",
    "Aggregate group_type=GROUPBY [window(ts, '1 minute')] [select_list(window.start, count(1))]",
    "+- WithWatermark event_time=ts delay_threshold=10000000 microseconds",
    "   +- SubqueryAlias alias=s",
    "      +- Read [t options=[startingOffsets]] is_streaming=true",
  );
  check(
    "select * from (select 1 as a) watermark to_timestamp(a) as ts delay of interval '1' hour",
    "Project [*]",
    "+- WithWatermark event_time=ts delay_threshold=3600000000 microseconds",
    "   +- Project [*, to_timestamp(a) AS ts]",
    "      +- Project [1 AS a]",
  );
  check("select * from t watermark", "Project [*]", "+- SubqueryAlias alias=watermark", "   +- Read [t]");
});

test("set operations go from left to right, INTERSECT first", () => {
  check(
    "select 1 union select 2 intersect all select 3 except select 4 order by 1",
    "Sort [1 ASC NULLS FIRST] is_global=true",
    "+- SetOperation set_op_type=EXCEPT",
    "   :- SetOperation set_op_type=UNION",
    "   :  :- Project [1]",
    "   :  +- SetOperation set_op_type=INTERSECT is_all=true",
    "   :     :- Project [2]",
    "   :     +- Project [3]",
    "   +- Project [4]",
  );
});

test("common table expressions are written out where they are named, the inner one hiding the outer", () => {
  check(
    "with a as (select 1 x), b as (with a as (select 2 x) select * from a) select * from a join b",
    "Project [*]",
    "+- Join join_type=CROSS",
    "   :- SubqueryAlias alias=a",
    "   :  +- Project [1 AS x]",
    "   +- SubqueryAlias alias=b",
    "      +- Project [*]",
    "         +- SubqueryAlias alias=a",
    "            +- Project [2 AS x]",
  );
});

test("subqueries in expressions stand beside the root", () => {
  const plan = parseQuery("select (select max(x) from u) from t where a in (select b from v)");
  assert.equal(
    printPlan(plan),
    [
      "WithRelations",
      ":- Project [scalarsubquery()]",
      ":  +- Filter (a IN (listquery()))",
      ":     +- Read [t]",
      ":- Project [max(x)]",
      ":  +- Read [u]",
      "+- Project [b]",
      "   +- Read [v]",
    ].join("\n"),
  );
  assert.ok(plan.relType.case === "withRelations");
  const ids = plan.relType.value.references.map((r) => r.common?.planId);
  assert.equal(new Set(ids).size, 2);
  assert.ok(ids.every((id) => id !== undefined && id < 0n));
});

test("named windows", () => {
  check(
    "select rank() over w, sum(a) over (v) from t window w as (partition by b order by c), v as w",
    "Project [rank() OVER (PARTITION BY b ORDER BY c ASC NULLS FIRST), sum(a) OVER (PARTITION BY b ORDER BY c ASC NULLS FIRST)]",
    "+- Read [t]",
  );
});

test("arguments of the query", () => {
  const plan = parseQuery("select * from t where a > :a limit :n", {
    a: parseExpression("5"),
    n: parseExpression("3"),
  });
  assert.equal(printPlan(plan).split("\n")[0], "Limit limit=3");
});

test("hints and comments change nothing", () => {
  check("select /*+ broadcast(t) */ a -- the first\n from t /* the /* only */ one */", "Project [a]", "+- Read [t]");
});
