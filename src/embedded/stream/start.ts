/** From `writeStream…start()` to a running query: everything that can be wrong with it is found here, before it runs. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkStreaming } from "../../analyze/index.ts";
import type { PlanNode, ScanNode } from "../../analyze/plan.ts";
import { nodesOf } from "../../analyze/walk.ts";
import type { ForeachFunctions } from "../../api/engine.ts";
import type { Environment, Options, OutputMode, Sink, SinkProvider } from "../../connectors/contract.ts";
import { foreachBatchSink, foreachSink } from "../../connectors/foreach/foreach.ts";
import { sinkProvider } from "../../connectors/list.ts";
import { memorySink } from "../../connectors/memory/sink.ts";
import { checkOptions, OptionMap } from "../../connectors/options.ts";
import { SluiceError } from "../../errors/error.ts";
import type { WriteStreamOperationStart } from "../../plan/messages.ts";
import { breather } from "../breathe.ts";
import { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { CheckpointFileSystem } from "../checkpoint/file-system.ts";
import { checkFingerprint } from "../checkpoint/fingerprint.ts";
import { openStreamPlan } from "../operators/stream.ts";
import { type AnalyzedQuery, analyzed, explained, isStreamingPlan } from "../session/analysis.ts";
import type { SessionConfig } from "../session/config.ts";
import { bindScripts } from "../session/scripts.ts";
import { codeText, type Session } from "../session/session.ts";
import { openBeside } from "./beside.ts";
import type { StreamInput } from "./inputs.ts";
import { MicroBatchExecution, type MicroBatchSetup } from "./micro-batch.ts";
import { StreamingQuery } from "./query.ts";
import { type Trigger, triggerOf } from "./trigger.ts";

/** Sinks that may go without a checkpoint, because they keep nothing either. */
const TEMPORARY_SINKS = new Set(["console", "memory", "noop", "foreach", "foreachbatch"]);

export interface StartContext {
  readonly session: Session;
  readonly write: WriteStreamOperationStart;
  readonly foreach: ForeachFunctions | undefined;
  /** For tests that own the disk. */
  readonly fileSystem: CheckpointFileSystem | undefined;
  isNameTaken(name: string): boolean;
  release(query: StreamingQuery): void;
}

export async function startQuery(context: StartContext): Promise<StreamingQuery> {
  const { session, fileSystem } = context;
  const target = await targetOf(context);
  const trigger = triggerOf(context.write);
  const abort = new AbortController();
  const asked = await analyzeStream(context, session.config, target.outputMode, abort.signal);

  const checkpoint = await Checkpoint.open({
    location: target.location,
    durable: session.config.flag("sluice.checkpoint.durable"),
    journalAfter: session.config.count("sluice.checkpoint.journalAfterBatches"),
    ...(fileSystem && { fs: fileSystem }),
  });
  try {
    const config = session.config.withKept(await keptSettings(checkpoint));
    const changed = JSON.stringify(config.keptByQuery()) !== JSON.stringify(session.config.keptByQuery());
    const now = changed ? await analyzeStream(context, config, target.outputMode, abort.signal) : asked;
    await checkFingerprint(checkpoint, now.query.plan);
    const status: MicroBatchSetup["status"] = (message, isDataAvailable) => query.tell(message, isDataAvailable);
    const batch = await batchSetup(context, target, { ...now, config, checkpoint, abort, trigger, status });
    const execution = new MicroBatchExecution(batch);
    const query: StreamingQuery = new StreamingQuery({
      runId: randomUUID(),
      name: target.name,
      trigger,
      batch,
      execution,
      abort,
      clock: session.clock,
      log: session.log,
      progressesToKeep: config.count("spark.sql.streaming.numRecentProgressUpdates"),
      idleEventMs: config.count("spark.sql.streaming.noDataProgressEventInterval"),
      explain: async (extended) => {
        const text = explained(now.query, extended ? "extended" : "simple");
        return extended ? `${text}\n${codeText(execution.streamPlan?.generatedCode() ?? [])}` : text;
      },
      release: async () => context.release(query),
    });
    return query;
  } catch (error) {
    abort.abort(error);
    await checkpoint.close();
    throw error;
  }
}

