/** `window`, `session_window` and `window_time`: windows of event time as columns. */
import { SluiceError } from "../errors/error.ts";
import type { ScalarFunction } from "../functions/definition.ts";
import type { Expression } from "../plan/messages.ts";
import { implicitCast } from "../types/coercion.ts";
import { sqlType } from "../types/print.ts";
import { type DataType, field, LONG, STRING, type StructType, struct } from "../types/types.ts";
import type { Block, TimeWindowUse } from "./block.ts";
import { callNamed, constantOf, scalarCall } from "./calls.ts";
import { sameExpression } from "./equality.ts";
import type { Attribute, NamedExpression, TypedExpression } from "./expression.ts";
import { cast, resolve } from "./expressions.ts";
import { parseDelayUs } from "./interval.ts";
import { constant } from "./literal.ts";
import type { PlanNode } from "./plan.ts";
import { prettyName } from "./print.ts";

/** Marks a column made by `window(…)`; as in Spark's column metadata. */
export const TIME_WINDOW_KEY = "spark.timeWindow";
export const SESSION_WINDOW_KEY = "spark.sessionWindow";

const FUNCTIONS = new Set(["window", "session_window", "window_time"]);

export function isTimeWindowFunction(name: string): boolean {
  return FUNCTIONS.has(name);
}

export function isTimeWindow(attribute: Attribute): boolean {
  return attribute.metadata?.[TIME_WINDOW_KEY] === true || attribute.metadata?.[SESSION_WINDOW_KEY] === true;
}

export function windowType(time: DataType): StructType {
  return struct(field("start", time), field("end", time));
}

export function resolveTimeWindow(block: Block, name: string, messages: readonly Expression[]): TypedExpression {
  const args = messages.map((m) => resolve(block, m));
  if (name === "window_time") return windowTimeOf(block, args);
  const [min, max] = name === "window" ? [2, 4] : [2, 2];
  if (args.length < min || args.length > max) {
    throw new SluiceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
      functionName: name,
      expectedNum: min === max ? String(min) : `${min} to ${max}`,
      actualNum: args.length,
      args: name === "window" ? "time, size, slide, start" : "time, gap",
    });
  }
  const time = timeOf(block, name, args[0]);
  if (name === "session_window") {
    const gap = constantOf(block, args[1]);
    if (gap === undefined)
      return placed(block, {
        time,
        kind: "session",
        sizeUs: 0,
        slideUs: 0,
        startUs: 0,
        gap: cast(args[1], { kind: "daytime_interval", start: 0, end: 3 }, "implicit"),
      });
    const sizeUs = durationOf(block, name, args[1]);
    return placed(block, { time, kind: "session", sizeUs, slideUs: sizeUs, startUs: 0 });
  }
  const sizeUs = durationOf(block, name, args[1]);
  const slideUs = args[2] ? durationOf(block, name, args[2]) : sizeUs;
  const startUs = args[3] ? durationOf(block, name, args[3]) : 0;
  checkDurations(sizeUs, slideUs, startUs);
  return placed(block, { time, kind: "time", sizeUs, slideUs, startUs });
}

/** The event time of a window's argument: a timestamp, or the end of a window that was made before. */
function timeOf(block: Block, name: string, arg: TypedExpression): TypedExpression {
  if (arg.kind === "attribute" && isTimeWindow(arg)) return windowTimeOf(block, [arg]);
  const type = implicitCast(arg.type, "anyTimestamp");
  if (type === undefined) {
    throw new SluiceError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
      sqlExpr: `"${name}(${prettyName(arg, block.session)})"`,
      paramIndex: "first",
      requiredType: '("TIMESTAMP" or "TIMESTAMP_NTZ")',
      inputSql: `"${prettyName(arg, block.session)}"`,
      inputType: `"${sqlType(arg.type)}"`,
    });
  }
  return cast(arg, type, "implicit");
}

function durationOf(block: Block, name: string, arg: TypedExpression): number {
  const value = constantOf(block, arg)?.value;
  if (typeof value === "string") return parseDelayUs(value);
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
    sqlExpr: `"${name}"`,
    inputName: "duration",
    inputType: '"INTERVAL"',
    inputExpr: `"${prettyName(arg, block.session)}"`,
  });
}

