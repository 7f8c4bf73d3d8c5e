/** Makes the relations of a plan. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Relation, RelationSchema } from "../plan/messages.ts";
import { originOf } from "./origin.ts";

export type RelationInit = NonNullable<MessageInitShape<typeof RelationSchema>["relType"]>;

/** Numbers the nodes of this process's plans, so that a column can say which DataFrame it belongs to. */
let lastPlanId = 0n;

/** A relation made by the public method `fragment`. */
export function relation(fragment: string, relType: RelationInit): Relation {
  lastPlanId += 1n;
  return create(RelationSchema, { common: { planId: lastPlanId, origin: originOf(fragment) }, relType });
}
