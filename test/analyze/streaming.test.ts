/**
 * Which queries may run as streams, in which output modes. What is allowed was recorded from Apache Spark 4.2: `a` append,
 * `u` update, `c` complete.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { analyze } from "../../src/analyze/index.ts";
import type { PlanNode } from "../../src/analyze/plan.ts";
import { checkBatch, checkStreaming, type StreamOutputMode } from "../../src/analyze/streaming.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { type Relation, RelationSchema } from "../../src/plan/messages.ts";
import { parseQuery } from "../../src/sql/index.ts";
import { contextOf } from "./support.ts";

function watermark(input: Relation, eventTime: string, delayThreshold: string): Relation {
  return create(RelationSchema, {
    relType: { case: "withWatermark", value: { input, eventTime, delayThreshold } },
  });
}

function dropDuplicates(table: string, columnNames: string[], withinWatermark = false): Relation {
  const input = parseQuery(`select * from ${table}`);
  return create(RelationSchema, { relType: { case: "deduplicate", value: { input, columnNames, withinWatermark } } });
}

const base = {
  stream: { columns: "t TIMESTAMP, v BIGINT, k BIGINT" },
  s: "select * from stream",
  b: "select id, id as k from range(10)",
  rn: "select t as t2, k as k2, v as v2 from stream",
};
const views = {
  ...base,
  w: watermark(parseQuery("select * from stream"), "t", "10 seconds"),
  r: watermark(parseQuery("select t as t2, k as k2, v as v2 from stream"), "t2", "20 seconds"),
  agg_win: "select window(t, '10 seconds'), k, count(*) as n from w group by window(t, '10 seconds'), k",
  dedup_w: dropDuplicates("w", ["k", "t"]),
  dedup_k: dropDuplicates("s", ["k"]),
  dedup_ww: dropDuplicates("w", ["k"], true),
};

const RANGE = "k = k2 and t2 >= t and t2 <= t + interval 1 hour";

const cases: readonly [name: string, query: string | Relation, allowed: string][] = [
  ["a projection", "select k + 1 from s", "au"],
  ["an aggregation without a watermark", "select k, count(*) from s group by k", "uc"],
  ["grouping by another column than the event time", "select k, count(*) from w group by k", "uc"],
  ["windows", "select * from agg_win", "auc"],
  ["grouping by the event time", "select t, count(*) from w group by t", "auc"],
  ["session windows", "select k, count(*) from w group by session_window(t, '10 seconds'), k", "ac"],
  ["a global session window", "select count(*) from w group by session_window(t, '10 seconds')", ""],
  ["a distinct aggregate", "select count(distinct k) from w group by window(t, '10 seconds')", ""],
  ["a rollup", "select k, count(*) from w group by rollup(window(t, '10 seconds'), k)", "auc"],
  ["duplicates", dropDuplicates("s", ["k"]), "au"],
  ["duplicates by event time", dropDuplicates("w", ["k", "t"]), "au"],
  ["duplicates within the watermark", dropDuplicates("w", ["k"], true), "au"],
  ["duplicates within no watermark", dropDuplicates("s", ["k"], true), ""],
  ["distinct", "select distinct k from s", "au"],
  ["a sort", "select * from s order by k", ""],
  ["a sort of an aggregation", "select k, count(*) as n from s group by k order by n", "c"],
  ["a limit", "select * from s limit 3", "a"],
  ["a limit of an aggregation", "select k, count(*) from s group by k limit 3", "c"],
  ["an offset", "select * from s offset 3", ""],
  ["a union", "select k from s union all select k from s", "au"],
  ["a union with a table", "select k from s union all select k from b", ""],
  ["a window function", "select row_number() over (partition by k order by t) from s", ""],
  ["an inner join", "select * from s join rn on k = k2", "au"],
  ["an inner join without an equality", "select * from s join rn on k > k2", ""],
  ["an aggregation over a join", "select k, count(*) from s join rn on k = k2 group by k", "u"],
  ["a left join without bounds", "select * from s left join rn on k = k2", ""],
  ["a left join with a range", `select * from w left join r on ${RANGE}`, "a"],
  ["a left join with one bound", "select * from w left join r on k = k2 and t2 <= t", "a"],
  ["a left join by time", "select * from w left join r on k = k2 and t = t2", "a"],
  ["a right join with a range", `select * from w right join r on ${RANGE}`, "a"],
  ["a full join with a range", `select * from w full join r on ${RANGE}`, "a"],
  ["a semi join without bounds", "select * from s left semi join rn on k = k2", ""],
  ["a semi join with a range", `select * from w left semi join r on ${RANGE}`, "au"],
  ["an anti join", "select * from w left anti join r on k = k2", ""],
  ["stream left join table", "select * from s left join b using (k)", "au"],
  ["stream right join table", "select * from s right join b using (k)", ""],
  ["stream full join table", "select * from s full join b using (k)", ""],
  ["stream semi join table", "select * from s left semi join b using (k)", "au"],
  ["stream anti join table", "select * from s left anti join b using (k)", "au"],
  ["table left join stream", "select * from b left join s using (k)", ""],
  ["table right join stream", "select * from b right join s using (k)", "au"],
  ["table semi join stream", "select * from b left semi join s using (k)", ""],
  ["table anti join stream", "select * from b left anti join s using (k)", ""],
  ["table join stream", "select * from b join s using (k)", "au"],
  ["IN a table", "select * from s where k in (select k from b)", "au"],
  ["a scalar subquery", "select * from s where k > (select max(k) from b)", "au"],
  ["an aggregation after duplicates", "select count(*) from dedup_w group by window(t, '10 seconds')", "auc"],
  ["an aggregation after duplicates by key", "select k, count(*) from dedup_k group by k", "uc"],
  [
    "an aggregation after duplicates in watermark",
    "select count(*) from dedup_ww group by window(t, '10 seconds')",
    "auc",
  ],
  ["an aggregation of an aggregation", "select sum(n) from agg_win group by window(window, '1 minute')", "a"],
  [
    "an aggregation of an aggregation by window_time",
    "select sum(n) from (select window_time(window) as e, n from agg_win) group by window(e, '1 minute')",
    "a",
  ],
  ["duplicates of an aggregation", dropDuplicates("agg_win", ["k"]), "auc"],
  [
    "an aggregation after a range join",
    `select count(*) from w join r on ${RANGE} group by window(t, '10 seconds')`,
    "au",
  ],
  [
    "an aggregation after a join by time",
    "select count(*) from w join r on k = k2 and t = t2 group by window(t, '10 seconds')",
    "au",
  ],
  [
    "an aggregation joined with a table",
    "select * from (select k, count(*) as n from s group by k) a join b using (k)",
    "uc",
  ],
];

const MODES: readonly [string, StreamOutputMode][] = [
  ["a", "append"],
  ["u", "update"],
  ["c", "complete"],
];

function planOf(query: string | Relation): PlanNode {
  return analyze(typeof query === "string" ? parseQuery(query) : query, contextOf(views));
}

for (const [name, query, allowed] of cases) {
  test(name, () => {
    const plan = planOf(query);
    const accepted = MODES.filter(([, mode]) => {
      try {
        checkStreaming(plan, mode);
        return true;
      } catch (error) {
        if (!(error instanceof SluiceError) || error.condition === "INTERNAL_ERROR") throw error;
        return false;
      }
    });
    assert.equal(accepted.map(([letter]) => letter).join(""), allowed);
  });
}

const conditions: readonly [query: string | Relation, mode: StreamOutputMode, condition: string][] = [
  ["select k from s", "complete", "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION"],
  ["select k, count(*) from s group by k", "append", "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION"],
  ["select * from s left join rn on k = k2", "append", "UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK"],
  [dropDuplicates("s", ["k"], true), "append", "UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK"],
  ["select rank() over (order by k) from s", "append", "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING"],
  ["select sum(n) from agg_win group by window(window, '1 minute')", "update", "STREAMING_CHAINED_STATEFUL_OPERATORS"],
  ["select * from s order by k", "append", "UNSUPPORTED_STREAMING_OPERATION"],
];

for (const [query, mode, condition] of conditions) {
  test(`${condition} for ${typeof query === "string" ? query : "dropDuplicatesWithinWatermark"} in ${mode}`, () => {
    assert.throws(() => checkStreaming(planOf(query), mode), { condition });
  });
}

test("the check of chained operators can be switched off", () => {
  const plan = planOf("select sum(n) from agg_win group by window(window, '1 minute')");
  checkStreaming(plan, "update", { checkCorrectness: false });
});

test("a batch action on a stream is refused", () => {
  assert.throws(() => checkBatch(planOf("select k from s")), { condition: "STREAMING_QUERY_IN_BATCH" });
  checkBatch(planOf("select k from b"));
});

test("stateful operators and sources are numbered inputs first, left before right", () => {
  const plan = planOf(`select count(*) from dedup_w join r on ${RANGE} group by window(t, '10 seconds')`);
  const numbers: string[] = [];
  const visit = (node: PlanNode): void => {
    if ("left" in node) {
      visit(node.left);
      visit(node.right);
    } else if ("input" in node) visit(node.input);
    if (node.kind === "scan") numbers.push(`source ${node.id}`);
    if ("operatorId" in node && node.operatorId !== undefined) numbers.push(`${node.kind} ${node.operatorId}`);
  };
  visit(plan);
  assert.deepEqual(numbers, ["source 0", "deduplicate 0", "source 1", "join 1", "aggregate 2"]);
});
