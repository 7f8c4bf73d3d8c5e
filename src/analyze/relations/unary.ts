/** Relations with one input that leave its columns as they are. */
import { SluiceError } from "../../errors/error.ts";
import type {
  CollectMetrics,
  Deduplicate,
  Limit,
  Offset,
  Sample,
  SubqueryAlias,
  Tail,
  WithWatermark,
} from "../../plan/messages.ts";
import { sqlType } from "../../types/print.ts";
import type { DataType } from "../../types/types.ts";
import { refusePending } from "../block.ts";
import type { Attribute } from "../expression.ts";
import { resolveItem, resolveName } from "../expressions.ts";
import { quoted } from "../identifier.ts";
import { parseDelayUs } from "../interval.ts";
import type { ObserveNode } from "../plan.ts";
import { analyzeRelation, blockOf, type Place, passing } from "../relation.ts";
import { type Resolved, unresolvedColumn } from "../scope.ts";

function checkCount(name: string, count: number): void {
  if (count < 0) throw new SluiceError("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", { name, v: count });
}

export function limit(place: Place, message: Limit): Resolved {
  checkCount("limit", message.limit);
  const input = analyzeRelation(place, message.input);
  const { plan } = input;
  if (plan.kind === "limit" && plan.count === Infinity) {
    return passing(input, { ...plan, count: message.limit });
  }
  return passing(input, {
    kind: "limit",
    output: plan.output,
    input: plan,
    offset: 0,
    count: message.limit,
    operatorId: undefined,
  });
}

export function offset(place: Place, message: Offset): Resolved {
  checkCount("offset", message.offset);
  const input = analyzeRelation(place, message.input);
  return passing(input, {
    kind: "limit",
    output: input.plan.output,
    input: input.plan,
    offset: message.offset,
    count: Infinity,
    operatorId: undefined,
  });
}

export function tail(place: Place, message: Tail): Resolved {
  checkCount("tail", message.limit);
  const input = analyzeRelation(place, message.input);
  return passing(input, { kind: "tail", output: input.plan.output, input: input.plan, count: message.limit });
}

export function sample(place: Place, message: Sample): Resolved {
  const input = analyzeRelation(place, message.input);
  const { lowerBound: lower, upperBound: upper, withReplacement = false } = message;
  if (!(lower >= 0) || !(upper >= lower) || (!withReplacement && upper > 1)) {
    throw new SluiceError("INVALID_SAMPLE_FRACTION", { fraction: upper - lower });
  }
  return passing(input, {
    kind: "sample",
    output: input.plan.output,
    input: input.plan,
    lower,
    upper,
    withReplacement,
    seed: message.seed ?? 0n,
  });
}

export function subqueryAlias(place: Place, message: SubqueryAlias): Resolved {
  const input = analyzeRelation(place, message.input);
  const qualifier = [...message.qualifier, message.alias];
  const output = input.output.map((a) => ({ ...a, qualifier }));
  const outputs = new Map([...input.planIds]);
  return { plan: input.plan, output, planIds: outputs };
}

export function deduplicate(place: Place, message: Deduplicate): Resolved {
  const input = analyzeRelation(place, message.input);
  const { session } = place;
  const all = message.allColumnsAsKeys === true || message.columnNames.length === 0;
  const keys = all
    ? input.output
    : message.columnNames.flatMap((name) => {
        const found = input.output.filter((a) => session.sameName(a.name, name));
        if (found.length === 0) throw unresolvedColumn([name], input.output);
        return found;
      });
  for (const key of keys) {
    if (key.type.kind !== "map") continue;
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `Removing duplicates by ${quoted(key.name)}, a MAP,`,
      where: "",
      hint: "Name other columns as keys, or turn the map into an array of its entries first.",
    });
  }
  const plan = {
    kind: "deduplicate",
    output: input.plan.output,
    input: input.plan,
    keys: [...new Map(keys.map((k) => [k.id, k])).values()],
    withinWatermark: message.withinWatermark === true,
    operatorId: undefined,
  } as const;
  return { plan, output: input.output, planIds: input.planIds };
}

export function watermark(place: Place, message: WithWatermark): Resolved {
  const input = analyzeRelation(place, message.input);
  const { expression } = resolveName(blockOf(place, input), message.eventTime, undefined);
  if (expression.kind !== "attribute") {
    throw new SluiceError("EVENT_TIME_MUST_BE_TOP_LEVEL_COLUMN", { eventExpr: `"${message.eventTime}"` });
  }
  if (!isEventTime(expression.type)) {
    throw new SluiceError("EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", {
      eventName: `"${expression.name}"`,
      eventType: `"${sqlType(expression.type)}"`,
    });
  }
  const delayUs = parseDelayUs(message.delayThreshold, true);
  if (delayUs < 0) {
    throw new SluiceError("INVALID_WATERMARK_DELAY", { delayThreshold: message.delayThreshold });
  }
  // Event time is kept to the millisecond: Spark rounds the delay down to one.
  const delay = Math.floor(delayUs / 1000) * 1000;
  const marked = (a: Attribute): Attribute => {
    const { watermarkDelayUs: _, ...rest } = a;
    return a.id === expression.id ? { ...rest, watermarkDelayUs: delay } : rest;
  };
  const output = input.plan.output.map(marked);
  const column = output.find((a) => a.id === expression.id) as Attribute;
  return {
    ...input,
    plan: { kind: "watermark", output, input: input.plan, column, delayUs: delay },
    output: input.output.map(marked),
  };
}

/** A timestamp, or a window of time, whose end then counts. */
function isEventTime(type: DataType): boolean {
  if (type.kind === "timestamp" || type.kind === "timestamp_ntz") return true;
  return type.kind === "struct" && type.fields.some((f) => f.name === "end" && isEventTime(f.type));
}

export function observe(place: Place, message: CollectMetrics, planId: bigint): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const metrics = message.metrics
    .flatMap((m) => resolveItem(block, m))
    .map((n): ObserveNode["metrics"][number] => {
      if (n.expression.kind === "aggregate") return { call: n.expression, output: n.output };
      throw new SluiceError("INVALID_OBSERVED_METRICS", { name: n.output.name });
    });
  refusePending(block, "observe");
  const { name } = message;
  return passing(input, { kind: "observe", output: input.plan.output, input: input.plan, name, planId, metrics });
}
