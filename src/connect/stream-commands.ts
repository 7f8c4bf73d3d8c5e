/** The commands that ask and tell streaming queries. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StreamingQuery } from "../embedded/stream/query.ts";
import { SluiceError } from "../errors/error.ts";
import type {
  StreamingQueryCommand,
  StreamingQueryCommandResultSchema,
  StreamingQueryManagerCommand,
  StreamingQueryManagerCommandResultSchema,
} from "../plan/messages.ts";
import { unlessAborted } from "./abort.ts";
import type { ResponseBody } from "./operation.ts";
import { exceptionText, type SessionStreams } from "./streams.ts";

type QueryResult = NonNullable<MessageInitShape<typeof StreamingQueryCommandResultSchema>["resultType"]>;
type ManagerResult = NonNullable<MessageInitShape<typeof StreamingQueryManagerCommandResultSchema>["resultType"]>;

export async function queryCommand(
  streams: SessionStreams,
  { queryId, command }: StreamingQueryCommand,
  signal: AbortSignal,
): Promise<ResponseBody> {
  const { id = "", runId = "" } = queryId ?? {};
  const query = streams.query(id, runId);
  const resultType = await queryResult(streams, query, command, signal);
  const value = { queryId: { id, runId }, ...(resultType && { resultType }) };
  return { responseType: { case: "streamingQueryCommandResult", value } };
}

/** Undefined for what has no answer but that it is done. */
async function queryResult(
  streams: SessionStreams,
  query: StreamingQuery,
  command: StreamingQueryCommand["command"],
  signal: AbortSignal,
): Promise<QueryResult | undefined> {
  switch (command.case) {
    case "status": {
      const { message: statusMessage, isDataAvailable, isTriggerActive } = await query.status();
      const isActive = await query.isActive();
      return { case: "status", value: { statusMessage, isDataAvailable, isTriggerActive, isActive } };
    }
    case "lastProgress": {
      const last = await query.lastProgress();
      return {
        case: "recentProgress",
        value: { recentProgressJson: last === undefined ? [] : [withOffsetTexts(last)] },
      };
    }
    case "recentProgress":
      return {
        case: "recentProgress",
        value: { recentProgressJson: (await query.recentProgress()).map(withOffsetTexts) },
      };
    case "stop":
      await streams.stopQuery(query);
      return undefined;
    case "processAllAvailable":
      await unlessAborted(query.processAllAvailable(), signal);
      return undefined;
    case "explain":
      return { case: "explain", value: { result: await query.explain(command.value.extended) } };
    case "exception":
      return { case: "exception", value: exceptionOf(await query.exception()) };
    case "awaitTermination": {
      const { timeoutMs } = command.value;
      const timeout = timeoutMs === undefined ? undefined : Number(timeoutMs);
      const terminated = await unlessAborted(query.awaitTermination(timeout), signal);
      return { case: "awaitTermination", value: { terminated } };
    }
    default:
      throw new SluiceError("INTERNAL_ERROR", { message: "a streaming query's command without an order" });
  }
}

/** Spark's server tells offsets as text that is JSON, and clients before 4.2 take them for nothing else. */
function withOffsetTexts(progress: string): string {
  return JSON.stringify(JSON.parse(progress), (key, value: unknown) =>
    OFFSETS.has(key) && typeof value === "object" && value !== null ? JSON.stringify(value) : value,
  );
}

const OFFSETS = new Set(["startOffset", "endOffset", "latestOffset"]);

function exceptionOf(error: Error | undefined) {
  if (error === undefined) return {};
  const condition = error instanceof SluiceError ? { errorClass: error.condition } : {};
  return { exceptionMessage: exceptionText(error), ...condition };
}

export async function managerCommand(
  streams: SessionStreams,
  { command }: StreamingQueryManagerCommand,
  signal: AbortSignal,
): Promise<ResponseBody> {
  const resultType = await managerResult(streams, command, signal);
  const value = resultType === undefined ? {} : { resultType };
  return { responseType: { case: "streamingQueryManagerCommandResult", value } };
}

async function managerResult(
  streams: SessionStreams,
  command: StreamingQueryManagerCommand["command"],
  signal: AbortSignal,
): Promise<ManagerResult | undefined> {
  switch (command.case) {
    case "active":
      return { case: "active", value: { activeQueries: (await streams.active()).map(instance) } };
    case "getQuery": {
      const query = streams.byId(command.value);
      return query === undefined ? undefined : { case: "query", value: instance(query) };
    }
    case "awaitAnyTermination": {
      const { timeoutMs } = command.value;
      const terminated = await streams.awaitAny(timeoutMs === undefined ? undefined : Number(timeoutMs), signal);
      return { case: "awaitAnyTermination", value: { terminated } };
    }
    case "resetTerminated":
      streams.resetTerminated();
      return { case: "resetTerminated", value: true };
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `The streaming manager's command ${command.case ?? "?"}`,
        where: " by this server",
        hint: "Add listeners with spark.streams.addListener of a client of Spark 4.0 or newer.",
      });
  }
}

function instance({ id, runId, name }: StreamingQuery) {
  return { id: { id, runId }, ...(name !== undefined && { name }) };
}
