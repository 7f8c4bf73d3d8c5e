/** The command `sluice connect`: how it starts and stops, and what it says when Python isn't there. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { type ConnectServer, startConnectServer } from "../../src/connect/server.ts";
import { SparkSession } from "../../src/index.ts";
import { SparkConnectService } from "../../src/plan/messages.ts";
import { serveConnect } from "./serve.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} ends it, with a query that runs and a client that listens`, async () => {
    await using served = await serveConnect();
    const spark = SparkSession.builder.remote(served.url).create();
    spark.streams.addListener({});
    const query = await spark.readStream.format("rate").load().writeStream.format("noop").start();
    assert.equal(await query.isActive(), true);
    assert.equal(await served.stop(signal), 0);
    await spark.stop();
  });
}

test("a port that is taken is an error", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  let server: ConnectServer | undefined;
  try {
    await assert.rejects(
      async () => {
        server = await startConnectServer({ port });
      },
      { code: "EADDRINUSE" },
    );
  } finally {
    await server?.close();
    taken.close();
  }
});

test("foreachBatch without a Python that has PySpark says so", async () => {
  for (const [python, reason] of [
    ["/no/such/python", /ENOENT/],
    [process.execPath, /ended with/],
  ] as const) {
    await using served = await serveConnect({ ...process.env, PYSPARK_PYTHON: python });
    const baseUrl = served.url.replace("sc:", "http:");
    const connection = new Http2SessionManager(baseUrl);
    const client = createClient(SparkConnectService, createGrpcTransport({ baseUrl, sessionManager: connection }));
    const rate = {
      relType: {
        case: "read",
        value: { isStreaming: true, readType: { case: "dataSource", value: { format: "rate" } } },
      },
    } as const;
    const code = { case: "pythonFunction", value: { command: new Uint8Array([1]), pythonVer: "3.11" } } as const;
    const write = { input: rate, foreachBatch: { function: code } };
    const answers = client.executePlan({
      sessionId: "00112233-4455-6677-8899-aabbccddeeff",
      plan: {
        opType: { case: "command", value: { commandType: { case: "writeStreamOperationStart", value: write } } },
      },
    });
    await assert.rejects(
      async () => {
        for await (const answer of answers) assert.fail(`it started: ${answer.responseType.case}`);
      },
      (error: Error) =>
        error.message.includes("STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE") && reason.test(error.message),
    );
    connection.abort();
    assert.equal(await served.stop(), 0);
  }
});
