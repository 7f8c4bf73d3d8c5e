/** The sources that a relation reads, found before it is analysed, so that they can be opened first. */
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { isMessage } from "@bufbuild/protobuf";
import { type Read, type Relation, RelationSchema } from "../plan/messages.ts";
import { type AnalyzeContext, type ReadDescriptor, Session } from "./context.ts";
import { nameParts } from "./identifier.ts";
import type { PlanNode } from "./plan.ts";
import { parsedQuery } from "./relation.ts";
import { describeRead } from "./relations/leaf.ts";
import { inputsOf } from "./walk.ts";

/**
 * Every source that the relation, its views and its SQL texts read; equal reads once. The engine opens them and answers
 * `AnalyzeContext.sourceSchema` by their keys.
 */
export function collectReads(
  relation: Relation,
  context: Pick<AnalyzeContext, "view" | "parseQuery" | "cached" | "settings">,
): ReadDescriptor[] {
  const found = new Map<string, ReadDescriptor>();
  const seen = new Set<object>();
  const session = new Session(context as AnalyzeContext);
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== "object" || value instanceof Uint8Array || seen.has(value)) return;
    seen.add(value);
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (isMessage(value as Message, RelationSchema as DescMessage)) visitRelation(value as Relation);
    for (const part of Object.values(value)) visit(part);
  };
  const visitOther = (other: Relation | PlanNode | undefined): void => {
    if (other === undefined) return;
    if ("relType" in other) visit(other);
    else for (const input of inputsOf(other)) visitOther(input);
  };
  const visitRelation = ({ relType: r }: Relation): void => {
    switch (r.case) {
      case "read":
        visitRead(r.value);
        break;
      case "sql":
        visit(parsedQuery(session, r.value));
        break;
      case "cachedRemoteRelation":
        visitOther(context.cached?.(r.value.relationId));
        break;
      case "cachedLocalRelation":
        visitOther(context.cached?.(r.value.hash));
        break;
      default:
    }
  };
  const visitRead = (read: Read): void => {
    if (read.readType.case === "namedTable") {
      visitOther(context.view(nameParts(read.readType.value.unparsedIdentifier)));
      return;
    }
    const descriptor = describeRead(read);
    if (!found.has(descriptor.key)) found.set(descriptor.key, descriptor);
  };
  visit(relation);
  return [...found.values()];
}