function checkDurations(sizeUs: number, slideUs: number, startUs: number): void {
  const violated = (left: string, leftValue: number, constraint: string, right: string, rightValue: number): never => {
    throw new SluiceError("DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", {
      sqlExpr: '"window"',
      leftExprName: left,
      leftExprValue: leftValue,
      constraint,
      rightExprName: right,
      rightExprValue: rightValue,
    });
  };
  if (sizeUs <= 0) violated("window_duration", sizeUs, "be greater than", "0", 0);
  if (slideUs <= 0) violated("slide_duration", slideUs, "be greater than", "0", 0);
  if (slideUs > sizeUs) violated("slide_duration", slideUs, "be less than or equal to", "window_duration", sizeUs);
  if (Math.abs(startUs) >= slideUs) violated("abs(start_time)", startUs, "be less than", "slide_duration", slideUs);
}

/** Notes the window as a column to be made below, and returns that column. Equal windows share one. */
function placed(block: Block, use: Omit<TimeWindowUse, "output">): Attribute {
  const { timeWindows } = block.pending;
  for (const known of timeWindows) {
    if (
      known.kind === use.kind &&
      known.sizeUs === use.sizeUs &&
      known.slideUs === use.slideUs &&
      known.startUs === use.startUs &&
      !known.gap === !use.gap &&
      sameExpression(known.time, use.time) &&
      (!known.gap || !use.gap || sameExpression(known.gap, use.gap))
    ) {
      return known.output;
    }
  }
  if (timeWindows.length > 0) {
    throw new SluiceError("MULTIPLE_TIME_WINDOWS", {});
  }
  const { time } = use;
  const delay = time.kind === "attribute" ? time.watermarkDelayUs : watermarkOfWindowTime(time);
  const name = use.kind === "time" ? "window" : "session_window";
  // Sliding windows come out of an Expand, whose columns Spark takes to be nullable.
  const isSliding = use.kind === "time" && use.slideUs < use.sizeUs;
  const output = block.session.attribute(name, windowType(time.type), isSliding, {
    ...(isSliding && { isPresent: true }),
    metadata: { [use.kind === "time" ? TIME_WINDOW_KEY : SESSION_WINDOW_KEY]: true },
    ...(delay === undefined ? {} : { watermarkDelayUs: delay }),
  });
  timeWindows.push({ ...use, output });
  return output;
}

function watermarkOfWindowTime(time: TypedExpression): number | undefined {
  if (time.kind !== "call" || time.fn.name !== "window_time") return undefined;
  const [window] = time.args;
  return window.kind === "attribute" ? window.watermarkDelayUs : undefined;
}

/** `window_time(window)`: the last microsecond of a window, so that windows can be windowed again. */
const windowTime: ScalarFunction = {
  kind: "scalar",
  name: "window_time",
  group: "datetime",
  doc: { summary: "The event time of a window: its end less one microsecond.", args: "window_column", examples: [] },
  resolve: (args) => ({
    inputs: [args[0].type],
    output: args[0].type.kind === "struct" ? args[0].type.fields[1].type : args[0].type,
    nullable: true,
    evaluation: { nulls: "propagate", emit: (e, [window]) => `(${window}[1] - ${e.wide ? "1n" : "1"})` },
  }),
};

function windowTimeOf(block: Block, args: readonly TypedExpression[]): TypedExpression {
  const [window] = args;
  if (args.length !== 1 || window.kind !== "attribute" || !isTimeWindow(window)) {
    throw new SluiceError("WINDOW_TIME_NOT_WINDOW_COLUMN", {
      windowExpr: `"${args.map((a) => prettyName(a, block.session)).join(", ")}"`,
    });
  }
  return scalarCall(block, windowTime, "window_time", [window]);
}

/**
 * window_start(time, slide, offset, back): the start of the window that holds a timestamp, `back` microseconds before the
 * newest one. Spark's arithmetic: time − floorMod(time − offset, slide) − back.
 */
const windowStart: ScalarFunction = {
  kind: "scalar",
  name: "window_start",
  group: "datetime",
  doc: {
    summary: "The start of the window of time that a timestamp falls into.",
    args: "time, slide, offset, back",
    examples: [],
  },
  resolve: (args) => ({
    inputs: args.map((a) => a.type),
    output: args[0].type,
    nullable: args[0].nullable,
    evaluation: {
      nulls: "propagate",
      emit(e, [time, slide, offset, back]) {
        if (e.wide) {
          const rest = e.fresh("intoSlide");
          e.line(`const ${rest} = (${time} - ${offset}) % ${slide};`);
          return `${time} - (${rest} < 0n ? ${rest} + ${slide} : ${rest}) - ${back}`;
        }
        // `%` on numbers beyond 32 bits is a call of fmod. The quotient is at most one too high, when it was rounded up to
        // a whole number; all else here is exact.
        const since = e.fresh("since");
        const start = e.fresh("slide");
        e.line(`const ${since} = ${time} - ${offset};`);
        e.line(`let ${start} = Math.floor(${since} / ${slide}) * ${slide};`);
        e.line(`if (${start} > ${since}) ${start} -= ${slide};`);
        return `${start} + ${offset} - ${back}`;
      },
    },
  }),
};

