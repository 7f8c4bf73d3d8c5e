/** `f(…) OVER (PARTITION BY … ORDER BY …)`, for batch queries. */

import { SluiceError } from "../errors/error.ts";
import type { FunctionDefinition } from "../functions/definition.ts";
import {
  type Expression_SortOrder,
  Expression_SortOrder_NullOrdering,
  Expression_SortOrder_SortDirection,
  type Expression_Window,
  type Expression_Window_WindowFrame,
  Expression_Window_WindowFrame_FrameType,
} from "../plan/messages.ts";
import { type DataType, INT, isNumeric } from "../types/types.ts";
import type { Block, WindowUse } from "./block.ts";
import { aggregateCall, argumentOf, constantOf, lookup, resolveArguments } from "./calls.ts";
import type { WindowFrame } from "./context.ts";
import { sameExpression } from "./equality.ts";
import type { Attribute, TypedExpression } from "./expression.ts";
import { cast, needed, resolve } from "./expressions.ts";
import { constant } from "./literal.ts";
import type { PlanNode, SortOrder, WindowNode } from "./plan.ts";
import { prettyName } from "./print.ts";

const ENTIRE: WindowFrame = { unit: "rows", lower: -Infinity, upper: Infinity };
const UP_TO_PEERS: WindowFrame = { unit: "range", lower: -Infinity, upper: 0 };

export function sortOrder(block: Block, message: Expression_SortOrder): SortOrder {
  const expression = resolve(block, needed(message.child));
  return sortOrderOf(expression, message);
}

/** Direction and place of nulls, as Spark defaults them: nulls are smallest. */
export function sortOrderOf(expression: TypedExpression, message: Expression_SortOrder): SortOrder {
  const descending = message.direction === Expression_SortOrder_SortDirection.DESCENDING;
  const nullsFirst =
    message.nullOrdering === Expression_SortOrder_NullOrdering.SORT_NULLS_UNSPECIFIED
      ? !descending
      : message.nullOrdering === Expression_SortOrder_NullOrdering.SORT_NULLS_FIRST;
  return { expression, descending, nullsFirst };
}

export function sortOrderText(block: Block, order: SortOrder): string {
  const direction = order.descending ? "DESC" : "ASC";
  return `${prettyName(order.expression, block.session)} ${direction} NULLS ${order.nullsFirst ? "FIRST" : "LAST"}`;
}

/** The column that holds the function's result; the window itself is left in `pending`. */
export function resolveWindow(block: Block, message: Expression_Window): TypedExpression {
  const call = needed(message.windowFunction).exprType;
  if (call.case !== "unresolvedFunction" && call.case !== "callFunction") {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `OVER after an expression of the kind ${call.case ?? "unknown"}`,
      where: "",
      hint: "Put OVER right after a function.",
    });
  }
  const { session } = block;
  const name = call.value.functionName.toLowerCase();
  const definition = lookup(name, call.value.functionName);
  const partition = message.partitionSpec.map((e) => resolve(block, e));
  const order = message.orderSpec.map((o) => sortOrder(block, o));
  const isCountStar = name === "count" && call.value.arguments[0]?.exprType.case === "unresolvedStar";
  const args: TypedExpression[] = isCountStar
    ? [constant(INT, 1)]
    : resolveArguments(block, definition, call.value.arguments);
  const frame = message.frameSpec ? frameOf(block, message.frameSpec, order) : undefined;
  const use = windowUse(block, definition, name, args, { partition, order, frame });
  const printed = printedCall(
    name,
    args.map((a) => prettyName(a, session)),
  );
  const shown = frame ?? impliedFrame(name, args, definition, order);
  session.written.set(use.output.id, `${printed} OVER (${specText(block, partition, order, shown)})`);
  block.pending.windows.push(use);
  return use.output;
}

interface Spec {
  readonly partition: readonly TypedExpression[];
  readonly order: readonly SortOrder[];
  readonly frame: WindowFrame | undefined;
}

function windowUse(
  block: Block,
  definition: FunctionDefinition,
  name: string,
  args: readonly TypedExpression[],
  spec: Spec,
): WindowUse {
  const { session } = block;
  const column = (type: DataType, nullable: boolean): Attribute => session.attribute(name, type, nullable);
  const { partition, order } = spec;
  if (definition.kind === "window") {
    if (order.length === 0) {
      throw new SluiceError("WINDOW_FUNCTION_WITHOUT_ORDER", { funcName: `${name}()` });
    }
    const described = args.map((a) => argumentOf(block, a));
    const sql = `${name}(${described.map((a) => a.sql).join(", ")})`;
    const resolution = definition.resolve(described, { settings: session.settings, name, sql });
    const casts = args.map((a, i) => (resolution.inputs[i] ? cast(a, resolution.inputs[i], "implicit") : a));
    const output = column(resolution.output, resolution.nullable);
    return { output, partition, order, args: casts, compute: resolution.compute };
  }
  if (definition.kind === "aggregate") {
    const call = aggregateCall({ ...block, aggregates: "allowed" }, definition, name, args, false);
    const frame = spec.frame ?? (order.length === 0 ? ENTIRE : UP_TO_PEERS);
    return {
      output: column(call.type, call.nullable),
      partition,
      order,
      args: call.args,
      compute: undefined,
      call,
      frame,
    };
  }
  throw new SluiceError("UNSUPPORTED_EXPR_FOR_WINDOW", { sqlExpr: `"${name}()"` });
}

