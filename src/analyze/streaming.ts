/** What a streaming query may do: Spark's UnsupportedOperationChecker. */
import { SluiceError } from "../errors/error.ts";
import { hasTimeBound, keyWithWatermark } from "./join-watermark.ts";
import { isStreaming } from "./operators.ts";
import type { AggregateNode, JoinNode, PlanNode } from "./plan.ts";
import { pushFilters } from "./rules/push-filters.ts";
import { SESSION_WINDOW_KEY } from "./time-window.ts";
import { expressionsIn, expressionsOf, inputsOf, nodesOf } from "./walk.ts";

export type StreamOutputMode = "append" | "update" | "complete";

export interface StreamingCheckSettings {
  /** spark.sql.streaming.statefulOperator.checkCorrectness.enabled; default true. */
  readonly checkCorrectness?: boolean;
}

/**
 * Throws when the plan can't run as a stream in this output mode. Call it on the analysed plan, before optimising.
 *
 * Conditions: STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION, UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK,
 * UNSUPPORTED_STREAMING_OPERATION, NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING, STREAMING_CHAINED_STATEFUL_OPERATORS.
 */
export function checkStreaming(
  analysed: PlanNode,
  outputMode: StreamOutputMode,
  settings: StreamingCheckSettings = {},
): void {
  // `FROM a, b WHERE a.k = b.k` is a join by k.
  const plan = pushFilters(analysed, { settings: { timeZone: "UTC", ansi: true, caseSensitive: false } });
  const aggregates = [...nodesOf(plan)].filter((n): n is AggregateNode => n.kind === "aggregate" && isStreaming(n));
  checkOutputMode(aggregates, outputMode);
  if (settings.checkCorrectness !== false) checkChain(plan, outputMode);
  for (const node of nodesOf(plan)) {
    if (!isStreaming(node)) continue;
    checkNode(node, outputMode);
    checkExpressions(node);
  }
}

/** Throws when a batch plan holds what only streams can do. */
export function checkBatch(plan: PlanNode): void {
  if (isStreaming(plan)) throw new SluiceError("STREAMING_QUERY_IN_BATCH", {});
  for (const node of nodesOf(plan)) {
    if (node.kind === "deduplicate" && node.withinWatermark) {
      throw unsupported(
        "dropDuplicatesWithinWatermark on a batch DataFrame",
        "Use dropDuplicates, which has no watermark to wait for.",
      );
    }
  }
}

function unsupported(operation: string, hint: string): SluiceError {
  return new SluiceError("UNSUPPORTED_STREAMING_OPERATION", { operation, hint });
}

function outputModeError(outputMode: string, operation: string, hint: string): SluiceError {
  return new SluiceError("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", { outputMode, operation, hint });
}

function checkOutputMode(aggregates: readonly AggregateNode[], outputMode: StreamOutputMode): void {
  const [first] = aggregates;
  if (outputMode === "complete" && first === undefined) {
    throw outputModeError(outputMode, "no streaming aggregations", 'Use outputMode("append").');
  }
  if (first === undefined) return;
  if (outputMode === "append" && !first.grouping.some((g) => g.output.watermarkDelayUs !== undefined)) {
    throw outputModeError(
      outputMode,
      "streaming aggregations without watermark",
      'Add withWatermark on the event time and group by it or by a window of it, or use outputMode("update").',
    );
  }
  if (outputMode === "update" && first.grouping.some((g) => g.output.metadata?.[SESSION_WINDOW_KEY] === true)) {
    throw outputModeError(
      outputMode,
      "session window streaming aggregations",
      'Use outputMode("append") with a watermark, or outputMode("complete").',
    );
  }
}

function checkNode(node: PlanNode, outputMode: StreamOutputMode): void {
  switch (node.kind) {
    case "aggregate":
      checkAggregate(node);
      break;
    case "join":
      checkJoin(node, outputMode);
      break;
    case "union":
      if (node.inputs.every(isStreaming)) return;
      throw unsupported(
        "A union of a streaming and a batch DataFrame",
        "Read the batch side as a stream too, or write the two by queries of their own.",
      );
    case "sort":
      if (outputMode === "complete" && hasAggregate(node)) return;
      throw unsupported(
        "Sorting a stream",
        'Sort the result of an aggregation in outputMode("complete"), or sort where the result is read.',
      );
    case "limit":
      if (node.offset > 0) throw unsupported("OFFSET of a stream", "Skip the rows where the result is read.");
      if (outputMode === "update") {
        throw unsupported("A limit of a stream in update mode", 'Use outputMode("append") or outputMode("complete").');
      }
      return;
    case "tail":
      throw unsupported("tail of a stream", "A stream has no last rows. Use an aggregation.");
    case "sample":
      throw unsupported("Sampling a stream", "Filter by a hash of a key: pmod(hash(key), 100) < 10.");
    case "window":
      throw new SluiceError("NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", {
        windowFunc: node.functions.map((f) => f.output.name).join(", "),
      });
    case "deduplicate":
      checkDeduplicate(node, outputMode);
      break;
    default:
  }
}

function checkAggregate(node: AggregateNode): void {
  if (node.aggregates.some((a) => a.call.distinct)) {
    throw unsupported("A distinct aggregation of a stream", "Use approx_count_distinct() instead.");
  }
  if (node.sessionColumn !== undefined && node.grouping.length === 1) {
    throw unsupported(
      "A global aggregation with a session window in a stream",
      "Group by a key beside the session window.",
    );
  }
}

