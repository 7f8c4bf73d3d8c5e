/** Structs inside a decoded record that are only read field by field are decoded with those fields only. */
import type { StructType } from "../../types/types.ts";
import type { Attribute, TypedExpression } from "../expression.ts";
import { getField } from "../extract.ts";
import type { Ids, OptimizeContext } from "../optimize.ts";
import type { JsonDecodeNode, PlanNode } from "../plan.ts";
import {
  expressionsIn,
  expressionsOf,
  mapExpressions,
  mapInputs,
  nodesOf,
  partsOf,
  rewriteExpression,
} from "../walk.ts";
import { readsWholeRecord } from "./prune.ts";

export function pruneNestedJson(plan: PlanNode, _context: OptimizeContext, ids: Ids): PlanNode {
  let current = plan;
  for (const node of nodesOf(plan)) {
    if (node.kind !== "jsonDecode" || readsWholeRecord(node) || node.rejects !== undefined) continue;
    for (const { attribute, ordinal } of node.fields) {
      if (attribute.type.kind !== "struct" || ordinal < 0) continue;
      const used = fieldsRead(current, attribute);
      if (used === undefined || used.size === 0 || used.size === attribute.type.fields.length) continue;
      current = narrow(current, attribute, used, ids);
    }
  }
  return current;
}

/** Ordinals of the fields that are read; undefined when anything reads the struct whole or passes it on. */
function fieldsRead(plan: PlanNode, attribute: Attribute): Set<number> | undefined {
  const ordinals = new Set<number>();
  const read = (e: TypedExpression): boolean => {
    if (e.kind === "field" && e.child.kind === "attribute" && e.child.id === attribute.id) {
      ordinals.add(e.ordinal);
      return true;
    }
    if (e.kind === "attribute") return e.id !== attribute.id;
    if (e.kind === "subquery" || e.kind === "inSubquery")
      return !readsInside(e.plan, attribute.id) && partsOf(e).every(read);
    return partsOf(e).every(read);
  };
  if (plan.output.some((a) => a.id === attribute.id)) return undefined;
  for (const node of nodesOf(plan)) {
    if (node.kind === "union" && node.output.some((a) => a.id === attribute.id)) return undefined;
    if (!expressionsOf(node).every(read)) return undefined;
  }
  return ordinals;
}

function readsInside(plan: PlanNode, id: number): boolean {
  for (const node of nodesOf(plan)) {
    for (const e of expressionsOf(node).flatMap((x) => [...expressionsIn(x)])) {
      if (e.kind === "attribute" && e.id === id) return true;
    }
  }
  return false;
}

function narrow(plan: PlanNode, attribute: Attribute, used: ReadonlySet<number>, ids: Ids): PlanNode {
  const whole = attribute.type as StructType;
  const kept = whole.fields.map((_, i) => i).filter((i) => used.has(i));
  const type: StructType = { ...whole, fields: kept.map((i) => whole.fields[i]) };
  const narrowed: Attribute = { ...attribute, id: ids.next(), type };
  const replace = (e: TypedExpression): TypedExpression => {
    if (e.kind !== "field" || e.child.kind !== "attribute" || e.child.id !== attribute.id) return e;
    return { ...getField(narrowed, type, kept.indexOf(e.ordinal)), name: e.name };
  };
  const inPlace = (a: Attribute): Attribute => (a.id === attribute.id ? narrowed : a);
  const visit = (node: PlanNode): PlanNode => {
    const inner = mapExpressions(mapInputs(node, visit), (e) => rewriteExpression(e, replace));
    const changed = inner.output.some((a) => a.id === attribute.id)
      ? ({ ...inner, output: inner.output.map(inPlace) } as PlanNode)
      : inner;
    return changed.kind === "jsonDecode" ? decodeNarrow(changed, attribute, narrowed) : changed;
  };
  return visit(plan);
}

function decodeNarrow(node: JsonDecodeNode, attribute: Attribute, narrowed: Attribute): JsonDecodeNode {
  const at = node.fields.findIndex((f) => f.attribute.id === attribute.id);
  if (at < 0) return node;
  const { ordinal } = node.fields[at];
  const fields = node.fields.map((f, i) => (i === at ? { ...f, attribute: narrowed } : f));
  const schema: StructType = {
    ...node.schema,
    fields: node.schema.fields.map((f, i) => (i === ordinal ? { ...f, type: narrowed.type } : f)),
  };
  return { ...node, fields, schema };
}
