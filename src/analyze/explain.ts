/** Plans as text, in the manner of Spark's explain. Secrets among options are shown as `***`. */
import { sqlType } from "../types/print.ts";
import type { DataType } from "../types/types.ts";
import type { MapValue, Value } from "../types/values.ts";
import type { Attribute, NamedExpression, TypedExpression } from "./expression.ts";
import { dateText, dayTimeText, decimalText, timestampText, yearMonthText } from "./literal-text.ts";
import type { PlanNode, SortOrder } from "./plan.ts";
import { doubleText } from "./print.ts";
import { inputsOf } from "./walk.ts";

const SECRET = /password|secret|token|jaas|credential|access.?key|private.?key|keystore\.key|\.pem$/i;

/** An option's value as it may be shown. */
export function shownOption(name: string, value: string): string {
  if (SECRET.test(name)) return "***";
  // A URL may carry user and password.
  return value.replace(/(\w+:\/\/[^\s:/@]*):[^\s/@]*@/g, "$1:***@");
}

/**
 * The plan as a tree, one line a node, inputs indented below.
 *
 * @example
 * Aggregate [device#1], [device#1, avg(temp#2) AS avg(temp)#5]
 * +- Scan kafka [device#1, temp#2], {subscribe=t}
 */
export function explainPlan(plan: PlanNode): string {
  const lines: string[] = [];
  write(plan, "", "", lines);
  return lines.join("\n");
}

/** The sections of `explain(true)`. `parsed` is the unresolved plan's text, when there is one. */
export function explainSections(sections: { parsed?: string; analyzed: PlanNode; optimized: PlanNode }): string {
  const { parsed, analyzed, optimized } = sections;
  const columns = analyzed.output.map((a) => `${a.name}: ${sqlType(a.type).toLowerCase()}`).join(", ");
  return [
    ...(parsed === undefined ? [] : ["== Parsed Logical Plan ==", parsed, ""]),
    "== Analyzed Logical Plan ==",
    columns,
    explainPlan(analyzed),
    "",
    "== Optimized Logical Plan ==",
    explainPlan(optimized),
  ].join("\n");
}

function write(plan: PlanNode, first: string, rest: string, lines: string[]): void {
  lines.push(`${first}${nodeText(plan)}`);
  const inputs = inputsOf(plan);
  inputs.forEach((input, i) => {
    const isLast = i === inputs.length - 1;
    write(input, `${rest}${isLast ? "+- " : ":- "}`, `${rest}${isLast ? "   " : ":  "}`, lines);
  });
}

function list(attributes: readonly Attribute[]): string {
  return `[${attributes.map(reference).join(", ")}]`;
}

/** `name#id`, with `-T<delay>` for a column that has a watermark, as in Spark. */
function reference(a: Attribute): string {
  return `${a.name}#${a.id}${a.watermarkDelayUs === undefined ? "" : `-T${a.watermarkDelayUs / 1000}ms`}`;
}

/** One node, without its inputs. */
export function nodeText(plan: PlanNode): string {
  switch (plan.kind) {
    case "local":
      return `LocalRelation ${list(plan.output)}, ${plan.rows.length} rows`;
    case "range":
      return `Range (${plan.start}, ${plan.end}, step=${plan.step}) ${list(plan.output)}`;
    case "scan": {
      const options = [...plan.options].map(([k, v]) => `${k}=${shownOption(k, v)}`);
      const place = [...plan.paths, ...options].join(", ");
      return `${plan.streaming ? "StreamingScan" : "Scan"} ${plan.format} ${list(plan.output)}, {${place}}`;
    }
    case "cached":
      return `Cached ${plan.name} ${list(plan.output)}`;
    case "project":
      return `Project [${plan.expressions.map(namedText).join(", ")}]`;
    case "filter":
      return `Filter ${expressionText(plan.condition)}`;
    case "jsonDecode":
      return `JsonDecode ${reference(plan.source)} -> ${list(plan.fields.map((f) => f.attribute))}`;
    case "watermark":
      return `EventTimeWatermark ${reference(plan.column)}, ${plan.delayUs / 1000} milliseconds`;
    case "expand":
      return `Expand [${plan.projections.map((p) => `[${p.map(expressionText).join(", ")}]`).join(", ")}], ${list(plan.output)}`;
    case "generate":
      return `Generate (${plan.args.map(expressionText).join(", ")}), outer=${plan.outer}, ${list(plan.generated)}`;
    case "aggregate": {
      const calls = plan.aggregates.map((a) => `${expressionText(a.call)} AS ${reference(a.output)}`);
      const session =
        plan.sessionColumn === undefined ? "" : `, session ${plan.grouping[plan.sessionColumn].output.name}`;
      return `Aggregate${stateText(plan.operatorId)} [${plan.grouping.map(namedText).join(", ")}], [${calls.join(", ")}]${session}`;
    }
    case "deduplicate":
      return `Deduplicate${plan.withinWatermark ? "WithinWatermark" : ""}${stateText(plan.operatorId)} ${list(plan.keys)}`;
    case "join": {
      const keys = plan.keys.map(
        (k) => `(${expressionText(k.left)} ${k.nullSafe ? "<=>" : "="} ${expressionText(k.right)})`,
      );
      const condition = [...keys, ...(plan.residual ? [expressionText(plan.residual)] : [])].join(" AND ");
      const type = plan.joinType.charAt(0).toUpperCase() + plan.joinType.slice(1);
      return `Join${stateText(plan.operatorId)} ${type}${condition === "" ? "" : `, ${condition}`}`;
    }
    case "union":
      return `Union ${list(plan.output)}`;
    case "sort":
      return `Sort [${plan.order.map(orderText).join(", ")}]`;
    case "limit":
      return `Limit${stateText(plan.operatorId)} ${plan.count}${plan.offset > 0 ? `, offset ${plan.offset}` : ""}`;
    case "tail":
      return `Tail ${plan.count}`;
    case "sample":
      return `Sample ${plan.lower}, ${plan.upper}, ${plan.withReplacement}, ${plan.seed}`;
    case "window":
      return `Window ${list(plan.functions.map((f) => f.output))}, [${plan.partition.map(expressionText).join(", ")}], [${plan.order.map(orderText).join(", ")}]`;
    case "observe":
      return `CollectMetrics ${plan.name}, [${plan.metrics.map((m) => expressionText(m.call)).join(", ")}]`;
  }
}

