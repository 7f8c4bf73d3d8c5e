/**
 * from_json whose result is only read field by field becomes a JsonDecode node: the fields in use as columns, decoded
 * straight from the source's bytes, no struct and no string in between.
 */
import type { ScalarFunction } from "../../functions/definition.ts";
import { lookupFunction } from "../../functions/registry.ts";
import { BOOLEAN, type StructType, sameType } from "../../types/types.ts";
import { MapValue } from "../../types/values.ts";
import { sameExpression } from "../equality.ts";
import type { Attribute, Call, NamedExpression, TypedExpression } from "../expression.ts";
import type { Ids, OptimizeContext } from "../optimize.ts";
import type { JsonDecodeNode, PlanNode, ProjectNode } from "../plan.ts";
import {
  expressionsIn,
  expressionsOf,
  mapExpressions,
  mapInputs,
  mapParts,
  nodesOf,
  partsOf,
  rewriteExpression,
  rewritePlan,
} from "../walk.ts";
import { holdsRejecting, isRejecting } from "./bad-records.ts";
import { readsWholeRecord } from "./prune.ts";

interface JsonCall {
  readonly source: TypedExpression;
  readonly schema: StructType;
  readonly options: ReadonlyMap<string, string>;
  readonly rejects: JsonDecodeNode["rejects"];
}

/** The parts of `from_json(source, 'constant schema'[, constant options])` that gives a struct. */
function jsonCall(e: TypedExpression): JsonCall | undefined {
  if (e.kind !== "call" || e.fn.name !== "from_json" || e.type.kind !== "struct") return undefined;
  const [source, schema, options] = e.args;
  if (schema?.kind !== "literal") return undefined;
  if (options !== undefined && !(options.kind === "literal" && options.value instanceof MapValue)) return undefined;
  const entries = new Map<string, string>();
  if (options?.kind === "literal" && options.value instanceof MapValue) {
    const { keys, values } = options.value;
    keys.forEach((k, i) => void entries.set(String(k), String(values[i])));
  }
  return { source, schema: e.type, options: entries, rejects: rejectsOf(e) };
}

function rejectsOf(e: Call): JsonDecodeNode["rejects"] {
  if (!isRejecting(e)) return undefined;
  const [, , , record, source] = e.args;
  if (record.kind !== "attribute" || source.kind !== "literal") return undefined;
  return { record, source: Number(source.value) };
}

/** `from_json(…).a` inside an expression: the call moves to a projection below, where decodeJson finds it. */
export function exposeJson(plan: PlanNode, _context: OptimizeContext, ids: Ids): PlanNode {
  return rewritePlan(plan, (node) => {
    if (node.kind !== "project" && node.kind !== "filter" && node.kind !== "aggregate") return node;
    const calls: { call: Call; output: Attribute }[] = [];
    const take = (e: TypedExpression): TypedExpression => {
      if (e.kind === "lambda" || isConditional(e)) return e;
      if (e.kind === "call" && jsonCall(e) !== undefined) {
        const known = calls.find((c) => sameExpression(c.call, e));
        if (known !== undefined) return known.output;
        const output: Attribute = {
          kind: "attribute",
          id: ids.next(),
          name: "from_json",
          type: e.type,
          nullable: e.nullable,
          qualifier: [],
        };
        calls.push({ call: e, output });
        return output;
      }
      return mapParts(e, take);
    };
    const nested = (e: TypedExpression): TypedExpression => (jsonCall(e) !== undefined ? e : take(e));
    const changed = mapExpressions(node, node.kind === "project" ? nested : take) as typeof node;
    if (calls.length === 0) return node;
    const passed = node.input.output.map((a): NamedExpression => ({ expression: a, output: a }));
    const expressions = [...passed, ...calls.map((c) => ({ expression: c.call, output: c.output }))];
    const input: ProjectNode = {
      kind: "project",
      output: expressions.map((n) => n.output),
      input: node.input,
      expressions,
    };
    if (changed.kind !== "filter") return { ...changed, input };
    const filter: PlanNode = { ...changed, input, output: input.output };
    return {
      kind: "project",
      output: node.output,
      input: filter,
      expressions: node.output.map((a) => ({ expression: a, output: a })),
    };
  });
}

/** What a branch that isn't taken would have read must not count as a bad record. */
function isConditional(e: TypedExpression): boolean {
  return e.kind === "call" && e.resolution.evaluation.nulls === "custom" && holdsRejecting(e);
}

/** Two decodes of the same bytes, one above a filter on the other's fields, become the lower one. */
export function mergeDecodes(plan: PlanNode): PlanNode {
  return rewritePlan(plan, (node) => {
    if (node.kind !== "jsonDecode") return node;
    return withFields(node.input, node) ?? node;
  });
}

