/** What makes two plans the same: everything but where they were written and how their nodes were numbered. */
import { createHash } from "node:crypto";
import type { DescField } from "@bufbuild/protobuf";
import { type Fields, valueOf } from "./children.ts";
import { ExpressionSchema, type Relation, RelationSchema } from "./messages.ts";
import { walk } from "./walk.ts";

type Canonical = string | number | boolean | Canonical[];

/**
 * SHA-256 of the plan's canonical form, in hex. Plan ids are replaced by the order in which the nodes stand, origins are
 * left out, and map fields are sorted, so the same program gives the same fingerprint in every run. TypeScript functions
 * count by their token.
 */
export function fingerprint(plan: Relation): string {
  return createHash("sha256").update(canonicalText(plan)).digest("hex");
}

/** The canonical form itself, as JSON text; for tests and for telling what changed. */
export function canonicalText(plan: Relation): string {
  const order = new Map<bigint, number>();
  walk(plan, {
    relation(r) {
      const id = r.common?.planId;
      if (id !== undefined && !order.has(id)) order.set(id, order.size);
      return undefined;
    },
  });
  return JSON.stringify(canonical(plan as unknown as Fields, RelationSchema.fields, order));
}

function canonical(message: Fields, fields: readonly DescField[], order: ReadonlyMap<bigint, number>): Canonical[] {
  const isNode = fields === RelationSchema.fields || fields === ExpressionSchema.fields;
  const found: Canonical[] = [];
  for (const field of [...fields].sort((a, b) => a.number - b.number)) {
    if (isNode && field.name === "common") continue;
    const value = valueOf(message, field);
    if (value === undefined || value === null) continue;
    if (field.name === "plan_id") found.push([field.number, order.get(value as bigint) ?? -1]);
    else found.push([field.number, canonicalValue(field, value, order)]);
  }
  return found;
}

function canonicalValue(field: DescField, value: unknown, order: ReadonlyMap<bigint, number>): Canonical {
  switch (field.fieldKind) {
    case "message":
      return canonical(value as Fields, field.message.fields, order);
    case "list":
      return (value as unknown[]).map((item) =>
        field.listKind === "message" ? canonical(item as Fields, field.message.fields, order) : scalar(item),
      );
    case "map":
      return Object.entries(value as Record<string, unknown>)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [
          key,
          field.mapKind === "message" ? canonical(item as Fields, field.message.fields, order) : scalar(item),
        ]);
    default:
      return scalar(value);
  }
}

function scalar(value: unknown): Canonical {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : Number.isFinite(value) ? value : String(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  return String(value);
}
