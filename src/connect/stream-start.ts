/** `writeStream…start()`. */
import { create } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import { CommandSchema, PlanSchema, type WriteStreamOperationStart } from "../plan/messages.ts";
import type { ResponseBody } from "./operation.ts";
import type { ConnectSession } from "./session.ts";
import { startedEvent } from "./streams.ts";

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
  const query = await session.engine.startStream(plan);
  const { id, runId, name = "" } = query;
  const started = session.streams.isListenedTo
    ? { queryStartedEventJson: startedEvent(query, session.engine.clock.now()) }
    : {};
  return {
    responseType: { case: "writeStreamOperationStartResult", value: { queryId: { id, runId }, name, ...started } },
  };
}
