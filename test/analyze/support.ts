/** SQL over small views, analysed, optimised and run. */
import { type AnalyzeContext, analyze } from "../../src/analyze/index.ts";
import { optimize } from "../../src/analyze/optimize.ts";
import type { PlanNode } from "../../src/analyze/plan.ts";
import { rowsOf } from "../../src/columns/rows.ts";
import { evaluate } from "../../src/compile/evaluate.ts";
import { runBatchPlan } from "../../src/embedded/operators/batch.ts";
import type { ExecutionContext } from "../../src/embedded/operators/contract.ts";
import { windowAggregate } from "../../src/embedded/operators/windowaggregate.ts";
import type { SessionSettings } from "../../src/functions/definition.ts";
import type { Relation } from "../../src/plan/messages.ts";
import { parseExpression, parseQuery } from "../../src/sql/index.ts";
import { parseSchema } from "../../src/types/ddl.ts";
import { type DataType, isLongLike } from "../../src/types/types.ts";
import { type MapValue, type Value, WideRequired } from "../../src/types/values.ts";

export const settings: SessionSettings = { timeZone: "UTC", ansi: true, caseSensitive: false };

/** A view: a query, a relation, or the columns of a source (streaming when the name begins with `stream`). */
export type View = string | Relation | { readonly columns: string };

export function contextOf(views: Readonly<Record<string, View>>, own: Partial<SessionSettings> = {}): AnalyzeContext {
  const find = (parts: readonly string[]): View | undefined => views[parts[parts.length - 1].toLowerCase()];
  const used: SessionSettings = { ...settings, ...own };
  return {
    settings: used,
    view(parts) {
      const view = find(parts);
      if (typeof view === "string") return parseQuery(view);
      if (view === undefined || "relType" in view) return view;
      return scan(parts[parts.length - 1], view.columns);
    },
    viewNames: () => Object.keys(views),
    sourceSchema: (read) => read.userSchema ?? parseSchema("value STRING"),
    parseExpression: (text) => parseExpression(text, { timeZone: used.timeZone }),
    parseQuery: (text) => parseQuery(text, undefined, { timeZone: used.timeZone }),
    localRows: () => ({ schema: parseSchema("value INT"), rows: [[1]] }),
    fold: (expression) => evaluate(expression, used),
    windowAggregate: (call, frame) => windowAggregate(call, frame, used),
  };
}

let nextId = 1_000_000;

/** A source without rows. */
function scan(name: string, columns: string): PlanNode {
  const schema = parseSchema(columns);
  return {
    kind: "scan",
    id: 0,
    output: schema.fields.map((f) => ({
      kind: "attribute",
      id: nextId++,
      name: f.name,
      type: f.type,
      nullable: f.nullable,
      qualifier: [],
    })),
    format: "test",
    options: new Map(),
    paths: [],
    userSchema: undefined,
    schema,
    columns: schema.fields.map((_, i) => i),
    streaming: name.startsWith("stream"),
  };
}

export function analyzeSql(sql: string, views: Readonly<Record<string, View>>): PlanNode {
  return analyze(parseQuery(sql), contextOf(views));
}

export function optimizeSql(sql: string, views: Readonly<Record<string, View>>): PlanNode {
  const context = contextOf(views);
  return optimize(analyze(parseQuery(sql), context), context);
}

/** The rows of a batch plan, in the recorded form (recorded/record.py). */
export async function rowsOfPlan(plan: PlanNode): Promise<unknown[][]> {
  try {
    return await run(plan, false);
  } catch (error) {
    if (!(error instanceof WideRequired)) throw error;
    return run(plan, true);
  }
}

async function run(plan: PlanNode, wide: boolean): Promise<unknown[][]> {
  const context: ExecutionContext = {
    settings,
    wide,
    batchRowsMax: 4,
    nowUs: 0,
    seed: 1,
    readScan: async function* () {},
    script: () => () => null,
    breathe: () => undefined,
    signal: new AbortController().signal,
  };
  const rows: unknown[][] = [];
  for await (const batch of runBatchPlan(plan, context)) {
    for (const row of rowsOf(batch)) rows.push(row.map((v, i) => plainValue(v, plan.output[i].type)));
  }
  return rows;
}

function plainValue(value: Value, type: DataType): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case "decimal":
      return decimalText(BigInt(value as number | bigint), type.scale);
    case "float":
    case "double":
      return Number.isFinite(value) ? value : String(value).replace("NaN", "nan").replace("Infinity", "inf");
    case "binary":
      return Buffer.from(value as Uint8Array).toString("hex");
    case "array":
      return (value as Value[]).map((v) => plainValue(v, type.elementType));
    case "struct":
      return type.fields.map((f, i) => plainValue((value as Value[])[i], f.type));
    case "map": {
      const { keys, values } = value as MapValue;
      const pairs = keys.map((k, i) => [plainValue(k, type.keyType), plainValue(values[i], type.valueType)]);
      return pairs.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    }
    default:
      return isLongLike(type) ? Number(value) : value;
  }
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}
