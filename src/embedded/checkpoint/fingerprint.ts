/**
 * The parts of a query that its checkpoint depends on: the sources, in order, and what each stateful operator keeps.
 * Filters, projections, names, watermark delays and the sink may change between runs; these may not.
 */
import type { PlanNode } from "../../analyze/plan.ts";
import { nodesOf } from "../../analyze/walk.ts";
import { SluiceError } from "../../errors/error.ts";
import { sqlType } from "../../types/print.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { damaged } from "./files.ts";

interface OperatorPrint {
  readonly id: number;
  readonly kind: string;
  readonly key: readonly string[];
  readonly value: readonly string[];
}

interface Fingerprint {
  readonly version: 1;
  /** Formats of the streaming sources. */
  readonly sources: readonly string[];
  readonly operators: readonly OperatorPrint[];
}

const FILE = "fingerprint";

/** Notes the query's fingerprint in a new checkpoint; in an old one, refuses a query that can't continue from it. */
export async function checkFingerprint(checkpoint: Checkpoint, plan: PlanNode): Promise<void> {
  const current = fingerprintOf(plan);
  const text = await checkpoint.root.read(FILE);
  if (text === undefined) {
    await checkpoint.root.create(FILE, JSON.stringify(current));
    return;
  }
  compare(parse(text, checkpoint), current, checkpoint.location);
}

function fingerprintOf(plan: PlanNode): Fingerprint {
  const sources: { id: number; format: string }[] = [];
  const operators: OperatorPrint[] = [];
  for (const node of nodesOf(plan)) {
    if (node.kind === "scan" && node.streaming) sources.push(node);
    const print = operatorPrint(node);
    if (print !== undefined) operators.push(print);
  }
  return {
    version: 1,
    sources: sources.sort((a, b) => a.id - b.id).map((s) => s.format),
    operators: operators.sort((a, b) => a.id - b.id),
  };
}

function operatorPrint(node: PlanNode): OperatorPrint | undefined {
  if (!("operatorId" in node) || node.operatorId === undefined) return undefined;
  const id = node.operatorId;
  switch (node.kind) {
    case "aggregate":
      return {
        id,
        kind: node.sessionColumn === undefined ? "aggregate" : "sessionWindow",
        key: node.grouping.map((g) => sqlType(g.output.type)),
        value: node.aggregates.map(({ call }) => {
          const buffers = call.resolution.buffers.map((b) => sqlType(b.type));
          return `${call.fn.name}${call.distinct ? " distinct" : ""}[${buffers.join(", ")}]`;
        }),
      };
    case "deduplicate":
      return {
        id,
        kind: node.withinWatermark ? "dedupeWithinWatermark" : "dedupe",
        key: node.keys.map((k) => sqlType(k.type)),
        value: [],
      };
    case "join":
      return {
        id,
        kind: `${node.joinType} join`,
        key: node.keys.map((k) => sqlType(k.left.type)),
        value: [...node.left.output, ...node.right.output].map((a) => sqlType(a.type)),
      };
    case "limit":
      return { id, kind: "limit", key: [], value: [] };
  }
}

function compare(stored: Fingerprint, current: Fingerprint, path: string): void {
  const sources = (f: Fingerprint) => `${f.sources.length} (${f.sources.join(", ")})`;
  if (sources(stored) !== sources(current)) {
    throw new SluiceError("CHECKPOINT_QUERY_CHANGED", {
      path,
      change: `the checkpoint's sources are ${sources(stored)}, the query's are ${sources(current)}`,
    });
  }
  const kinds = (f: Fingerprint) => f.operators.map((o) => `${o.id}: ${o.kind}`).join(", ") || "none";
  if (kinds(stored) !== kinds(current)) {
    throw new SluiceError("STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA", {
      path,
      stored: kinds(stored),
      current: kinds(current),
    });
  }
  stored.operators.forEach((before, i) => {
    const now = current.operators[i];
    const place = { path, operatorId: before.id, operator: before.kind };
    const [keyBefore, keyNow] = [before.key.join(", "), now.key.join(", ")];
    if (keyBefore !== keyNow) {
      throw new SluiceError("STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE", { ...place, stored: keyBefore, current: keyNow });
    }
    const [valueBefore, valueNow] = [before.value.join(", "), now.value.join(", ")];
    if (valueBefore !== valueNow) {
      throw new SluiceError("STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE", {
        ...place,
        stored: valueBefore,
        current: valueNow,
      });
    }
  });
}

function parse(text: string, checkpoint: Checkpoint): Fingerprint {
  const parsed = JSON.parse(text) as Fingerprint;
  if (parsed.version !== 1) throw damaged(`${checkpoint.location}/${FILE}`, "it was written by a newer version");
  return parsed;
}