/** The plan with `upper`'s fields at the end, made by the decode of the same source below; undefined when there is none. */
function withFields(plan: PlanNode, upper: JsonDecodeNode): PlanNode | undefined {
  const added = upper.fields.map((f) => f.attribute);
  switch (plan.kind) {
    case "jsonDecode": {
      if (!sameDecode(plan, upper)) {
        const input = withFields(plan.input, upper);
        if (input === undefined) return undefined;
        const own = plan.fields.map((f) => f.attribute);
        const decode: JsonDecodeNode = { ...plan, input, output: [...input.output, ...own] };
        return ordered(decode, [...plan.output, ...added]);
      }
      const known = new Map(plan.fields.map((f) => [f.ordinal, f.attribute]));
      const fresh = upper.fields.filter((f) => !known.has(f.ordinal));
      const output = [...plan.output, ...fresh.map((f) => f.attribute)];
      const merged: JsonDecodeNode = { ...plan, fields: [...plan.fields, ...fresh], output };
      if (fresh.length === upper.fields.length) return merged;
      const expressions = [
        ...plan.output.map((a) => ({ expression: a, output: a })),
        ...upper.fields.map((f) => ({ expression: known.get(f.ordinal) ?? f.attribute, output: f.attribute })),
      ];
      return { kind: "project", output: expressions.map((n) => n.output), input: merged, expressions };
    }
    case "filter": {
      const input = withFields(plan.input, upper);
      return input && { ...plan, input, output: input.output };
    }
    case "project": {
      const input = withFields(plan.input, upper);
      if (input === undefined) return undefined;
      const expressions = [...plan.expressions, ...added.map((a) => ({ expression: a, output: a }))];
      return { ...plan, input, expressions, output: expressions.map((n) => n.output) };
    }
    default:
      return undefined;
  }
}

function ordered(input: PlanNode, output: readonly Attribute[]): ProjectNode {
  return { kind: "project", output, input, expressions: output.map((a) => ({ expression: a, output: a })) };
}

function sameDecode(a: JsonDecodeNode, b: JsonDecodeNode): boolean {
  const entries = (m: ReadonlyMap<string, string>): string => JSON.stringify([...m].sort());
  return a.source.id === b.source.id && sameType(a.schema, b.schema) && entries(a.options) === entries(b.options);
}

export function decodeJson(plan: PlanNode, context: OptimizeContext, ids: Ids): PlanNode {
  let current = plan;
  for (const found of candidates(plan)) {
    const uses = usesOf(current, found.output.id);
    if (uses === undefined) continue;
    current = decode(current, found, uses, context, ids);
  }
  return current;
}

function candidates(plan: PlanNode): { output: Attribute; call: JsonCall }[] {
  const found: { output: Attribute; call: JsonCall }[] = [];
  for (const node of nodesOf(plan)) {
    if (node.kind !== "project") continue;
    for (const n of node.expressions) {
      const call = jsonCall(n.expression);
      if (call !== undefined) found.push({ output: n.output, call });
    }
  }
  return found;
}

interface Uses {
  readonly ordinals: ReadonlySet<number>;
  /** `j IS NULL` or `j IS NOT NULL` is asked for. */
  readonly nullTest: boolean;
}

/** How the struct is read; undefined when anything reads it whole. */
function usesOf(plan: PlanNode, id: number): Uses | undefined {
  const ordinals = new Set<number>();
  let nullTest = false;
  let whole = plan.output.some((a) => a.id === id);
  const read = (e: TypedExpression): void => {
    if (e.kind === "field" && e.child.kind === "attribute" && e.child.id === id) ordinals.add(e.ordinal);
    else if (isNullTest(e, id)) nullTest = true;
    else if (e.kind === "attribute" && e.id === id) whole = true;
    else if (e.kind === "subquery" || e.kind === "inSubquery") {
      for (const node of nodesOf(e.plan)) {
        for (const inner of expressionsOf(node)) {
          for (const p of expressionsIn(inner)) if (p.kind === "attribute" && p.id === id) whole = true;
        }
      }
      for (const part of partsOf(e)) read(part);
    } else for (const part of partsOf(e)) read(part);
  };
  for (const node of nodesOf(plan)) {
    if (!passesThrough(node) && node.output.some((a) => a.id === id) && !makes(node, id)) whole = true;
    if (node.kind === "project") {
      for (const n of node.expressions) {
        const isPassed = n.expression.kind === "attribute" && n.expression.id === id && n.output.id === id;
        if (!isPassed) read(n.expression);
      }
    } else for (const e of expressionsOf(node)) read(e);
  }
  return whole ? undefined : { ordinals, nullTest };
}

function makes(node: PlanNode, id: number): boolean {
  return (
    node.kind === "project" && node.expressions.some((n) => n.output.id === id && jsonCall(n.expression) !== undefined)
  );
}

