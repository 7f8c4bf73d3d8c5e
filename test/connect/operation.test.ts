/** Operations and sessions with a clock and a producer of the test's own. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { Operation, type ResponseBody } from "../../src/connect/operation.ts";
import { Sessions } from "../../src/connect/sessions.ts";
import { createEmbeddedEngine } from "../../src/embedded/engine.ts";
import { SluiceError } from "../../src/errors/error.ts";
import type { ExecutePlanResponse } from "../../src/plan/messages.ts";

const MiB = 1 << 20;
const fails = (condition: string) => (error: unknown) => error instanceof SluiceError && error.condition === condition;
const batch = (bytes: number): ResponseBody => ({
  responseType: { case: "arrowBatch", value: { rowCount: 1n, data: new Uint8Array(bytes) } },
});

function operation(run: (signal: AbortSignal) => AsyncIterable<ResponseBody>, reattachable = true): Operation {
  const head = { id: randomUUID(), sessionId: randomUUID(), serverSideSessionId: randomUUID(), tags: [] };
  return new Operation({ ...head, reattachable, run, monotonic: () => 0 });
}

async function take(reader: AsyncGenerator<ExecutePlanResponse>, count = Number.POSITIVE_INFINITY) {
  const taken: ExecutePlanResponse[] = [];
  while (taken.length < count) {
    const next = await reader.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

test("an operation waits for its reader, and keeps what the reader may ask for again", async () => {
  let made = 0;
  const op = operation(async function* () {
    for (; made < 40; made++) yield batch(MiB);
  });
  const reader = op.read();
  await take(reader, 1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(made < 20, `${made} batches of 1 MiB were made for a reader of one`);
  const rest = await take(reader);
  assert.equal(rest.length, 40); // 39 batches and the completion
  assert.equal((await take(op.read(rest[35].responseId))).length, 4);
  await assert.rejects(take(op.read()), fails("INVALID_CURSOR.POSITION_NOT_AVAILABLE"));
  op.release(rest[38].responseId);
  await assert.rejects(take(op.read(rest[36].responseId)), fails("INVALID_CURSOR.POSITION_NOT_AVAILABLE"));
  assert.equal((await take(op.read(rest[38].responseId))).length, 1);
  await assert.rejects(take(op.read(`${op.id}:99`)), fails("INVALID_CURSOR.POSITION_NOT_FOUND"));
  await assert.rejects(take(op.read("x:1")), fails("INVALID_CURSOR.POSITION_NOT_FOUND"));
});

test("an error comes after the responses before it, to every reader", async () => {
  const op = operation(async function* () {
    yield batch(1);
    throw new SluiceError("OPERATION_CANCELED");
  });
  for (let i = 0; i < 2; i++) {
    const reader = op.read();
    assert.equal((await take(reader, 1)).length, 1);
    await assert.rejects(reader.next(), fails("OPERATION_CANCELED"));
  }
  assert.equal(op.hasFailed, true);
});

test("a new reader takes over, and an interrupt ends what waits", async () => {
  const op = operation(async function* (signal) {
    yield batch(1);
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const first = op.read();
  await take(first, 1);
  const waiting = first.next();
  const second = op.read();
  await take(second, 1);
  await assert.rejects(waiting, fails("INVALID_CURSOR.DISCONNECTED"));
  op.interrupt();
  await assert.rejects(second.next(), fails("OPERATION_CANCELED"));
  await op.ended;
});

test("sessions that nobody uses end after an hour, operations that nobody reads after five minutes", async () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: async () => {} };
  const sessions = new Sessions({
    createEngine: () => createEmbeddedEngine({ clock }),
    localUrl: () => "sc://127.0.0.1:1",
    monotonic: () => now,
  });
  const request = { sessionId: randomUUID(), userContext: { userId: "ann" } };
  const session = sessions.of(request);
  const run = async function* (signal: AbortSignal): AsyncGenerator<ResponseBody> {
    yield batch(1);
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const op = session.start({ id: randomUUID(), tags: [], reattachable: true, run });
  const reader = op.read();
  await take(reader, 1);
  now = 2 * 3600_000;
  await sessions.releaseIdle();
  assert.equal(sessions.of(request), session, "a session in which an operation runs is not idle");
  await reader.return(undefined);
  now += 4 * 60_000;
  await sessions.releaseIdle();
  assert.equal(op.isRunning, true);
  now += 2 * 60_000;
  await sessions.releaseIdle();
  await op.ended;
  assert.throws(() => session.operation(op.id), fails("INVALID_HANDLE.OPERATION_NOT_FOUND"));
  now += 2 * 3600_000;
  await sessions.releaseIdle();
  assert.notEqual(sessions.of(request), session);
  await sessions.stop();
});