/** Where the rows go, with everything about it checked that can be without the plan. */
interface Target {
  readonly name: string | undefined;
  readonly provider: SinkProvider;
  readonly outputMode: OutputMode;
  readonly options: Options;
  readonly path: string | undefined;
  /** Of the checkpoint; undefined for a temporary one. */
  readonly location: string | undefined;
}

async function targetOf(context: StartContext): Promise<Target> {
  const { write } = context;
  const name = write.queryName === "" ? undefined : write.queryName;
  if (name !== undefined && context.isNameTaken(name)) throw new SluiceError("QUERY_NAME_IN_USE", { name });
  const outputMode = outputModeOf(write.outputMode);
  const provider = await providerFor(context);
  const options = new OptionMap(Object.entries(write.options));
  const path = write.sinkDestination.case === "path" ? write.sinkDestination.value : options.get("path");
  const location = checkpointLocation(context, provider.format, options, name);
  options.delete("path");
  options.delete("checkpointLocation");
  const checked = checkOptions(provider.format, options, provider.options);
  if (!provider.outputModes.includes(outputMode)) throw modeRefused(provider, outputMode);
  return { name, provider, outputMode, options: checked, path, location };
}

interface Start {
  readonly query: AnalyzedQuery;
  readonly environment: Environment;
  readonly config: SessionConfig;
  readonly checkpoint: Checkpoint;
  readonly abort: AbortController;
  readonly trigger: Trigger;
  readonly status: MicroBatchSetup["status"];
}

/** Opens sink and sources, and gathers what the batches need. */
async function batchSetup(context: StartContext, target: Target, start: Start): Promise<MicroBatchSetup> {
  const { session, write, fileSystem } = context;
  const { query: analysis, config, checkpoint } = start;
  const { plan, script } = bindScripts(analysis.plan, session.bindScript);
  const sink = await target.provider.create(
    {
      streaming: true,
      options: target.options,
      path: target.path,
      schema: analysis.schema,
      outputMode: target.outputMode,
      queryId: checkpoint.queryId,
      queryName: target.name,
      partitionBy: write.partitioningColumnNames,
      saveMode: "append",
    },
    start.environment,
  );
  noteGuarantee(session, sink, target.name ?? checkpoint.queryId);
  const beside = await openBeside({
    analysis,
    plan,
    sink,
    queryId: checkpoint.queryId,
    name: target.name,
    log: session.log,
  });
  const batchRowsMax = config.count("sluice.batch.maxRows");
  const watermarkPolicy = config.known("spark.sql.streaming.multipleWatermarkPolicy").toLowerCase();
  return {
    plan,
    outputMode: target.outputMode,
    settings: analysis.settings,
    conf: config.keptByQuery(),
    inputs: await openInputs(analysis, plan, checkpoint, target.name),
    sink: beside.sink,
    beside,
    checkpoint,
    clock: session.clock,
    signal: start.abort.signal,
    openPlan: (request) =>
      openStreamPlan({
        ...request,
        ...beside.operators,
        script,
        durable: checkpoint.durable,
        ...(fileSystem && { fs: fileSystem }),
      }),
    watermarkPolicy: watermarkPolicy === "max" ? "max" : "min",
    noDataBatches: config.flag("spark.sql.streaming.noDataMicroBatches.enabled"),
    batchesToRetain: config.count("spark.sql.streaming.minBatchesToRetain"),
    deltasForSnapshot: config.count("spark.sql.streaming.stateStore.minDeltasForSnapshot"),
    deltaBytesForSnapshot: config.count("sluice.state.deltaBytesForSnapshot"),
    batchRowsMax,
    unlimited: start.trigger.kind === "once",
    readScan: (node, wide) => analysis.sources.readScan(node, batchRowsMax, wide),
    script: script as MicroBatchSetup["script"],
    breathe: beside.breathing(breather(session.clock)),
    status: start.status,
  };
}

