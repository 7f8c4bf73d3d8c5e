/** `writeStream…start()`. */
import { create } from "@bufbuild/protobuf";
import type { ForeachFunctions } from "../api/engine.ts";
import { SluiceError } from "../errors/error.ts";
import { CommandSchema, PlanSchema, type Relation, type WriteStreamOperationStart } from "../plan/messages.ts";
import type { ResponseBody } from "./operation.ts";
import { PythonWorker } from "./python-worker.ts";
import type { ConnectSession } from "./session.ts";
import { startedEvent } from "./streams.ts";

/** @throws what the engine's startStream throws, STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE, UNSUPPORTED_FEATURE */
export async function startStream(session: ConnectSession, write: WriteStreamOperationStart): Promise<ResponseBody> {
  if (write.foreachWriter !== undefined) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "foreach with a Python function",
      where: " by this server",
      hint: "Use foreachBatch, whose Python function runs in a process of its own.",
    });
  }
  const value = { ...write, ...(write.input && { input: session.prepare(write.input) }) };
  const command = create(CommandSchema, { commandType: { case: "writeStreamOperationStart", value } });
  const plan = create(PlanSchema, { opType: { case: "command", value: command } });
  const worker = await foreachBatchWorker(session, write);
  try {
    const query = await session.engine.startStream(plan, worker && { batch: foreachBatch(worker) });
    if (worker !== undefined) session.streams.attach(query, worker);
    const { id, runId, name = "" } = query;
    const started = session.streams.isListenedTo
      ? { queryStartedEventJson: startedEvent(query, session.engine.clock.now()) }
      : {};
    return {
      responseType: { case: "writeStreamOperationStartResult", value: { queryId: { id, runId }, name, ...started } },
    };
  } catch (error) {
    worker?.stop();
    throw error;
  }
}

function foreachBatch(worker: PythonWorker): NonNullable<ForeachFunctions["batch"]> {
  return async ({ relType }: Relation, batchId: number) => {
    if (relType.case !== "cachedRemoteRelation") {
      throw new SluiceError("INTERNAL_ERROR", { message: `foreachBatch got a relation of the kind ${relType.case}` });
    }
    await worker.call(relType.value.relationId, batchId);
  };
}

async function foreachBatchWorker(
  session: ConnectSession,
  write: WriteStreamOperationStart,
): Promise<PythonWorker | undefined> {
  if (write.foreachBatch === undefined) return undefined;
  const { function: code } = write.foreachBatch;
  if (code.case !== "pythonFunction") {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "foreachBatch with a function that isn't Python's",
      where: " by this server",
      hint: "Write the function in Python, or the program in TypeScript.",
    });
  }
  return PythonWorker.start({
    function: code.value,
    python: process.env["PYSPARK_PYTHON"] || "python3",
    url: session.localUrl,
    sessionId: session.identity.sessionId,
    output: (text) => process.stderr.write(text),
  });
}