/** An operator that drops late rows must know by which column. */
function checkEventTimes(node: Extract<PlanNode, { kind: "deduplicate" }>): void {
  const columns = node.input.output.filter((a) => a.watermarkDelayUs !== undefined);
  if (columns.length <= 1) return;
  throw unsupported(
    `Dropping duplicates of rows with more than one event-time column (${columns.map((a) => a.name).join(", ")})`,
    "Keep one of them: drop the others, or turn them into computed columns.",
  );
}

function checkDeduplicate(node: Extract<PlanNode, { kind: "deduplicate" }>, outputMode: StreamOutputMode): void {
  if (node.withinWatermark && !node.input.output.some((a) => a.watermarkDelayUs !== undefined)) {
    throw new SluiceError("UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK", {
      outputMode,
      statefulOperator: "dropDuplicatesWithinWatermark",
    });
  }
  checkEventTimes(node);
}

function hasAggregate(plan: PlanNode): boolean {
  return [...nodesOf(plan)].some((n) => n.kind === "aggregate" && isStreaming(n));
}

const TITLES: Readonly<Record<JoinNode["joinType"], string>> = {
  inner: "Inner",
  cross: "Cross",
  left: "LeftOuter",
  right: "RightOuter",
  full: "FullOuter",
  leftsemi: "LeftSemi",
  leftanti: "LeftAnti",
};

function checkJoin(node: JoinNode, outputMode: StreamOutputMode): void {
  const left = isStreaming(node.left);
  const right = isStreaming(node.right);
  const title = TITLES[node.joinType];
  if (left && right) {
    checkStreamJoin(node, outputMode, title);
    return;
  }
  const wrong = {
    left: right,
    leftsemi: right,
    leftanti: right,
    right: left,
    full: true,
    inner: false,
    cross: false,
  }[node.joinType];
  if (!wrong) return;
  const side = right ? "right" : "left";
  throw unsupported(
    `A ${title} join with a stream on the ${side} and a table on the other side`,
    node.joinType === "full"
      ? "Use an inner join, or an outer one that keeps the stream's rows."
      : "Swap the sides, so that the stream's rows are the ones kept.",
  );
}

function checkStreamJoin(node: JoinNode, outputMode: StreamOutputMode, title: string): void {
  const { joinType } = node;
  if (joinType === "leftanti") {
    throw unsupported(
      "A LeftAnti join with a stream on the right",
      "Use a left outer join and keep rows without a match.",
    );
  }
  const isInner = joinType === "inner" || joinType === "cross" || joinType === "leftsemi";
  if (outputMode === "complete") {
    throw unsupported(`A stream-stream ${title} join in complete mode`, 'Use outputMode("append").');
  }
  if (!isInner && outputMode !== "append") {
    throw unsupported(`A stream-stream ${title} join in ${outputMode} mode`, 'Use outputMode("append").');
  }
  if (node.keys.length === 0) {
    throw unsupported(
      "A stream-stream join without an equality",
      "Add one to the condition, for example on the device's id.",
    );
  }
  if (joinType === "inner" || joinType === "cross" || keyWithWatermark(node) !== undefined) return;
  const left = hasTimeBound(node, "left");
  const right = hasTimeBound(node, "right");
  const enough = { left, leftsemi: left, right, full: left || right }[joinType];
  if (enough) return;
  throw new SluiceError("UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK", {
    outputMode,
    statefulOperator: `${title} join of two streams, which needs a watermark in its keys or on the side that may be missing, with a bound on time in its condition,`,
  });
}

function checkExpressions(node: PlanNode): void {
  for (const expression of expressionsOf(node)) {
    for (const e of expressionsIn(expression)) {
      if (e.kind === "call" && e.fn.name === "monotonically_increasing_id") {
        throw unsupported("monotonically_increasing_id()", "Use a key of the data, or Kafka's partition and offset.");
      }
    }
  }
}

function isStatefulStream(node: PlanNode): boolean {
  if (node.kind === "aggregate" || node.kind === "deduplicate") return isStreaming(node);
  return node.kind === "join" && isStreaming(node.left) && isStreaming(node.right);
}

/** True for an operator that drops late rows, and so must not follow one that may put such rows out. */
function dropsLateRows(node: PlanNode): boolean {
  if (!isStatefulStream(node)) return false;
  if (node.kind !== "deduplicate") return true;
  return node.withinWatermark || node.keys.some((k) => k.watermarkDelayUs !== undefined);
}

/** Update and complete modes put out groups again and again, older than the watermark too. */
function checkChain(plan: PlanNode, outputMode: StreamOutputMode): void {
  if (outputMode === "append") return;
  for (const node of nodesOf(plan)) {
    if (!dropsLateRows(node)) continue;
    for (const input of inputsOf(node)) {
      for (const below of nodesOf(input)) {
        if (below.kind !== "aggregate" || !isStreaming(below)) continue;
        throw new SluiceError("STREAMING_CHAINED_STATEFUL_OPERATORS", {
          first: describe(below),
          second: describe(node),
          outputMode,
        });
      }
    }
  }
}

function describe(node: PlanNode): string {
  switch (node.kind) {
    case "aggregate":
      return "an aggregation";
    case "deduplicate":
      return node.withinWatermark ? "dropDuplicatesWithinWatermark" : "dropDuplicates";
    default:
      return "a stream-stream join";
  }
}
