/**
 * Where a source's bad records are to be taken out of the stream, each from_json over its rows gets to know which record
 * it reads: the scan numbers the records of a batch, and the number goes along as a column up to the calls.
 */
import { SluiceError } from "../../errors/error.ts";
import { rejectingFromJson } from "../../functions/json/rejecting.ts";
import { INT, map, STRING } from "../../types/types.ts";
import { MapValue } from "../../types/values.ts";
import type { AggregateCall, Attribute, Call, NamedExpression, TypedExpression } from "../expression.ts";
import type { Ids, OptimizeContext } from "../optimize.ts";
import type { AggregateNode, GenerateNode, PlanNode, ScanNode } from "../plan.ts";
import {
  expressionsIn,
  expressionsOf,
  mapExpressions,
  mapInputs,
  mapParts,
  nodesOf,
  rewriteExpression,
} from "../walk.ts";
import { exactly, passing } from "./prune.ts";

/** from_json with its fourth and fifth argument: the record's number and the source's. */
export function isRejecting(e: TypedExpression): e is Call {
  return e.kind === "call" && e.fn.name === "from_json" && e.args.length === 5;
}

export function holdsRejecting(e: TypedExpression): boolean {
  for (const part of expressionsIn(e)) if (isRejecting(part)) return true;
  return false;
}

/** @throws UNSUPPORTED_FEATURE where a record is no longer known */
export function rejectBadRecords(plan: PlanNode, context: OptimizeContext, ids: Ids): PlanNode {
  const records = new Map<number, Attribute>();
  for (const node of nodesOf(plan)) {
    if (node.kind === "scan" && context.numberedSchema?.(node) !== undefined) records.set(node.id, recordOf(ids));
  }
  return records.size === 0 ? plan : new Threading(context, ids, records, originsOf(plan, records)).visit(plan, false);
}

function recordOf(ids: Ids): Attribute {
  return { kind: "attribute", id: ids.next(), name: "record", type: INT, nullable: false, qualifier: [] };
}

/** Which of the sources each column comes from. */
function originsOf(plan: PlanNode, records: ReadonlyMap<number, Attribute>): Map<number, number> {
  const origins = new Map<number, number>();
  const derive = (output: Attribute, from: readonly TypedExpression[]): void => {
    const origin = from.map((e) => originOf(e, origins)).find((o) => o !== undefined);
    if (origin !== undefined) origins.set(output.id, origin);
  };
  for (const node of nodesOf(plan)) {
    switch (node.kind) {
      case "scan":
        if (records.has(node.id)) for (const a of node.output) origins.set(a.id, node.id);
        break;
      case "project":
        for (const n of node.expressions) derive(n.output, [n.expression]);
        break;
      case "aggregate":
        for (const n of node.grouping) derive(n.output, [n.expression]);
        for (const a of node.aggregates) derive(a.output, [a.call]);
        break;
      case "generate":
        for (const a of node.generated) derive(a, node.args);
        break;
      case "expand":
        node.output.forEach((a, i) => {
          const made = node.projections.map((p) => p[i]);
          derive(a, made);
        });
        break;
      case "union":
        node.output.forEach((a, i) => {
          const made = node.inputs.map((input) => input.output[i]);
          derive(a, made);
        });
        break;
      default:
    }
  }
  return origins;
}

function originOf(e: TypedExpression, origins: ReadonlyMap<number, number>): number | undefined {
  for (const part of expressionsIn(e)) {
    const origin = part.kind === "attribute" ? origins.get(part.id) : undefined;
    if (origin !== undefined) return origin;
  }
  return undefined;
}

class Threading {
  private readonly context: OptimizeContext;
  private readonly ids: Ids;
  private readonly records: ReadonlyMap<number, Attribute>;
  private readonly origins: ReadonlyMap<number, number>;

  constructor(
    context: OptimizeContext,
    ids: Ids,
    records: ReadonlyMap<number, Attribute>,
    origins: ReadonlyMap<number, number>,
  ) {
    this.context = context;
    this.ids = ids;
    this.records = records;
    this.origins = origins;
  }

  /** @param wanted the record's number must be among the output */
  visit(node: PlanNode, wanted: boolean): PlanNode {
    const decodes = expressionsOf(node).some((e) => this.decodes(e));
    switch (node.kind) {
      case "scan":
        return wanted ? this.numbered(node) : node;
      case "project":
      case "filter":
      case "expand": {
        const input = this.visit(node.input, wanted || decodes);
        const record = this.recordIn(input);
        const changed = mapExpressions({ ...node, input }, (e) => this.rejecting(e)) as typeof node;
        return withRecord(changed, wanted ? record : undefined);
      }
      case "watermark":
      case "sample":
      case "observe":
        if (decodes) throw lost();
        return passing(node, this.visit(node.input, wanted));
      case "generate": {
        if (decodes) return this.visit(this.hoisted(node), wanted);
        const input = this.visit(node.input, wanted);
        return { ...node, input, output: [...input.output, ...node.generated] };
      }
      case "aggregate":
        if (wanted) throw lost();
        if (decodes) return this.visit(this.hoisted(node), false);
        return mapInputs(node, (input) => this.visit(input, false));
      default:
        if (wanted || decodes) throw lost();
        return mapInputs(node, (input) => this.visit(input, false));
    }
  }

