/** Spark Connect's calls, each answered by the part that knows. */
import { randomUUID } from "node:crypto";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { SluiceError } from "../errors/error.ts";
import {
  type ExecutePlanRequest,
  type ExecutePlanResponse,
  InterruptRequest_InterruptType as InterruptType,
  type ReleaseExecuteRequest,
  type SparkConnectService,
  GetStatusResponse_OperationStatus_OperationState as State,
} from "../plan/messages.ts";
import { analyzePlan } from "./analyze.ts";
import { answerConfig } from "./config.ts";
import { connectError } from "./errors.ts";
import { executePlan } from "./execute.ts";
import type { Operation } from "./operation.ts";
import type { ConnectSession } from "./session.ts";
import type { SessionRequest, Sessions } from "./sessions.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Bytes of a batch in one response where the client has no wish of its own. */
const CHUNK_BYTES = 4 << 20;

export function sparkConnectService(sessions: Sessions): ServiceImpl<typeof SparkConnectService> {
  /** Answers a call, with its errors told in Spark's form. */
  const inSession = async <T extends object>(
    request: SessionRequest,
    answer: (session: ConnectSession) => Promise<T> | T,
  ): Promise<T & { sessionId: string; serverSideSessionId: string }> => {
    const session = sessionOf(sessions, request);
    const { sessionId } = request;
    try {
      return { ...(await answer(session)), sessionId, serverSideSessionId: session.serverSideSessionId };
    } catch (error) {
      throw session.errors.report(error);
    }
  };
  return {
    executePlan: (request, context) => execute(sessionOf(sessions, request), request, context),
    reattachExecute: (request, context) => {
      const session = sessionOf(sessions, request);
      const operation = () => session.operation(request.operationId);
      return readOperation(session, operation, request.lastResponseId, context);
    },
    analyzePlan: (request) => inSession(request, async (s) => ({ result: await analyzePlan(s, request) })),
    config: (request) =>
      inSession(request, ({ engine }) => {
        if (request.operation === undefined) throw new SluiceError("INTERNAL_ERROR", { message: "Config of nothing" });
        return answerConfig(engine.config, request.operation);
      }),
    addArtifacts: (requests) => addArtifacts(sessions, requests),
    artifactStatus: (request) =>
      inSession(request, ({ artifacts }) => ({
        statuses: Object.fromEntries(request.names.map((name) => [name, { exists: artifacts.has(name) }])),
      })),
    interrupt: (request) =>
      inSession(request, (session) => {
        const { interruptType, interrupt } = request;
        const all = interruptType === InterruptType.ALL;
        const chosen = ({ id, tags }: Operation) =>
          all || (interrupt.case === "operationTag" ? tags.includes(interrupt.value) : id === interrupt.value);
        return { interruptedIds: session.interrupt(chosen) };
      }),
    releaseExecute: (request) => inSession(request, (session) => releaseExecute(session, request)),
    releaseSession: async (request) => {
      const serverSideSessionId = (await sessions.release(request, request.allowReconnect)) ?? "";
      return { sessionId: request.sessionId, serverSideSessionId };
    },
    fetchErrorDetails: (request) =>
      inSession(request, (session) => {
        const errors = session.errors.details(request.errorId);
        return errors === undefined ? {} : { rootErrorIdx: 0, errors };
      }),
    getStatus: (request) =>
      inSession(request, (session) => ({
        operationStatuses: statuses(session, request.operationStatus?.operationIds),
      })),
  };
}

function sessionOf(sessions: Sessions, request: SessionRequest): ConnectSession {
  try {
    return sessions.of(request);
  } catch (error) {
    throw connectError(error);
  }
}

function execute(
  session: ConnectSession,
  request: ExecutePlanRequest,
  context: HandlerContext,
): AsyncGenerator<ExecutePlanResponse> {
  let reattachable = false;
  let chunkBytes: number | undefined;
  for (const { requestOption } of request.requestOptions) {
    if (requestOption.case === "reattachOptions") reattachable = requestOption.value.reattachable;
    if (requestOption.case === "resultChunkingOptions" && requestOption.value.allowArrowBatchChunking) {
      chunkBytes = Number(requestOption.value.preferredArrowChunkSize ?? CHUNK_BYTES);
    }
  }
  const { operationId: id = randomUUID(), tags, plan } = request;
  const start = () => {
    if (!UUID.test(id)) throw new SluiceError("INVALID_HANDLE.FORMAT", { handle: id });
    const run = (signal: AbortSignal) => executePlan(session, plan, { chunkBytes }, signal);
    return session.start({ id, tags, reattachable, run });
  };
  return readOperation(session, start, undefined, context);
}

/** Sends what an operation answers. When the client goes away from one that it can't come back to, the operation ends too. */
async function* readOperation(
  session: ConnectSession,
  find: () => Operation,
  lastResponseId: string | undefined,
  { signal }: HandlerContext,
): AsyncGenerator<ExecutePlanResponse> {
  let operation: Operation | undefined;
  const leave = () => {
    if (operation?.reattachable === false) session.forget(operation.id);
  };
  try {
    operation = find();
    signal.addEventListener("abort", leave);
    yield* operation.read(lastResponseId);
  } catch (error) {
    throw session.errors.report(error);
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}

function releaseExecute(session: ConnectSession, { operationId, release }: ReleaseExecuteRequest) {
  const operation = session.allOperations().find(({ id }) => id === operationId);
  if (release.case === "releaseUntil") operation?.release(release.value.responseId);
  else session.forget(operationId);
  return operation === undefined ? {} : { operationId };
}

async function addArtifacts(
  sessions: Sessions,
  requests: Parameters<ServiceImpl<typeof SparkConnectService>["addArtifacts"]>[0],
) {
  let session: ConnectSession | undefined;
  let sessionId = "";
  async function* seen() {
    for await (const request of requests) {
      session ??= sessionOf(sessions, request);
      sessionId = request.sessionId;
      yield request;
    }
  }
  const iterator = seen();
  const first = await iterator.next();
  if (session === undefined || first.done === true) return { artifacts: [] };
  async function* all() {
    if (first.value !== undefined) yield first.value;
    yield* iterator;
  }
  const { errors, artifacts, serverSideSessionId } = session;
  try {
    return { sessionId, serverSideSessionId, artifacts: await artifacts.add(all()) };
  } catch (error) {
    throw errors.report(error);
  }
}

function statuses(session: ConnectSession, operationIds: readonly string[] = []) {
  const operations = new Map(session.allOperations().map((operation) => [operation.id, operation]));
  const ids = operationIds.length === 0 ? [...operations.keys()] : operationIds;
  return ids.map((operationId) => ({ operationId, state: stateOf(operations.get(operationId)) }));
}

function stateOf(operation: Operation | undefined): State {
  if (operation === undefined) return State.UNKNOWN;
  if (operation.isRunning) return State.RUNNING;
  return operation.hasFailed ? State.FAILED : State.SUCCEEDED;
}