function stateText(operatorId: number | undefined): string {
  return operatorId === undefined ? "" : ` (state ${operatorId})`;
}

function namedText({ expression, output }: NamedExpression): string {
  if (expression.kind === "attribute" && expression.id === output.id) return reference(output);
  return `${expressionText(expression)} AS ${reference(output)}`;
}

function orderText(o: SortOrder): string {
  return `${expressionText(o.expression)} ${o.descending ? "DESC" : "ASC"} NULLS ${o.nullsFirst ? "FIRST" : "LAST"}`;
}

/** An expression with the ids of its columns. */
export function expressionText(e: TypedExpression): string {
  switch (e.kind) {
    case "attribute":
      return reference(e);
    case "variable":
      return `lambda ${e.name}#${e.id}`;
    case "literal":
      return literalText(e.type, e.value);
    case "call": {
      const args = e.args.map(expressionText);
      return e.fn.prettyName ? e.fn.prettyName(args) : `${e.fn.name}(${args.join(", ")})`;
    }
    case "cast":
      return `${e.mode === "try" ? "try_cast" : "cast"}(${expressionText(e.child)} as ${sqlType(e.type).toLowerCase()})`;
    case "field":
      return `${expressionText(e.child)}.${e.name}`;
    case "lambda":
      return `lambda(${e.parameters.map((p) => p.name).join(", ")} -> ${expressionText(e.body)})`;
    case "aggregate": {
      const call = `${e.fn.name}(${e.distinct ? "distinct " : ""}${e.args.map(expressionText).join(", ")})`;
      return e.filter ? `${call} FILTER (WHERE ${expressionText(e.filter)})` : call;
    }
    case "script":
      return `${e.name}(${e.args.map(expressionText).join(", ")})`;
    case "subquery":
      return `scalar-subquery(${oneLine(e.plan)})`;
    case "inSubquery":
      return `${expressionText(e.value)} IN (${oneLine(e.plan)})`;
  }
}

function oneLine(plan: PlanNode): string {
  return [nodeText(plan), ...inputsOf(plan).map(oneLine)].join(" <- ");
}

const TEXT_MAX = 100;

/** A constant as in SQL; long ones are cut. */
export function literalText(type: DataType, value: Value): string {
  if (value === null) return "null";
  switch (type.kind) {
    case "string": {
      const text = String(value);
      return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
    }
    case "date":
      return dateText(Number(value));
    case "timestamp":
    case "timestamp_ntz":
      return timestampText(value as number | bigint, "UTC");
    case "daytime_interval":
      return dayTimeText(value as number | bigint, type.start, type.end);
    case "yearmonth_interval":
      return yearMonthText(Number(value), type.start, type.end);
    case "decimal":
      return decimalText(value as number | bigint, type.scale);
    case "float":
    case "double":
      return doubleText(Number(value));
    case "binary":
      return `0x${Buffer.from(value as Uint8Array).toString("hex")}`;
    case "array":
      return `[${(value as Value[]).map((v) => literalText(type.elementType, v)).join(",")}]`;
    case "struct":
      return `[${type.fields.map((f, i) => literalText(f.type, (value as Value[])[i])).join(",")}]`;
    case "map": {
      const map = value as MapValue;
      const entries = map.keys.map((k, i) => {
        const key = literalText(type.keyType, k);
        const text = literalText(type.valueType, map.values[i]);
        return `${key} -> ${shownOption(key, text)}`;
      });
      return `map(${entries.join(", ")})`;
    }
    default:
      return String(value);
  }
}