  private numbered(scan: ScanNode): ScanNode {
    const schema = this.context.numberedSchema?.(scan);
    const record = this.records.get(scan.id);
    if (schema === undefined || record === undefined) throw lost();
    const columns = [...scan.columns, schema.fields.length - 1];
    return { ...scan, schema, columns, output: [...scan.output, record] };
  }

  private recordIn(input: PlanNode): Attribute | undefined {
    const known = new Set([...this.records.values()].map((a) => a.id));
    return input.output.find((a) => known.has(a.id));
  }

  private decodes(e: TypedExpression): boolean {
    for (const part of expressionsIn(e)) if (this.sourceOf(part) !== undefined) return true;
    return false;
  }

  /** The source whose records a from_json reads, unless it is to fail by itself, or was seen to already. */
  private sourceOf(e: TypedExpression): number | undefined {
    if (e.kind !== "call" || e.fn.name !== "from_json" || e.args.length > 3) return undefined;
    const options = e.args[2];
    if (options?.kind === "literal" && options.value instanceof MapValue) {
      const { keys, values } = options.value;
      const mode = keys.findIndex((k) => String(k).toLowerCase() === "mode");
      if (mode >= 0 && String(values[mode]).toUpperCase() === "FAILFAST") return undefined;
    }
    return originOf(e.args[0], this.origins);
  }

  private rejecting(e: TypedExpression): TypedExpression {
    return rewriteExpression(e, (part) => {
      const source = this.sourceOf(part);
      if (source === undefined || part.kind !== "call") return part;
      const record = this.records.get(source) as Attribute;
      const none: TypedExpression = { kind: "literal", type: MAP, value: new MapValue([], []), nullable: false };
      const [text, schema, options = none] = part.args;
      const id: TypedExpression = { kind: "literal", type: INT, value: source, nullable: false };
      const { resolution } = part;
      const evaluation = rejectingFromJson(part.type, options.kind === "literal" ? options.value : null);
      return {
        ...part,
        args: [text, schema, options, record, id],
        resolution: { ...resolution, inputs: [...resolution.inputs.slice(0, 2), MAP, INT, INT], evaluation },
      };
    });
  }

  /** The node with what it decodes computed in a projection below, where a row can be left out. */
  private hoisted(node: AggregateNode | GenerateNode): PlanNode {
    const made: NamedExpression[] = [];
    const take = (e: TypedExpression): TypedExpression => {
      if (!this.decodes(e)) return e;
      const output: Attribute = {
        kind: "attribute",
        id: this.ids.next(),
        name: "decoded",
        type: e.type,
        nullable: e.nullable,
        qualifier: [],
      };
      made.push({ expression: e, output });
      return output;
    };
    const changed: AggregateNode | GenerateNode =
      node.kind === "generate"
        ? { ...node, args: node.args.map(take) }
        : {
            ...node,
            grouping: node.grouping.map((n) => ({ ...n, expression: take(n.expression) })),
            aggregates: node.aggregates.map((a) => ({ ...a, call: mapParts(a.call, take) as AggregateCall })),
          };
    const passed = node.input.output.map((a): NamedExpression => ({ expression: a, output: a }));
    const expressions = [...passed, ...made];
    const input: PlanNode = {
      kind: "project",
      input: node.input,
      expressions,
      output: expressions.map((n) => n.output),
    };
    if (changed.kind === "aggregate") return { ...changed, input };
    return exactly({ ...changed, input, output: [...input.output, ...changed.generated] }, node.output);
  }
}

const MAP = map(STRING, STRING, false);

/** The node with the record's number among its output, or without. */
function withRecord(node: Extract<PlanNode, { kind: "project" | "filter" | "expand" }>, record: Attribute | undefined) {
  switch (node.kind) {
    case "filter": {
      const output = node.output;
      const filter: PlanNode = { ...node, output: node.input.output };
      return record === undefined ? exactly(filter, output) : filter;
    }
    case "project": {
      if (record === undefined) return node;
      const expressions = [...node.expressions, { expression: record, output: record }];
      return { ...node, expressions, output: [...node.output, record] };
    }
    case "expand": {
      if (record === undefined) return node;
      return { ...node, projections: node.projections.map((p) => [...p, record]), output: [...node.output, record] };
    }
  }
}

function lost(): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", {
    feature: "badRecords for a from_json that comes after an aggregation, a deduplication, a join or a union",
    where: "",
    hint: "Call from_json before it, or leave badRecords out.",
  });
}
