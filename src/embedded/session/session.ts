/** One user's session: settings, names, and the way from a relation to rows. */
import { checkBatch } from "../../analyze/index.ts";
import type { ExplainMode, Observer, ResultBatch } from "../../api/engine.ts";
import { batchFromRows } from "../../columns/rows.ts";
import type { Batch } from "../../columns/vector.ts";
import type { Clock, Environment, Logger } from "../../connectors/contract.ts";
import type { SessionSettings } from "../../functions/definition.ts";
import { lookupFunction } from "../../functions/registry.ts";
import type { Relation } from "../../plan/messages.ts";
import { simpleString } from "../../types/print.ts";
import type { DataType, StructType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { batchCode, runBatchPlan } from "../operators/batch.ts";
import { type AnalyzedQuery, analyzed, explained, isStreamingPlan } from "./analysis.ts";
import { batchRows } from "./batch-query.ts";
import { SessionCatalog } from "./catalog.ts";
import { SessionConfig } from "./config.ts";
import { type BindScript, bindScripts } from "./scripts.ts";
import { resultOf, specialRelation } from "./special-relations.ts";

export interface SessionOptions {
  readonly config: Iterable<readonly [string, string]>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bindScript: BindScript | undefined;
}

/** A batch query that is ready to run. */
export interface ReadyQuery {
  readonly schema: StructType;
  readonly settings: SessionSettings;
  /** The rows, in batches that may be kept. */
  rows(): AsyncIterable<Batch>;
}

export class Session {
  readonly config: SessionConfig;
  readonly catalog = new SessionCatalog();
  readonly clock: Clock;
  readonly log: Logger;
  readonly bindScript: BindScript | undefined;
  private readonly abort = new AbortController();

  constructor(options: SessionOptions) {
    this.config = new SessionConfig(options.config);
    this.clock = options.clock;
    this.log = options.log;
    this.bindScript = options.bindScript;
  }

  environment(timeZone: string, signal: AbortSignal = this.abort.signal): Environment {
    return { clock: this.clock, log: this.log, timeZone, signal };
  }

  async schema(relation: Relation): Promise<StructType> {
    return specialRelation(this, relation)?.schema ?? (await this.analyze(relation)).schema;
  }

  async isStreaming(relation: Relation): Promise<boolean> {
    if (specialRelation(this, relation) !== undefined) return false;
    return isStreamingPlan((await this.analyze(relation)).plan);
  }

  async explain(relation: Relation, mode: ExplainMode): Promise<string> {
    const query = await this.analyze(relation);
    if (mode !== "codegen") return explained(query, mode);
    const { plan, script } = bindScripts(query.plan, this.bindScript);
    const stages = batchCode(plan, {
      settings: query.settings,
      wide: false,
      batchRowsMax: this.config.count("sluice.batch.maxRows"),
      nowUs: 0,
      seed: 0,
      readScan: (node) => query.sources.readScan(node, 1, false),
      script: script as (token: string) => (...args: unknown[]) => unknown,
      breathe: () => undefined,
      signal: this.abort.signal,
    });
    return codeText(stages);
  }

  async *execute(relation: Relation, observer?: Observer): AsyncIterable<ResultBatch> {
    const special = specialRelation(this, relation, observer);
    if (special !== undefined) {
      yield resultOf(special.schema, await special.rows());
      return;
    }
    const query = await this.batchQuery(relation, observer);
    for await (const batch of query.rows()) yield { schema: query.schema, batch };
  }

  /** @throws STREAMING_QUERY_IN_BATCH for a relation that reads a stream */
  async batchQuery(relation: Relation, observer?: Observer): Promise<ReadyQuery> {
    const query = await this.analyze(relation);
    checkBatch(query.logical);
    const { plan, script } = bindScripts(query.plan, this.bindScript);
    return {
      schema: query.schema,
      settings: query.settings,
      rows: () =>
        batchRows({
          plan,
          settings: query.settings,
          clock: this.clock,
          signal: this.abort.signal,
          batchRowsMax: this.config.count("sluice.batch.maxRows"),
          bufferBytes: this.config.count("sluice.result.bufferBytes"),
          run: runBatchPlan,
          readScan: (node, batchRowsMax, wide, json) => query.sources.readScan(node, batchRowsMax, wide, json),
          script: script as (token: string) => (...args: unknown[]) => unknown,
          observer,
        }),
    };
  }

  analyze(relation: Relation): Promise<AnalyzedQuery> {
    const { timeZone } = this.config.settings();
    return analyzed(this, relation, this.config, this.environment(timeZone));
  }

  /** A relation of rows at hand: what a statement answers with. */
  keepRows(schema: StructType, rows: readonly (readonly Value[])[]): Relation {
    const types = schema.fields.map((f) => f.type);
    return this.catalog.keepAnswer(schema, rows.length === 0 ? [] : [batchFromRows(types, rows, true)]);
  }

  functionExists(name: string): boolean {
    return lookupFunction(name.toLowerCase()) !== undefined;
  }

  typeName(type: DataType): string {
    return simpleString(type);
  }

  stop(): void {
    this.abort.abort(new Error("the session was stopped"));
  }
}

export function codeText(stages: readonly { readonly stage: string; readonly code: string }[]): string {
  return stages.map(({ stage, code }) => `== ${stage} ==\n${code}\n`).join("\n");
}
