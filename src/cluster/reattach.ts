/** Keeps the answer to one operation going until the server says that it is complete. */

import { setTimeout as wait } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ExecutePlanResponse } from "../plan/messages.ts";

export interface Operation {
  start(): AsyncIterable<ExecutePlanResponse>;
  /** The answer again, after the response with this id. */
  reattach(lastResponseId: string | undefined): AsyncIterable<ExecutePlanResponse>;
  /** Lets the server forget the responses up to this one; all, and the operation, without an id. */
  release(responseId: string | undefined): Promise<void>;
}

/** Responses that the server may have to keep for us. */
const KEPT_MAX = 16;
/** Attempts in a row that bring nothing. */
const ATTEMPTS_MAX = 10;
const BACKOFF_MS = 50;

export async function* reattachable(operation: Operation): AsyncGenerator<ExecutePlanResponse, void, undefined> {
  let last: string | undefined;
  let kept = 0;
  let attempts = 0;
  let stream = operation.start();
  try {
    for (;;) {
      try {
        for await (const response of stream) {
          attempts = 0;
          last = response.responseId;
          if (response.responseType.case === "resultComplete") return;
          yield response;
          if (++kept % KEPT_MAX === 0) await operation.release(last).catch(() => undefined);
        }
      } catch (error) {
        if (!isPassing(error) || ++attempts >= ATTEMPTS_MAX || (last === undefined && attempts > 1)) throw error;
        await wait(BACKOFF_MS * 2 ** attempts);
      }
      stream = operation.reattach(last);
    }
  } finally {
    // Also when the caller stopped reading: the server then ends the operation.
    await operation.release(undefined).catch(() => undefined);
  }
}

/** The connection broke, or the server closed an answer that was open for long: the operation itself goes on. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  if (error.code === Code.Unavailable) return true;
  return error.code === Code.Internal && error.message.includes("INVALID_CURSOR.DISCONNECTED");
}