/** window_end(start, size): the end of the window with a given start. */
const windowEnd: ScalarFunction = {
  kind: "scalar",
  name: "window_end",
  group: "datetime",
  doc: { summary: "The end of the window of time with a given start.", args: "start, size", examples: [] },
  resolve: (args) => ({
    inputs: args.map((a) => a.type),
    output: args[0].type,
    nullable: args[0].nullable,
    evaluation: { nulls: "propagate", inline: true, emit: (_, [start, size]) => `${start} + ${size}` },
  }),
};

const micros = (value: number): TypedExpression => constant(LONG, value);

/** A window as a struct of its bounds, so that whoever reads a bound doesn't need the struct. */
function boundsOf(block: Block, start: TypedExpression, end: TypedExpression): TypedExpression {
  return callNamed(block, "named_struct", constant(STRING, "start"), start, constant(STRING, "end"), end);
}

/** The `index`-th window that holds the time, counted back from the newest. */
function windowOf(block: Block, use: TimeWindowUse, index: number): TypedExpression {
  const { time, slideUs, startUs, sizeUs } = use;
  const args = [time, micros(slideUs), micros(startUs), micros(index * slideUs)];
  const start = scalarCall(block, windowStart, "window_start", args);
  return boundsOf(block, start, scalarCall(block, windowEnd, "window_end", [start, micros(sizeUs)]));
}

/** The session that a row starts by itself: from its time to its time and the gap. */
function sessionOf(block: Block, { time, gap, sizeUs }: TimeWindowUse): TypedExpression {
  return boundsOf(block, time, scalarCall(block, windowEnd, "window_end", [time, gap ?? micros(sizeUs)]));
}

/** The plan with the window's column after its own; rows without a time, or in no window, are dropped. */
export function applyTimeWindows(block: Block, input: PlanNode, uses: readonly TimeWindowUse[]): PlanNode {
  return uses.reduce((plan, use) => applyOne(block, plan, use), input);
}

function applyOne(block: Block, input: PlanNode, use: TimeWindowUse): PlanNode {
  const notNull = callNamed(block, "isnotnull", use.time);
  const source: PlanNode = use.time.nullable
    ? { kind: "filter", output: input.output, input, condition: notNull }
    : input;
  const output = [...input.output, use.output];
  const passed = input.output.map((a): NamedExpression => ({ expression: a, output: a }));
  if (use.kind === "session") {
    const made = sessionOf(block, use);
    return dropEmptySessions(
      block,
      { kind: "project", output, input: source, expressions: [...passed, { expression: made, output: use.output }] },
      use,
    );
  }
  const count = Math.ceil(use.sizeUs / use.slideUs);
  const windows = Array.from({ length: count }, (_, i) => windowOf(block, use, i));
  if (count === 1) {
    return {
      kind: "project",
      output,
      input: source,
      expressions: [...passed, { expression: windows[0], output: use.output }],
    };
  }
  const projections = windows.map((w) => [...input.output, w]);
  const expanded: PlanNode = { kind: "expand", output, input: source, projections };
  if (use.sizeUs % use.slideUs === 0) return expanded;
  const condition = callNamed(block, "<", use.time, endOf(use.output));
  return { kind: "filter", output, input: expanded, condition };
}

function endOf(window: Attribute): TypedExpression {
  const type = window.type as StructType;
  return { kind: "field", child: window, ordinal: 1, name: "end", type: type.fields[1].type, nullable: true };
}

function dropEmptySessions(block: Block, input: PlanNode, use: TimeWindowUse): PlanNode {
  if (use.gap === undefined && use.sizeUs > 0) return input;
  const type = use.output.type as StructType;
  const start: TypedExpression = {
    kind: "field",
    child: use.output,
    ordinal: 0,
    name: "start",
    type: type.fields[0].type,
    nullable: true,
  };
  return { kind: "filter", output: input.output, input, condition: callNamed(block, ">", endOf(use.output), start) };
}
