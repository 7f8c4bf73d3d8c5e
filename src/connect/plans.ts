/** What a client sends as a plan, made ready for the engine. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import { LocalRelationSchema, type Plan, type Relation, RelationSchema } from "../plan/messages.ts";
import { rewrite } from "../plan/rewrite.ts";
import type { ArtifactCache } from "./artifacts.ts";

/** @throws INTERNAL_ERROR when the plan is no query, UNSUPPORTED_FEATURE when it is compressed */
export function rootOf(plan: Plan | undefined): Relation {
  if (plan?.opType.case === "root") return plan.opType.value;
  throw noRelation(plan);
}

export function noRelation(plan: Plan | undefined): SluiceError {
  if (plan?.opType.case === "compressedOperation") {
    return new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "A compressed plan",
      where: " by this server",
      hint: "Leave spark.connect.session.planCompression.threshold as the server gives it.",
    });
  }
  return new SluiceError("INTERNAL_ERROR", { message: "the call carries no relation" });
}

/** The relation with uploaded local relations in their place. */
export function withArtifacts(relation: Relation, artifacts: ArtifactCache): Relation {
  return rewrite(relation, {
    relation(r) {
      if (r.relType.case !== "cachedLocalRelation") return r;
      const value = fromBinary(LocalRelationSchema, artifacts.cached(r.relType.value.hash));
      return create(RelationSchema, {
        ...(r.common && { common: r.common }),
        relType: { case: "localRelation", value },
      });
    },
  });
}