async function analyzeStream(
  { session, write }: StartContext,
  config: SessionConfig,
  outputMode: OutputMode,
  signal: AbortSignal,
): Promise<{ query: AnalyzedQuery; environment: Environment }> {
  if (write.input === undefined) throw new SluiceError("INTERNAL_ERROR", { message: "writeStream without a relation" });
  const environment = session.environment(config.settings().timeZone, signal);
  const query = await analyzed(session, write.input, config, environment);
  if (!isStreamingPlan(query.plan)) throw new SluiceError("WRITE_STREAM_NOT_ALLOWED");
  const checkCorrectness = config.flag("spark.sql.streaming.statefulOperator.checkCorrectness.enabled");
  checkStreaming(query.logical, outputMode, { checkCorrectness });
  return { query, environment };
}

async function keptSettings(checkpoint: Checkpoint): Promise<Readonly<Record<string, string>> | undefined> {
  const last = await checkpoint.offsets.latest();
  return last === undefined ? undefined : (await checkpoint.offsets.entry(last))?.conf;
}

/** The plan's streaming scans in the order of their numbers: the order of the lines in the offset log. */
async function openInputs(
  analysis: AnalyzedQuery,
  plan: PlanNode,
  checkpoint: Checkpoint,
  name: string | undefined,
): Promise<StreamInput[]> {
  const scans = [...nodesOf(plan)].filter((node): node is ScanNode => node.kind === "scan" && node.streaming);
  const inputs: StreamInput[] = [];
  for (const node of scans.sort((a, b) => a.id - b.id)) {
    const { openStream } = analysis.sources.of(node);
    if (openStream === undefined) throw new SluiceError("INTERNAL_ERROR", { message: `${node.format} has no stream` });
    inputs.push({ node, source: await openStream(await checkpoint.source(inputs.length), { name }) });
  }
  return inputs;
}

async function providerFor({ session, write, foreach }: StartContext): Promise<SinkProvider> {
  if (foreach?.row !== undefined) return foreachSink(foreach.row);
  const { batch } = foreach ?? {};
  if (batch !== undefined) {
    return foreachBatchSink((schema, batches, batchId) =>
      session.catalog.keepWhile(schema, batches, (relation) => batch(relation, batchId)),
    );
  }
  if (write.sinkDestination.case === "tableName") {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "toTable",
      where: " by the embedded engine",
      hint: 'Write to a path, a topic or a database, or to format("memory") with a queryName.',
    });
  }
  const format = write.format || session.config.known("spark.sql.sources.default");
  return format.toLowerCase() === "memory" ? memorySink(session.catalog.memoryTables) : sinkProvider(format);
}

function outputModeOf(text: string): OutputMode {
  const mode = text === "" ? "append" : text.toLowerCase();
  if (mode === "append" || mode === "update" || mode === "complete") return mode;
  throw new SluiceError("STREAMING_OUTPUT_MODE.INVALID", { outputMode: text });
}

function modeRefused(provider: SinkProvider, outputMode: OutputMode): SluiceError {
  if (provider.outputModes.length === 0) {
    return new SluiceError("DATA_SOURCE_OPERATION_UNSUPPORTED", {
      provider: provider.format,
      operation: "streaming write",
      hint: "Use foreachBatch and write each batch.",
    });
  }
  const accepted = provider.outputModes.join(", ");
  return new SluiceError("STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", {
    outputMode,
    dataSource: provider.format,
    accepted,
  });
}

/** @throws CHECKPOINT_LOCATION_REQUIRED */
function checkpointLocation({ session }: StartContext, format: string, options: OptionMap, name: string | undefined) {
  const own = options.get("checkpointLocation");
  if (own !== undefined && own !== "") return localPath(own);
  const base = session.config.value("spark.sql.streaming.checkpointLocation");
  if (base !== undefined) return join(localPath(base), name ?? randomUUID());
  if (TEMPORARY_SINKS.has(format)) return undefined;
  throw new SluiceError("CHECKPOINT_LOCATION_REQUIRED");
}

function localPath(location: string): string {
  if (location.startsWith("file://")) return fileURLToPath(location);
  return location.startsWith("file:") ? location.slice("file:".length) : location;
}

function noteGuarantee(session: Session, sink: Sink, query: string): void {
  if (sink.guarantee === "exactly-once") return;
  const why = sink.guaranteeNote === undefined ? "" : `: ${sink.guaranteeNote}`;
  session.log.warn(`query ${query}: rows may be written twice, since ${sink.description} is ${sink.guarantee}${why}`);
}
