/** The cluster engine's parts by themselves; what it does on real Spark is in spark.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { parseAddress } from "../../src/cluster/address.ts";
import { clusterError } from "../../src/cluster/error.ts";
import { reattachable } from "../../src/cluster/reattach.ts";
import { refuseScripts } from "../../src/cluster/refuse.ts";
import { col, transform, udf } from "../../src/functions.ts";
import { SluiceError } from "../../src/index.ts";
import {
  ErrorInfoSchema,
  type ExecutePlanResponse,
  ExecutePlanResponseSchema,
  FetchErrorDetailsResponseSchema,
} from "../../src/plan/messages.ts";

const fails = (condition: string) => (error: unknown) => error instanceof SluiceError && error.condition === condition;

test("addresses as Spark's clients read them", () => {
  assert.equal(parseAddress("sc://localhost").baseUrl, "http://localhost:15002");
  assert.equal(parseAddress("sc://h:443/;use_ssl=true").baseUrl, "https://h:443");
  const full = parseAddress("sc://h:1/;token=s%3Dcret;user_id=ann;x-trace=1;user_agent=mine");
  assert.equal(full.baseUrl, "https://h:1");
  assert.deepEqual(
    [...full.headers],
    [
      ["x-trace", "1"],
      ["authorization", "Bearer s=cret"],
    ],
  );
  assert.equal(full.userId, "ann");
  assert.equal(full.userAgent, "mine");
  for (const url of ["http://h:1", "sc://", "sc://h:x", "sc://h/path", "sc://h/;novalue"]) {
    assert.throws(() => parseAddress(url), fails("INVALID_CONNECT_URL"), url);
  }
  assert.throws(
    () => parseAddress("sc://h:x/;token=secret"),
    (error) => !String(error).includes("secret"),
  );
});

const response = (responseId: string, complete = false): ExecutePlanResponse =>
  create(ExecutePlanResponseSchema, {
    responseId,
    responseType: complete ? { case: "resultComplete", value: {} } : { case: undefined },
  });

/** A server that ends its answer after each `perStream` responses, in the way that `end` says. */
function server(total: number, perStream: number, end: () => void) {
  const calls: string[] = [];
  const from = async function* (first: number) {
    for (let i = first; i < Math.min(first + perStream, total); i++) yield response(String(i), i === total - 1);
    if (first + perStream < total) end();
  };
  return {
    calls,
    start: () => from(0),
    reattach: (last: string | undefined) => {
      calls.push(`reattach after ${last}`);
      return from(last === undefined ? 0 : Number(last) + 1);
    },
    release: async (id: string | undefined) => {
      calls.push(`release ${id ?? "all"}`);
    },
  };
}

const ids = async (responses: AsyncIterable<ExecutePlanResponse>): Promise<string[]> => {
  const seen: string[] = [];
  for await (const { responseId } of responses) seen.push(responseId);
  return seen;
};

test("an answer that the server ends early is taken up where it stopped", async () => {
  const quiet = server(8, 3, () => {});
  assert.deepEqual(await ids(reattachable(quiet)), ["0", "1", "2", "3", "4", "5", "6"]);
  assert.deepEqual(quiet.calls, ["reattach after 2", "reattach after 5", "release all"]);
});

test("so is one whose connection breaks", async () => {
  const broken = server(5, 2, () => {
    throw new ConnectError("gone", Code.Unavailable);
  });
  assert.deepEqual(await ids(reattachable(broken)), ["0", "1", "2", "3"]);
});

test("an error of the operation itself ends it, and it is released", async () => {
  const failing = server(5, 2, () => {
    throw new ConnectError("bad plan", Code.Internal);
  });
  await assert.rejects(ids(reattachable(failing)), /bad plan/);
  assert.deepEqual(failing.calls, ["release all"]);
});

test("a reader that stops early releases the operation", async () => {
  const long = server(100, 100, () => {});
  for await (const { responseId } of reattachable(long)) if (responseId === "1") break;
  assert.deepEqual(long.calls, ["release all"]);
});

test("TypeScript functions are refused, with their place, however deep", () => {
  const twice = udf(function twice(x: number) {
    return x * 2;
  }, "int");
  refuseScripts(col("a").plus(1).expression);
  assert.throws(
    () => refuseScripts(transform("a", (x) => col("b").plus(twice(x as never))).expression),
    (error) => fails("SCRIPT_FUNCTION_ON_CLUSTER")(error) && /twice\(\).*cluster\.test\.ts:\d+/.test(String(error)),
  );
});

test("options of the Kafka source that Spark would ignore are refused", () => {
  const read = (option: string) => ({ $typeName: "spark.connect.Read.DataSource", options: { [option]: "drop" } });
  refuseScripts({ input: read("failOnDataLoss") });
  for (const option of ["badRecords", "badrecordstopic", "lateRowsTopic"]) {
    assert.throws(() => refuseScripts({ input: read(option) }), fails("KAFKA_OPTION_NOT_SUPPORTED"));
  }
});

const info = { reason: "x", metadata: { errorId: "1", errorClass: "DIVIDE_BY_ZERO", sqlState: "22012" } };
const at = { url: "sc://h:1", version: "4.2.0" };

test("Spark's errors keep their condition, parameters, text and place", async () => {
  const wire = new ConnectError("short", Code.Internal, undefined, [{ desc: ErrorInfoSchema, value: info }]);
  const details = create(FetchErrorDetailsResponseSchema, {
    rootErrorIdx: 0,
    errors: [
      {
        message: "Division by zero, at length.",
        sparkThrowable: {
          errorClass: "DIVIDE_BY_ZERO",
          sqlState: "22012",
          messageParameters: { config: "c" },
          queryContexts: [{ fragment: "a / 0", callSite: "x.ts:3" }],
        },
      },
    ],
  });
  const error = await clusterError(wire, at, async () => details);
  assert.ok(error instanceof SluiceError);
  assert.equal(error.condition, "DIVIDE_BY_ZERO");
  assert.equal(error.sqlState, "22012");
  assert.equal(error.message, "Division by zero, at length.");
  assert.deepEqual(error.messageParameters, { config: "c" });
  assert.equal(error.context?.callSite, "x.ts:3");
});

test("a condition that is not ours is carried as SPARK_ERROR", async () => {
  const value = { ...info, metadata: { errorClass: "SOME.NEW_THING", sqlState: "0A000" } };
  const wire = new ConnectError("new", Code.Internal, undefined, [{ desc: ErrorInfoSchema, value }]);
  const error = (await clusterError(wire, at, () => Promise.reject(new Error()))) as SluiceError & {
    sparkCondition: string;
  };
  assert.equal(error.condition, "SPARK_ERROR");
  assert.equal(error.sparkCondition, "SOME.NEW_THING");
  assert.equal(error.sqlState, "0A000");
});

test("a server without the Kafka connector is told how to get it", async () => {
  const value = { ...info, metadata: { errorClass: "DATA_SOURCE_NOT_FOUND" } };
  const text = "Failed to find the data source: kafka.";
  const wire = new ConnectError(text, Code.Internal, undefined, [{ desc: ErrorInfoSchema, value }]);
  const error = await clusterError(wire, at, () => Promise.reject(new Error()));
  assert.match(String(error), /--packages org\.apache\.spark:spark-sql-kafka-0-10_2\.13:4\.2\.0/);
});

test("a server that is away is named", async () => {
  const error = await clusterError(new ConnectError("ECONNREFUSED", Code.Unavailable), at, () =>
    Promise.reject(new Error()),
  );
  assert.ok(fails("CLUSTER_UNAVAILABLE")(error) && /sc:\/\/h:1/.test(String(error)));
});