function frameOf(block: Block, message: Expression_Window_WindowFrame, order: readonly SortOrder[]): WindowFrame {
  const unit = message.frameType === Expression_Window_WindowFrame_FrameType.ROW ? "rows" : "range";
  const bound = (side: "lower" | "upper"): number => {
    const boundary = message[side]?.boundary;
    if (boundary === undefined || boundary.case === undefined || boundary.case === "currentRow") return 0;
    if (boundary.case === "unbounded") return side === "lower" ? -Infinity : Infinity;
    const value = constantOf(block, resolve(block, boundary.value))?.value;
    if (typeof value !== "number" && typeof value !== "bigint") {
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: "A window frame's bound that is not a constant number",
        where: "",
        hint: "Use UNBOUNDED PRECEDING, CURRENT ROW or a number of rows.",
      });
    }
    return Number(value);
  };
  const frame: WindowFrame = { unit, lower: bound("lower"), upper: bound("upper") };
  if (frame.lower > frame.upper) {
    throw new SluiceError("WINDOW_FRAME_BOUNDS", { lower: String(frame.lower), upper: String(frame.upper) });
  }
  const offsets = [frame.lower, frame.upper].some((b) => Number.isFinite(b) && b !== 0);
  if (unit === "range" && offsets && (order.length !== 1 || !isNumeric(order[0].expression.type))) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "RANGE with an offset over this ORDER BY",
      where: "",
      hint: "Order by exactly one number, or use ROWS.",
    });
  }
  return frame;
}

/** The call as Spark prints it: ranks in capitals, lag and lead with all their arguments. */
function printedCall(name: string, args: readonly string[]): string {
  if (name === "rank" || name === "dense_rank" || name === "percent_rank") return `${name.toUpperCase()}()`;
  if (name === "lag" || name === "lead") return `${name}(${[args[0], args[1] ?? "1", args[2] ?? "NULL"].join(", ")})`;
  return `${name}(${args.join(", ")})`;
}

/** The frame of a window without one. */
function impliedFrame(
  name: string,
  args: readonly TypedExpression[],
  definition: FunctionDefinition,
  order: readonly SortOrder[],
): WindowFrame {
  if (name === "lag" || name === "lead") {
    const given = args[1]?.kind === "literal" ? Number(args[1].value) : 1;
    const offset = name === "lag" ? -given : given;
    return { unit: "rows", lower: offset, upper: offset };
  }
  if (definition.kind === "window") return { unit: "rows", lower: -Infinity, upper: 0 };
  return order.length === 0 ? ENTIRE : UP_TO_PEERS;
}

function specText(
  block: Block,
  partition: readonly TypedExpression[],
  order: readonly SortOrder[],
  frame: WindowFrame,
): string {
  const parts: string[] = [];
  if (partition.length > 0) {
    parts.push(`PARTITION BY ${partition.map((e) => prettyName(e, block.session)).join(", ")}`);
  }
  if (order.length > 0) parts.push(`ORDER BY ${order.map((o) => sortOrderText(block, o)).join(", ")}`);
  // Spark writes the one-row frame of lag and lead as so many rows FOLLOWING, below zero for lag.
  const isShift = frame.lower === frame.upper && frame.lower !== 0;
  const bounds = isShift
    ? `${frame.lower} FOLLOWING AND ${frame.upper} FOLLOWING`
    : `${boundText(frame.lower)} AND ${boundText(frame.upper)}`;
  parts.push(`${frame.unit.toUpperCase()} BETWEEN ${bounds}`);
  return parts.join(" ");
}

function boundText(bound: number): string {
  if (bound === 0) return "CURRENT ROW";
  const side = bound < 0 ? "PRECEDING" : "FOLLOWING";
  return Number.isFinite(bound) ? `${Math.abs(bound)} ${side}` : `UNBOUNDED ${side}`;
}

/** The plan with the results of window functions after its own columns; functions over the same window share a node. */
export function applyWindows(block: Block, input: PlanNode, uses: readonly WindowUse[]): PlanNode {
  const groups: WindowUse[][] = [];
  for (const use of uses) {
    const group = groups.find((g) => sameWindow(g[0], use));
    if (group) group.push(use);
    else groups.push([use]);
  }
  return groups.reduce((plan, group) => windowNode(block, plan, group), input);
}

function sameWindow(a: WindowUse, b: WindowUse): boolean {
  return (
    a.partition.length === b.partition.length &&
    a.order.length === b.order.length &&
    a.partition.every((e, i) => sameExpression(e, b.partition[i])) &&
    a.order.every(
      (o, i) =>
        sameExpression(o.expression, b.order[i].expression) &&
        o.descending === b.order[i].descending &&
        o.nullsFirst === b.order[i].nullsFirst,
    )
  );
}

function windowNode(block: Block, input: PlanNode, group: readonly WindowUse[]): WindowNode {
  return {
    kind: "window",
    output: [...input.output, ...group.map((u) => u.output)],
    input,
    partition: group[0].partition,
    order: group[0].order,
    functions: group.map((use) => ({ output: use.output, args: argsOf(use), compute: computeOf(block, use) })),
  };
}

/** RANGE frames with offsets look at the order's value too: it comes after the aggregate's own arguments. */
function argsOf(use: WindowUse): readonly TypedExpression[] {
  return use.frame?.unit === "range" && use.order.length === 1 ? [...use.args, use.order[0].expression] : use.args;
}

function computeOf(block: Block, use: WindowUse): WindowNode["functions"][number]["compute"] {
  if (use.compute !== undefined) return use.compute;
  const make = block.session.context.windowAggregate;
  if (make === undefined || use.call === undefined || use.frame === undefined) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "An aggregate function with OVER",
      where: " in this session",
      hint: "Aggregate with groupBy and join the result.",
    });
  }
  return make(use.call, use.frame);
}
