/** The server by itself, asked by plain gRPC calls and by our own cluster engine. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { crc32 } from "node:zlib";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { decodeArrow, encodeArrow } from "../../src/columns/arrow.ts";
import { batchFromRows, rowsOf } from "../../src/columns/rows.ts";
import { type ConnectServer, startConnectServer } from "../../src/connect/server.ts";
import { col, count, sum } from "../../src/functions.ts";
import { SluiceError, SparkSession } from "../../src/index.ts";
import { fromProtoType } from "../../src/plan/data-types.ts";
import {
  type AddArtifactsRequestSchema,
  ErrorInfoSchema,
  type ExecutePlanRequestSchema,
  type ExecutePlanResponse,
  LocalRelationSchema,
  GetStatusResponse_OperationStatus_OperationState as OperationState,
  type PlanSchema,
  SparkConnectService,
} from "../../src/plan/messages.ts";
import { field, INT, STRING, struct } from "../../src/types/types.ts";

type PlanInit = MessageInitShape<typeof PlanSchema>;
const rangePlan = (end: bigint): PlanInit => ({
  opType: { case: "root", value: { relType: { case: "range", value: { start: 0n, end, step: 1n } } } },
});
const sqlPlan = (query: string): PlanInit => ({
  opType: { case: "root", value: { relType: { case: "sql", value: { query } } } },
});
const REATTACHABLE = { requestOption: { case: "reattachOptions", value: { reattachable: true } } } as const;

const conditionOf = (error: unknown): string | undefined => {
  const [info] = error instanceof ConnectError ? error.findDetails(ErrorInfoSchema) : [];
  return info?.metadata["errorClass"];
};
const failsWith = (condition: string) => (error: unknown) => conditionOf(error) === condition;

describe("Spark Connect calls", () => {
  let server: ConnectServer;
  let connection: Http2SessionManager;
  let client: Client<typeof SparkConnectService>;
  before(async () => {
    server = await startConnectServer({ port: 0 });
    const baseUrl = server.url.replace("sc:", "http:");
    connection = new Http2SessionManager(baseUrl);
    client = createClient(SparkConnectService, createGrpcTransport({ baseUrl, sessionManager: connection }));
  });
  after(async () => {
    connection.abort();
    await server.close();
  });

  const newSession = () => ({ sessionId: randomUUID(), userContext: { userId: "ann" } });
  const responsesOf = async (stream: AsyncIterable<ExecutePlanResponse>) => {
    const responses: ExecutePlanResponse[] = [];
    for await (const response of stream) responses.push(response);
    return responses;
  };
  const run = (request: MessageInitShape<typeof ExecutePlanRequestSchema>) => responsesOf(client.executePlan(request));
  const kindOf = (response: ExecutePlanResponse) => response.responseType.case ?? "schema";

  test("an answer: schema, batches, completion", async () => {
    const session = newSession();
    const responses = await run({ ...session, plan: rangePlan(20_000n) });
    assert.equal(kindOf(responses[0]), "schema");
    assert.equal(kindOf(responses[responses.length - 1]), "resultComplete");
    let rows = 0n;
    for (const { responseType } of responses) {
      if (responseType.case !== "arrowBatch") continue;
      assert.equal(responseType.value.startOffset, rows);
      rows += responseType.value.rowCount;
    }
    assert.equal(rows, 20_000n);
    assert.equal(new Set(responses.map((r) => r.responseId)).size, responses.length);
    assert.deepEqual(new Set(responses.map((r) => r.sessionId)), new Set([session.sessionId]));
    assert.equal(new Set(responses.map((r) => r.serverSideSessionId)).size, 1);
  });

  test("an answer without rows has a schema and an empty batch", async () => {
    const responses = await run({ ...newSession(), plan: rangePlan(0n) });
    assert.deepEqual(responses.map(kindOf), ["schema", "arrowBatch", "resultComplete"]);
  });

  test("a large batch comes in chunks for clients that take them", async () => {
    const chunking = {
      case: "resultChunkingOptions",
      value: { allowArrowBatchChunking: true, preferredArrowChunkSize: 1000n },
    } as const;
    const responses = await run({
      ...newSession(),
      plan: rangePlan(500n),
      requestOptions: [{ requestOption: chunking }],
    });
    const batches = responses.flatMap(({ responseType }) =>
      responseType.case === "arrowBatch" ? [responseType.value] : [],
    );
    assert.ok(batches.length > 3);
    assert.deepEqual(
      batches.map((b) => Number(b.chunkIndex)),
      batches.map((_, i) => i),
    );
    assert.ok(
      batches.every(
        (b) => b.data.length <= 1000 && b.rowCount === 500n && Number(b.numChunksInBatch) === batches.length,
      ),
    );
    const [batch] = decodeArrow(Buffer.concat(batches.map((b) => b.data))).batches;
    assert.equal(batch.rows, 500);
  });

  test("a broken answer is taken up after the last response", async () => {
    const session = newSession();
    const operationId = randomUUID();
    const stop = new AbortController();
    const seen: string[] = [];
    const request = { ...session, operationId, plan: rangePlan(100_000n), requestOptions: [REATTACHABLE] };
    await assert.rejects(async () => {
      for await (const { responseId } of client.executePlan(request, { signal: stop.signal })) {
        seen.push(responseId);
        if (seen.length === 3) stop.abort();
      }
    });
    const rest = await responsesOf(client.reattachExecute({ ...session, operationId, lastResponseId: seen[1] }));
    assert.equal(rest[0].responseId, seen[2]);
    assert.equal(kindOf(rest[rest.length - 1]), "resultComplete");
    await client.releaseExecute({
      ...session,
      operationId,
      release: { case: "releaseUntil", value: { responseId: seen[1] } },
    });
    await assert.rejects(
      responsesOf(client.reattachExecute({ ...session, operationId, lastResponseId: seen[0] })),
      (error) => conditionOf(error) === undefined || conditionOf(error) === "INVALID_CURSOR.POSITION_NOT_AVAILABLE",
    );
    await client.releaseExecute({ ...session, operationId, release: { case: "releaseAll", value: {} } });
    await assert.rejects(
      responsesOf(client.reattachExecute({ ...session, operationId })),
      failsWith("INVALID_HANDLE.OPERATION_NOT_FOUND"),
    );
  });

  test("an operation's id is used once", async () => {
    const request = { ...newSession(), operationId: randomUUID(), plan: rangePlan(1n), requestOptions: [REATTACHABLE] };
    await run(request);
    await assert.rejects(run(request), failsWith("INVALID_HANDLE.OPERATION_ALREADY_EXISTS"));
    await assert.rejects(run({ ...request, operationId: "mine" }), failsWith("INVALID_HANDLE.FORMAT"));
  });

  test("interrupts end what runs, by id, by tag, altogether", async () => {
    const session = newSession();
    const listen = {
      case: "streamingQueryListenerBusCommand",
      value: { command: { case: "addListenerBusListener", value: true } },
    } as const;
    const plan: PlanInit = { opType: { case: "command", value: { commandType: listen } } };
    const kinds = [
      (operationId: string) => ({ interruptType: 3, interrupt: { case: "operationId", value: operationId } }) as const,
      () => ({ interruptType: 2, interrupt: { case: "operationTag", value: "mine" } }) as const,
      () => ({ interruptType: 1 }) as const,
    ];
    for (const kind of kinds) {
      const operationId = randomUUID();
      const stream = client.executePlan({ ...session, operationId, plan, tags: ["mine"] })[Symbol.asyncIterator]();
      const first = await stream.next();
      assert.equal(first.value?.responseType.case, "streamingQueryListenerEventsResult");
      const { interruptedIds } = await client.interrupt({ ...session, ...kind(operationId) });
      assert.deepEqual(interruptedIds, [operationId]);
      await assert.rejects(stream.next(), failsWith("OPERATION_CANCELED"));
    }
  });

  test("an operation that can't be taken up ends when its client goes away", async () => {
    const session = newSession();
    const listen = {
      case: "streamingQueryListenerBusCommand",
      value: { command: { case: "addListenerBusListener", value: true } },
    } as const;
    const plan: PlanInit = { opType: { case: "command", value: { commandType: listen } } };
    const gone = new AbortController();
    const operationId = randomUUID();
    const stream = client
      .executePlan({ ...session, operationId, plan }, { signal: gone.signal })
      [Symbol.asyncIterator]();
    await stream.next();
    const state = async () => {
      const asked = { ...session, operationStatus: { operationIds: [operationId] } };
      return (await client.getStatus(asked)).operationStatuses[0].state;
    };
    assert.equal(await state(), OperationState.RUNNING);
    gone.abort();
    await assert.rejects(stream.next());
    while ((await state()) === OperationState.RUNNING); // the cancellation is on its way
    assert.equal(await state(), OperationState.UNKNOWN);
  });

  test("who listens again takes over", async () => {
    const session = newSession();
    const listen = {
      case: "streamingQueryListenerBusCommand",
      value: { command: { case: "addListenerBusListener", value: true } },
    } as const;
    const plan: PlanInit = { opType: { case: "command", value: { commandType: listen } } };
    const first = client.executePlan({ ...session, plan })[Symbol.asyncIterator]();
    await first.next();
    const second = client.executePlan({ ...session, plan })[Symbol.asyncIterator]();
    await second.next();
    assert.equal((await first.next()).value?.responseType.case, "resultComplete");
    const remove = { ...listen, value: { command: { case: "removeListenerBusListener", value: true } } } as const;
    await run({ ...session, plan: { opType: { case: "command", value: { commandType: remove } } } });
    assert.equal((await second.next()).value?.responseType.case, "resultComplete");
  });

  test("errors in full by their id", async () => {
    const session = newSession();
    const error = await run({ ...session, plan: sqlPlan("SELECT nope FROM range(1)") }).then(
      () => assert.fail("it ran"),
      (e: unknown) => e as ConnectError,
    );
    const [info] = error.findDetails(ErrorInfoSchema);
    assert.equal(info.reason, "org.apache.spark.sql.AnalysisException");
    assert.equal(info.metadata["sqlState"], "42703");
    const details = await client.fetchErrorDetails({ ...session, errorId: info.metadata["errorId"] });
    const [root] = details.errors;
    assert.equal(details.rootErrorIdx, 0);
    assert.equal(root.sparkThrowable?.errorClass, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    assert.equal(root.sparkThrowable?.messageParameters["objectName"], "`nope`");
    assert.equal(root.sparkThrowable?.queryContexts[0].fragment, "nope");
    assert.deepEqual((await client.fetchErrorDetails({ ...session, errorId: randomUUID() })).errors, []);
  });

  test("sessions: of one user, by UUID, over when released, not revived by a client that knew another", async () => {
    const session = newSession();
    const version = { analyze: { case: "sparkVersion", value: {} } } as const;
    const { serverSideSessionId } = await client.analyzePlan({ ...session, ...version });
    const other = await client.analyzePlan({ ...session, userContext: { userId: "bob" }, ...version });
    assert.notEqual(other.serverSideSessionId, serverSideSessionId);
    const changed = { ...session, clientObservedServerSideSessionId: randomUUID(), ...version };
    await assert.rejects(client.analyzePlan(changed), failsWith("INVALID_HANDLE.SESSION_CHANGED"));
    await assert.rejects(
      client.analyzePlan({ ...session, sessionId: "x", ...version }),
      failsWith("INVALID_HANDLE.FORMAT"),
    );
    assert.equal((await client.releaseSession(session)).serverSideSessionId, serverSideSessionId);
    await assert.rejects(client.analyzePlan({ ...session, ...version }), failsWith("INVALID_HANDLE.SESSION_CLOSED"));
  });

  test("an uploaded local relation, whole and in chunks", async () => {
    const session = newSession();
    const schema = struct(field("i", INT), field("s", STRING));
    const rows = Array.from({ length: 5000 }, (_, i) => [i, `row ${i}`]);
    const types = schema.fields.map((f) => f.type);
    const data = encodeArrow(schema, [batchFromRows(types, rows)]);
    const bytes = toBinary(LocalRelationSchema, create(LocalRelationSchema, { data }));
    const chunk = (part: Uint8Array) => ({ data: part, crc: BigInt(crc32(part)) });
    const half = bytes.length >> 1;
    async function* requests(): AsyncGenerator<MessageInitShape<typeof AddArtifactsRequestSchema>> {
      yield {
        ...session,
        payload: { case: "batch", value: { artifacts: [{ name: "cache/a", data: chunk(bytes) }] } },
      } as const;
      const begin = {
        name: "cache/b",
        totalBytes: BigInt(bytes.length),
        numChunks: 2n,
        initialChunk: chunk(bytes.subarray(0, half)),
      };
      yield { ...session, payload: { case: "beginChunk", value: begin } } as const;
      yield { ...session, payload: { case: "chunk", value: chunk(bytes.subarray(half)) } } as const;
      const broken = { data: bytes, crc: 1n };
      yield {
        ...session,
        payload: { case: "batch", value: { artifacts: [{ name: "cache/c", data: broken }] } },
      } as const;
    }
    const { artifacts } = await client.addArtifacts(requests());
    assert.deepEqual(
      artifacts.map((a) => [a.name, a.isCrcSuccessful]),
      [
        ["cache/a", true],
        ["cache/b", true],
        ["cache/c", false],
      ],
    );
    const { statuses } = await client.artifactStatus({ ...session, names: ["cache/b", "cache/c"] });
    assert.deepEqual([statuses["cache/b"].exists, statuses["cache/c"].exists], [true, false]);
    const plan = (hash: string): PlanInit => ({
      opType: { case: "root", value: { relType: { case: "cachedLocalRelation", value: { hash } } } },
    });
    for (const hash of ["a", "b"]) {
      const read = (await run({ ...session, plan: plan(hash) })).flatMap(({ responseType }) =>
        responseType.case === "arrowBatch" ? decodeArrow(responseType.value.data).batches.flatMap(rowsOf) : [],
      );
      assert.deepEqual(read, rows);
    }
    await assert.rejects(run({ ...session, plan: plan("c") }), failsWith("CACHED_RELATION_NOT_FOUND"));
  });

  test("settings as clients ask for them", async () => {
    const session = newSession();
    const config = async (opType: NonNullable<Parameters<typeof client.config>[0]["operation"]>["opType"]) =>
      (await client.config({ ...session, operation: { opType } } as Parameters<typeof client.config>[0])).pairs;
    await config({ case: "set", value: { pairs: [{ key: "spark.a", value: "1" }] } });
    const [own, ansi] = await config({ case: "get", value: { keys: ["spark.a", "spark.sql.ansi.enabled"] } });
    assert.deepEqual([own.value, ansi.value], ["1", "true"]);
    const [known, none] = await config({
      case: "getOption",
      value: { keys: ["spark.sql.timestampType", "spark.none"] },
    });
    assert.deepEqual([known.value, none.value], ["TIMESTAMP_LTZ", undefined]);
    const [fallback] = await config({ case: "getWithDefault", value: { pairs: [{ key: "spark.none", value: "d" }] } });
    assert.equal(fallback.value, "d");
    assert.deepEqual(
      (await config({ case: "getAll", value: { prefix: "spark." } })).map((p) => p.key),
      ["a"],
    );
    await assert.rejects(config({ case: "get", value: { keys: ["spark.none"] } }), failsWith("SQL_CONF_NOT_FOUND"));
    await assert.rejects(
      config({ case: "set", value: { pairs: [{ key: "spark.sql.warehouse.dir", value: "x" }] } }),
      failsWith("CANNOT_MODIFY_STATIC_CONFIG"),
    );
  });

  test("schemas as text: columns, a type, the inside of a struct", async () => {
    const parsed = async (ddlString: string) => {
      const { result } = await client.analyzePlan({
        ...newSession(),
        analyze: { case: "ddlParse", value: { ddlString } },
      });
      return result.case === "ddlParse" && result.value.parsed ? fromProtoType(result.value.parsed) : undefined;
    };
    const both = struct(field("a", INT), field("b", STRING));
    assert.deepEqual(await parsed("a INT, b STRING"), both);
    assert.deepEqual(await parsed("a: int, b: string"), both);
    assert.deepEqual(await parsed("int"), INT);
    await assert.rejects(parsed("a nothing"), failsWith("UNSUPPORTED_DATATYPE"));
  });

  test("our own cluster engine runs on it", async () => {
    const spark = SparkSession.builder.remote(server.url).create();
    try {
      const rows = await spark
        .range(10)
        .groupBy(col("id").mod(2).alias("k"))
        .agg(sum("id"), count("*"))
        .orderBy("k")
        .collect();
      assert.deepEqual(
        rows.map((row) => [...row.values()].map(Number)),
        [
          [0, 20, 5],
          [1, 25, 5],
        ],
      );
      await assert.rejects(
        spark.range(1).select("nope").collect(),
        (error) => error instanceof SluiceError && error.condition === "UNRESOLVED_COLUMN.WITH_SUGGESTION",
      );
    } finally {
      await spark.stop();
    }
  });
});