/** Nodes whose columns can become others without more ado. Unions pair columns by position. */
function passesThrough(node: PlanNode): boolean {
  return [
    "project",
    "filter",
    "watermark",
    "sort",
    "limit",
    "sample",
    "generate",
    "join",
    "observe",
    "jsonDecode",
  ].includes(node.kind);
}

function isNullTest(e: TypedExpression, id: number): boolean {
  if (e.kind !== "call" || (e.fn.name !== "isnull" && e.fn.name !== "isnotnull")) return false;
  const [arg] = e.args;
  return arg.kind === "attribute" && arg.id === id;
}

type Field = JsonDecodeNode["fields"][number];

function decode(
  plan: PlanNode,
  { output, call }: { output: Attribute; call: JsonCall },
  uses: Uses,
  context: OptimizeContext,
  ids: Ids,
): PlanNode {
  const fields: Field[] = [];
  const add = (ordinal: number, name: string, type: Attribute["type"], nullable: boolean): void => {
    const attribute: Attribute = { kind: "attribute", id: ids.next(), name, type, nullable, qualifier: [] };
    fields.push({ ordinal, attribute });
  };
  const { schema, options } = call;
  const used = schema.fields.map((_, i) => i).filter((i) => uses.ordinals.has(i));
  const probe = { options, schema, fields: used.map((ordinal) => ({ ordinal, attribute: output })) };
  const wanted = readsWholeRecord(probe) ? schema.fields.map((_, i) => i) : used;
  for (const i of wanted) add(i, schema.fields[i].name, schema.fields[i].type, true);
  if (uses.nullTest) add(-1, "malformed", BOOLEAN, false);
  const columnOf = new Map(fields.map((f) => [f.ordinal, f.attribute]));

  const replace = (e: TypedExpression): TypedExpression => {
    if (e.kind === "field" && e.child.kind === "attribute" && e.child.id === output.id) {
      return columnOf.get(e.ordinal) ?? e;
    }
    if (e.kind === "call" && isNullTest(e, output.id)) {
      const malformed = columnOf.get(-1) as Attribute;
      return e.fn.name === "isnull" ? malformed : negated(malformed, context);
    }
    return e;
  };
  const columns = fields.map((f) => f.attribute);
  const inPlace = (attributes: readonly Attribute[]): readonly Attribute[] =>
    attributes.some((a) => a.id === output.id)
      ? attributes.flatMap((a) => (a.id === output.id ? columns : [a]))
      : attributes;
  const visit = (node: PlanNode): PlanNode => {
    const inner = mapExpressions(mapInputs(node, visit), (e) => rewriteExpression(e, replace));
    const changed = { ...inner, output: inPlace(inner.output) } as PlanNode;
    if (changed.kind !== "project") return changed;
    const isMaker = makes(node, output.id);
    const expressions = changed.expressions.flatMap((n): NamedExpression[] =>
      n.output.id === output.id ? columns.map((c) => ({ expression: c, output: c })) : [n],
    );
    const input = isMaker ? decodeOver(changed.input, call, fields, ids) : changed.input;
    return { ...changed, expressions, output: expressions.map((n) => n.output), input };
  };
  return visit(plan);
}

function negated(e: Attribute, context: OptimizeContext): TypedExpression {
  const not = lookupFunction("not") as ScalarFunction;
  const resolution = not.resolve([{ type: BOOLEAN, nullable: false, sql: "" }], {
    settings: context.settings,
    name: "not",
    sql: "not",
  });
  return { kind: "call", fn: not, resolution, args: [e], type: BOOLEAN, nullable: false, deterministic: true };
}

/** The node, over a source that is a column: bytes where the text is only a cast of them. */
function decodeOver(input: PlanNode, call: JsonCall, fields: readonly Field[], ids: Ids): JsonDecodeNode {
  const { schema, options } = call;
  const rejects = call.rejects && { rejects: call.rejects };
  const isCastOfBytes = call.source.kind === "cast" && call.source.child.type.kind === "binary";
  const source = call.source.kind === "cast" && isCastOfBytes ? call.source.child : call.source;
  const columns = fields.map((f) => f.attribute);
  if (source.kind === "attribute") {
    return {
      kind: "jsonDecode",
      output: [...input.output, ...columns],
      input,
      source,
      schema,
      options,
      fields,
      ...rejects,
    };
  }
  const text: Attribute = {
    kind: "attribute",
    id: ids.next(),
    name: "json",
    type: source.type,
    nullable: source.nullable,
    qualifier: [],
  };
  const expressions = [
    ...input.output.map((a) => ({ expression: a as TypedExpression, output: a })),
    { expression: source, output: text },
  ];
  const below: PlanNode = { kind: "project", output: expressions.map((n) => n.output), input, expressions };
  return {
    kind: "jsonDecode",
    output: [...below.output, ...columns],
    input: below,
    source: text,
    schema,
    options,
    fields,
    ...rejects,
  };
}
