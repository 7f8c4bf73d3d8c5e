/** The ExecutePlan call: a relation's rows, or a command's effect. */
import { create } from "@bufbuild/protobuf";
import type { ObservedMetrics } from "../api/engine.ts";
import { encodeArrow } from "../columns/arrow.ts";
import { sliceRows } from "../columns/ops.ts";
import { batchFromRows } from "../columns/rows.ts";
import type { Batch } from "../columns/vector.ts";
import { SluiceError } from "../errors/error.ts";
import { toProtoType } from "../plan/data-types.ts";
import { literalMessage } from "../plan/literals.ts";
import { type Command, CommandSchema, type Plan, PlanSchema, type Relation } from "../plan/messages.ts";
import type { StructType } from "../types/types.ts";
import { encodeRowCount } from "./no-columns.ts";
import type { ResponseBody } from "./operation.ts";
import { noRelation } from "./plans.ts";
import type { ConnectSession } from "./session.ts";
import { managerCommand, queryCommand } from "./stream-commands.ts";
import { startStream } from "./stream-start.ts";

/** A batch whose Arrow form has more bytes goes out in parts of fewer rows. */
const BATCH_BYTES_MAX = 4 << 20;

export interface ChunkOptions {
  /** Bytes of a batch in one response; undefined when the client takes no parts of batches. */
  readonly chunkBytes: number | undefined;
}

export async function* executePlan(
  session: ConnectSession,
  plan: Plan | undefined,
  options: ChunkOptions,
  signal: AbortSignal,
): AsyncGenerator<ResponseBody> {
  if (plan?.opType.case === "root") yield* rows(session, session.prepare(plan.opType.value), options, signal);
  else if (plan?.opType.case === "command") yield* runCommand(session, plan.opType.value, signal);
  else throw noRelation(plan);
}

async function* rows(
  session: ConnectSession,
  relation: Relation,
  options: ChunkOptions,
  signal: AbortSignal,
): AsyncGenerator<ResponseBody> {
  let schema: StructType | undefined;
  let offset = 0;
  const observed: ObservedMetrics[] = [];
  for await (const result of session.engine.execute(relation, (metrics) => observed.push(metrics))) {
    signal.throwIfAborted();
    if (schema === undefined) yield schemaResponse(result.schema);
    schema = result.schema;
    yield* batchResponses(schema, result.batch, offset, options);
    offset += result.batch.rows;
  }
  if (schema === undefined) {
    schema = await session.engine.schema(relation);
    yield schemaResponse(schema);
    const types = schema.fields.map((f) => f.type);
    yield* batchResponses(schema, batchFromRows(types, []), 0, options);
  }
  yield* observedResponses(observed);
}

/** What df.observe saw, as a client's Observation takes it. */
function* observedResponses(observed: readonly ObservedMetrics[]): Generator<ResponseBody> {
  if (observed.length === 0) return;
  yield {
    observedMetrics: observed.map(({ name, planId, schema, values }) => ({
      name,
      planId,
      keys: schema.fields.map((f) => f.name),
      values: schema.fields.map((f, i) => literalMessage(f.type, values[i])),
    })),
  };
}

function schemaResponse(schema: StructType): ResponseBody {
  return { schema: toProtoType(schema) };
}

function* batchResponses(
  schema: StructType,
  batch: Batch,
  startOffset: number,
  options: ChunkOptions,
): Generator<ResponseBody> {
  const data = schema.fields.length === 0 ? encodeRowCount(batch.rows) : encodeArrow(schema, [batch]);
  if (data.length > BATCH_BYTES_MAX && batch.rows > 1) {
    const half = batch.rows >> 1;
    yield* batchResponses(schema, sliceRows(batch, 0, half), startOffset, options);
    yield* batchResponses(schema, sliceRows(batch, half, batch.rows), startOffset + half, options);
    return;
  }
  const head = { rowCount: BigInt(batch.rows), startOffset: BigInt(startOffset) };
  const { chunkBytes } = options;
  if (chunkBytes === undefined) {
    yield { responseType: { case: "arrowBatch", value: { ...head, data } } };
    return;
  }
  const chunks = Math.max(1, Math.ceil(data.length / chunkBytes));
  for (let i = 0; i < chunks; i++) {
    const part = data.subarray(i * chunkBytes, (i + 1) * chunkBytes);
    const value = { ...head, data: part, chunkIndex: BigInt(i), numChunksInBatch: BigInt(chunks) };
    yield { responseType: { case: "arrowBatch", value } };
  }
}

async function* runCommand(
  session: ConnectSession,
  command: Command,
  signal: AbortSignal,
): AsyncGenerator<ResponseBody> {
  const { commandType } = command;
  const { engine, streams } = session;
  switch (commandType.case) {
    case "sqlCommand": {
      const relation = await runSql(session, command);
      yield { responseType: { case: "sqlCommandResult", value: { relation } } };
      return;
    }
    case "createDataframeView":
    case "writeOperation": {
      const observed: ObservedMetrics[] = [];
      await engine.command(planOf(withInput(session, command)), (metrics) => observed.push(metrics));
      yield* observedResponses(observed);
      return;
    }
    case "writeStreamOperationStart":
      yield await startStream(session, commandType.value);
      return;
    case "streamingQueryCommand":
      yield await queryCommand(streams, commandType.value, signal);
      return;
    case "streamingQueryManagerCommand":
      yield await managerCommand(streams, commandType.value, signal);
      return;
    case "streamingQueryListenerBusCommand":
      if (commandType.value.command.case === "removeListenerBusListener") streams.stopListening();
      else yield* listen(session, signal);
      return;
    case "removeCachedRemoteRelationCommand":
      return; // the rows of a batch are kept while its function runs, and no longer
    case "registerFunction":
      throw unsupported(`The Python function ${commandType.value.functionName}`, "Use the built-in functions.");
    default:
      throw unsupported(`The command ${commandType.case ?? "?"}`, "Write with DataFrame.write or writeStream.");
  }
}

/** Queries are checked here too: a client expects the errors of `spark.sql` at once. */
async function runSql(session: ConnectSession, command: Command): Promise<Relation> {
  const relation = await session.engine.command(planOf(withInput(session, command)));
  if (relation === undefined) throw new SluiceError("INTERNAL_ERROR", { message: "SQL text without an answer" });
  await session.engine.schema(relation);
  return relation;
}

async function* listen({ streams }: ConnectSession, signal: AbortSignal): AsyncGenerator<ResponseBody> {
  const events = streams.events(signal);
  const first = events.next(); // listening begins with it
  yield { responseType: { case: "streamingQueryListenerEventsResult", value: { listenerBusListenerAdded: true } } };
  for (let item = await first; item.done !== true; item = await events.next()) {
    yield { responseType: { case: "streamingQueryListenerEventsResult", value: { events: item.value } } };
  }
}

function withInput(session: ConnectSession, command: Command): Command {
  const { commandType } = command;
  switch (commandType.case) {
    case "sqlCommand":
    case "createDataframeView":
    case "writeOperation": {
      const { input } = commandType.value;
      if (input === undefined) return command;
      const value = { ...commandType.value, input: session.prepare(input) };
      return create(CommandSchema, { commandType: { case: commandType.case, value } as typeof commandType });
    }
    default:
      return command;
  }
}

function planOf(command: Command): Plan {
  return create(PlanSchema, { opType: { case: "command", value: command } });
}

function unsupported(feature: string, hint: string): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", { feature, where: " by this server", hint });
}
