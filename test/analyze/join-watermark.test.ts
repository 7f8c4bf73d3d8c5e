/** When the rows kept by a stream-stream join can be forgotten. `l.t` and `r.t` are event times. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { analyze } from "../../src/analyze/index.ts";
import { joinOutputWatermarkUs, joinStateWatermarks, type StateWatermark } from "../../src/analyze/join-watermark.ts";
import { optimize } from "../../src/analyze/optimize.ts";
import type { JoinNode } from "../../src/analyze/plan.ts";
import { nodesOf } from "../../src/analyze/walk.ts";
import { type Relation, RelationSchema } from "../../src/plan/messages.ts";
import { parseQuery } from "../../src/sql/index.ts";
import { contextOf } from "./support.ts";

function watermark(query: string, eventTime: string): Relation {
  return create(RelationSchema, {
    relType: { case: "withWatermark", value: { input: parseQuery(query), eventTime, delayThreshold: "10 seconds" } },
  });
}

const views = {
  stream: { columns: "k BIGINT, t TIMESTAMP, o TIMESTAMP" },
  l: watermark("select * from stream", "t"),
  r: watermark("select * from stream", "t"),
  n: "select * from stream",
};
const context = contextOf(views);

function joinOf(condition: string, right = "r"): JoinNode {
  const sql = `select l.k from l join ${right} on l.k = ${right}.k and ${condition}`;
  const plan = optimize(analyze(parseQuery(sql), context), context);
  const join = [...nodesOf(plan)].find((node) => node.kind === "join");
  assert.ok(join);
  return join;
}

const HOUR = 3600e6;
/** What is known of one side: offset of its column from the other's watermark, `key`, or `-`. */
function text(w: StateWatermark | undefined): string {
  if (w === undefined) return "-";
  return w.kind === "key" ? `key ${w.ordinal}` : `${w.attribute.name} ${w.offsetUs / HOUR}h`;
}

const MS = 1000 / HOUR;
const cases: readonly [condition: string, left: string, right: string][] = [
  ["l.t > r.t", "t 0h", "-"],
  ["l.t < r.t", "-", "t 0h"],
  ["l.t >= r.t", `t ${-MS}h`, "-"],
  ["r.t between l.t and l.t + interval 1 hour", `t ${-1 - MS}h`, `t ${-MS}h`],
  ["r.t >= l.t and r.t < l.t + interval 1 hour", "t -1h", `t ${-MS}h`],
  ["l.t - interval 2 hours > r.t", "t 2h", "-"],
  ["l.t > r.t - interval 30 minutes and l.t > r.t - interval 2 hours", "t -0.5h", "-"],
  ["l.t = r.t", "key 1", "key 1"],
  ["l.o > r.t", "-", "-"],
  ["l.t > r.o", "-", "-"],
  ["l.t > timestamp '2024-01-01 00:00:00'", "-", "-"],
  ["l.o > r.o", "-", "-"],
];

for (const [condition, left, right] of cases) {
  test(condition, () => {
    const watermarks = joinStateWatermarks(joinOf(condition));
    assert.deepEqual([text(watermarks.left), text(watermarks.right)], [left, right]);
  });
}

test("a side without a watermark keeps its rows", () => {
  const watermarks = joinStateWatermarks(joinOf("n.t > l.t", "n"));
  assert.deepEqual([text(watermarks.left), text(watermarks.right)], ["-", "-"]);
});

test("operators above a join see its watermark less the bound on time", () => {
  assert.equal(joinOutputWatermarkUs(joinOf("r.t >= l.t and r.t < l.t + interval 1 hour"), 5 * HOUR), 4 * HOUR);
  assert.equal(joinOutputWatermarkUs(joinOf("l.t = r.t"), 5 * HOUR), 5 * HOUR);
});
