/** The AnalyzePlan call: questions about a plan that don't run it. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ExplainMode } from "../api/engine.ts";
import { SluiceError } from "../errors/error.ts";
import { toProtoType } from "../plan/data-types.ts";
import { fingerprint } from "../plan/fingerprint.ts";
import {
  type AnalyzePlanRequest,
  type AnalyzePlanResponseSchema,
  AnalyzePlanRequest_Explain_ExplainMode as Mode,
  type Relation,
} from "../plan/messages.ts";
import { parseDdl, parseType } from "../types/ddl.ts";
import { fromJson } from "../types/json.ts";
import { toDdl, treeString } from "../types/print.ts";
import type { DataType } from "../types/types.ts";
import { rootOf } from "./plans.ts";
import type { ConnectSession } from "./session.ts";

type Result = NonNullable<MessageInitShape<typeof AnalyzePlanResponseSchema>["result"]>;

const MODES: Readonly<Record<Mode, ExplainMode>> = {
  [Mode.UNSPECIFIED]: "simple",
  [Mode.SIMPLE]: "simple",
  [Mode.EXTENDED]: "extended",
  [Mode.CODEGEN]: "codegen",
  [Mode.COST]: "cost",
  [Mode.FORMATTED]: "formatted",
};

export async function analyzePlan(session: ConnectSession, { analyze }: AnalyzePlanRequest): Promise<Result> {
  const { engine, storageLevels } = session;
  const root = (plan: Parameters<typeof rootOf>[0]) => session.prepare(rootOf(plan));
  switch (analyze.case) {
    case "schema": {
      const schema = await engine.schema(root(analyze.value.plan));
      return { case: "schema", value: { schema: toProtoType(schema) } };
    }
    case "explain": {
      const explainString = await engine.explain(
        root(analyze.value.plan),
        MODES[analyze.value.explainMode] ?? "simple",
      );
      return { case: "explain", value: { explainString } };
    }
    case "treeString": {
      const schema = await engine.schema(root(analyze.value.plan));
      return { case: "treeString", value: { treeString: treeString(schema, analyze.value.level) } };
    }
    case "isLocal":
      return { case: "isLocal", value: { isLocal: isLocal(rootOf(analyze.value.plan)) } };
    case "isStreaming": {
      const isStreaming = await engine.isStreaming(root(analyze.value.plan));
      return { case: "isStreaming", value: { isStreaming } };
    }
    case "inputFiles":
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: "DataFrame.inputFiles",
        where: " by this server",
        hint: "List the folder that the query reads.",
      });
    case "sparkVersion":
      return { case: "sparkVersion", value: { version: engine.sparkVersion } };
    case "ddlParse":
      return { case: "ddlParse", value: { parsed: toProtoType(parsedDdl(analyze.value.ddlString)) } };
    case "jsonToDdl":
      return { case: "jsonToDdl", value: { ddlString: jsonToDdl(analyze.value.jsonString) } };
    case "sameSemantics": {
      const { targetPlan, otherPlan } = analyze.value;
      const result = fingerprint(root(targetPlan)) === fingerprint(root(otherPlan));
      return { case: "sameSemantics", value: { result } };
    }
    case "semanticHash":
      return { case: "semanticHash", value: { result: hashOf(root(analyze.value.plan)) } };
    case "persist": {
      storageLevels.persist(relationOf(analyze.value.relation), analyze.value.storageLevel);
      return { case: "persist", value: {} };
    }
    case "unpersist":
      storageLevels.unpersist(relationOf(analyze.value.relation));
      return { case: "unpersist", value: {} };
    case "getStorageLevel": {
      const storageLevel = storageLevels.of(relationOf(analyze.value.relation));
      return { case: "getStorageLevel", value: { storageLevel } };
    }
    default:
      throw new SluiceError("INTERNAL_ERROR", { message: "an AnalyzePlan call without a question" });
  }
}

/** A schema or a type; or, as PySpark's users write schemas, the inside of a struct: `a: int, b: string`. */
function parsedDdl(text: string): DataType {
  try {
    return parseDdl(text);
  } catch (error) {
    try {
      return parseType(`struct<${text.trim()}>`);
    } catch {
      throw error; // what the text is read as in the first place
    }
  }
}

function jsonToDdl(text: string): string {
  const type = fromJson(text);
  if (type.kind !== "struct") throw new SluiceError("INVALID_JSON_DATA_TYPE", { invalidType: text });
  return toDdl(type);
}

function relationOf(relation: Relation | undefined): Relation {
  if (relation === undefined)
    throw new SluiceError("INTERNAL_ERROR", { message: "an AnalyzePlan call without a relation" });
  return relation;
}

/** Whether the rows are in the plan itself. */
function isLocal({ relType }: Relation): boolean {
  return relType.case === "localRelation" || relType.case === "cachedLocalRelation";
}

/** Equal for plans of the same semantics. */
function hashOf(relation: Relation): number {
  return Number.parseInt(fingerprint(relation).slice(0, 8), 16) | 0;
}
