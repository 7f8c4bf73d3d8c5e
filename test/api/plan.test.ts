/** What the API sends: the plan of each method, against the plan that Spark's own clients make for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as F from "../../src/functions.ts";
import type { DataFrame } from "../../src/index.ts";
import { SluiceError, SparkSession, Trigger, types, Window } from "../../src/index.ts";
import type { Expression, Relation } from "../../src/plan/messages.ts";

/** A session that must not ask an engine: making a plan asks nothing. */
const spark = new SparkSession(() => Promise.reject(new Error("the plan asked the engine")));
const df = spark.range(10);

function fails(condition: string) {
  return (error: unknown) => error instanceof SluiceError && error.condition === condition;
}

/** The parts that say something: without names of messages, origins, empty fields. */
function brief(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(brief);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value)
    .filter(([key, v]) => !key.startsWith("$") && key !== "common" && v !== undefined && v !== "" && v !== false)
    .filter(([, v]) => !(Array.isArray(v) && v.length === 0) && !(typeof v === "object" && isEmpty(v)))
    .map(([key, v]) => [key, brief(v)]);
  return Object.fromEntries(entries);
}
function isEmpty(value: object | null): boolean {
  return value !== null && Object.keys(value).length === 0;
}
const relType = (made: DataFrame): unknown => brief({ ...made.relation.relType.value, input: undefined });
const attribute = (unparsedIdentifier: string) => ({
  exprType: { case: "unresolvedAttribute", value: { unparsedIdentifier } },
});
const long = (value: number) => ({ exprType: { case: "literal", value: { literalType: { case: "integer", value } } } });
const call = (functionName: string, ...args: unknown[]) => ({
  exprType: { case: "unresolvedFunction", value: { functionName, arguments: args } },
});
const expression = (made: { expression: Expression }): unknown => brief(made.expression);

test("each DataFrame has a plan id, and df.col points at it", () => {
  const other = spark.range(10);
  const id = (r: Relation) => r.common?.planId;
  assert.notEqual(id(df.relation), id(other.relation));
  const { exprType } = df.col("id").expression;
  assert.ok(exprType.case === "unresolvedAttribute" && exprType.value.planId === id(df.relation));
});

test("a node knows the call that made it", () => {
  const origin = df.select("id").relation.common?.origin?.function;
  assert.ok(origin?.case === "pythonOrigin");
  assert.equal(origin.value.fragment, "select");
  assert.match(origin.value.callSite, /test\/api\/plan\.test\.ts:\d+$/);
});

test("columns", () => {
  assert.deepEqual(
    expression(F.col("a").plus(1).gt(F.col("b"))),
    call(">", call("+", attribute("a"), long(1)), attribute("b")),
  );
  assert.deepEqual(
    expression(F.col("a").neq(1).and(F.col("b").isNull())),
    call("and", call("not", call("==", attribute("a"), long(1))), call("isNull", attribute("b"))),
  );
  assert.deepEqual(expression(F.col("a").isin(1, 2)), call("in", attribute("a"), long(1), long(2)));
  assert.deepEqual(expression(F.col("a").isin([1, 2])), call("in", attribute("a"), long(1), long(2)));
  assert.deepEqual(expression(F.col("a").getItem(0)), {
    exprType: { case: "unresolvedExtractValue", value: { child: attribute("a"), extraction: long(0) } },
  });
  assert.deepEqual(expression(F.when(F.col("a"), 1).otherwise(2)), call("when", attribute("a"), long(1), long(2)));
  assert.throws(() => F.col("a").otherwise(1), fails("UNSUPPORTED_FEATURE"));
  assert.throws(() => F.when(F.col("a"), 1).otherwise(2).otherwise(3), fails("UNSUPPORTED_FEATURE"));
});

test("literals have Spark's types", () => {
  const kind = (value: Parameters<typeof F.lit>[0]) => {
    const { exprType } = F.lit(value).expression;
    return exprType.case === "literal" ? exprType.value.literalType.case : exprType.case;
  };
  assert.deepEqual([1, 2 ** 31, 1.5, -0, 1n, 2n ** 70n, "x", true, null, new Date(0), new Uint8Array(1)].map(kind), [
    "integer",
    "long",
    "double",
    "double",
    "long",
    "decimal",
    "string",
    "boolean",
    "null",
    "timestamp",
    "binary",
  ]);
  assert.equal(kind([1, 2]), "unresolvedFunction");
});

test("select, filter, withColumn, drop, sort", () => {
  assert.deepEqual(relType(df.select("a", F.col("b"), "*", "e.*")), {
    expressions: [
      attribute("a"),
      attribute("b"),
      { exprType: { case: "unresolvedStar", value: {} } },
      { exprType: { case: "unresolvedStar", value: { unparsedTarget: "e.*" } } },
    ],
  });
  assert.deepEqual(relType(df.filter("id > 2")), {
    condition: { exprType: { case: "expressionString", value: { expression: "id > 2" } } },
  });
  assert.deepEqual(relType(df.withColumn("x", F.col("id"))), { aliases: [{ expr: attribute("id"), name: ["x"] }] });
  assert.deepEqual(relType(df.drop("a", F.col("b"))), { columnNames: ["a"], columns: [attribute("b")] });
  assert.deepEqual(relType(df.orderBy("a", F.desc("b"))), {
    order: [
      { child: attribute("a"), direction: 1, nullOrdering: 1 },
      { child: attribute("b"), direction: 2, nullOrdering: 2 },
    ],
    isGlobal: true,
  });
});

test("groups", () => {
  assert.deepEqual(relType(df.groupBy("k").agg({ v: "max" })), {
    groupType: 1,
    groupingExpressions: [attribute("k")],
    aggregateExpressions: [call("max", attribute("v"))],
  });
  assert.deepEqual(relType(df.groupBy().count()), {
    groupType: 1,
    aggregateExpressions: [{ exprType: { case: "alias", value: { expr: call("count", long(1)), name: ["count"] } } }],
  });
  assert.throws(() => df.groupBy("k").sum(), fails("WRONG_NUM_ARGS.WITHOUT_SUGGESTION"));
  assert.throws(() => df.rollup("k").pivot("v"), fails("UNSUPPORTED_FEATURE"));
});

test("joins and sets", () => {
  const other = spark.range(3);
  const parts = (made: DataFrame) => brief({ ...made.relation.relType.value, left: undefined, right: undefined });
  assert.deepEqual(parts(df.join(other, "id", "left_outer")), { joinType: 3, usingColumns: ["id"] });
  assert.deepEqual(parts(df.join(other)), { joinType: 1 });
  assert.deepEqual(parts(df.crossJoin(other)), { joinType: 7 });
  assert.throws(() => df.join(other, "id", "lefft" as "left"), fails("UNSUPPORTED_JOIN_TYPE"));
  const set = (made: DataFrame) =>
    brief({ ...made.relation.relType.value, leftInput: undefined, rightInput: undefined });
  assert.deepEqual(set(df.union(other)), { setOpType: 2, isAll: true });
  assert.deepEqual(set(df.subtract(other)), { setOpType: 3 });
});

test("streams: watermark, windows, deduplication", () => {
  assert.deepEqual(relType(df.withWatermark("t", "10 seconds")), { eventTime: "t", delayThreshold: "10 seconds" });
  const text = (value: string) => ({
    exprType: { case: "literal", value: { literalType: { case: "string", value } } },
  });
  assert.deepEqual(
    expression(F.window("t", "10 seconds", "5 seconds")),
    call("window", attribute("t"), text("10 seconds"), text("5 seconds")),
  );
  assert.deepEqual(
    expression(F.window("t", "1 hour", undefined, "15 minutes")),
    call("window", attribute("t"), text("1 hour"), text("1 hour"), text("15 minutes")),
  );
  assert.deepEqual(relType(df.dropDuplicatesWithinWatermark("a", "b")), {
    columnNames: ["a", "b"],
    withinWatermark: true,
  });
  assert.deepEqual(relType(df.dropDuplicates()), { allColumnsAsKeys: true });
});

test("lambdas take as many parameters as they are written with", () => {
  const lambda = (made: { expression: Expression }) => {
    const { exprType } = made.expression;
    const last = exprType.case === "unresolvedFunction" ? exprType.value.arguments.at(-1)?.exprType : undefined;
    return last?.case === "lambdaFunction" ? last.value.arguments.length : undefined;
  };
  assert.equal(lambda(F.transform("a", (x) => x)), 1);
  assert.equal(lambda(F.transform("a", (x, i) => x.plus(i))), 2);
  assert.equal(lambda(F.transform_keys("m", (k) => k)), 2);
});

test("windows of rows", () => {
  const spec = Window.partitionBy("k").orderBy(F.desc("t")).rowsBetween(Window.unboundedPreceding, 1);
  const { exprType } = F.sum("v").over(spec).expression;
  assert.deepEqual(exprType.case === "window" && brief(exprType.value.frameSpec), {
    frameType: 1,
    lower: { boundary: { case: "unbounded", value: true } },
    upper: { boundary: { case: "value", value: long(1) } },
  });
});

test("readers take options of any kind, DDL and types as schema", () => {
  const read = spark.readStream
    .format("kafka")
    .option("maxOffsetsPerTrigger", 5)
    .options({ a: true, b: undefined })
    .load();
  assert.deepEqual(brief(read.relation.relType.value), {
    readType: { case: "dataSource", value: { format: "kafka", options: { maxOffsetsPerTrigger: "5", a: "true" } } },
    isStreaming: true,
  });
  const typed = spark.read.schema(types.struct({ a: types.long })).json("x").relation.relType.value;
  assert.match(JSON.stringify(brief(typed)), /\\"name\\":\\"a\\",\\"type\\":\\"long\\"/);
});

test("triggers by name or as they are, exactly one", () => {
  assert.deepEqual(Trigger.ProcessingTime("1 second"), { processingTime: "1 second" });
  assert.throws(() => df.writeStream.trigger({} as Trigger), fails("INVALID_TRIGGER"));
  assert.throws(() => df.write.mode("replace" as "append"), fails("INVALID_SAVE_MODE"));
});

test("what is asked without waiting is done in order", async () => {
  const done: string[] = [];
  const config = {
    get: async () => undefined,
    set: async (key: string) => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push(`set ${key}`);
    },
    unset: async () => {},
    all: async () => new Map(),
  };
  const engine = { kind: "embedded", sparkVersion: "4.2.0", config } as const;
  const session = new SparkSession(async () => ({
    ...engine,
    schema: async () => types.struct({}),
    isStreaming: async () => false,
    explain: async () => "",
    execute: async function* () {},
    command: async () => {
      done.push("command");
      return undefined;
    },
    startStream: () => Promise.reject(new Error("no streams here")),
    queries: async () => [],
    stop: async () => {
      done.push("stop");
    },
  }));
  const first = session.conf.set("a", 1);
  const second = session.conf.set("b", 2);
  await session.sql("CREATE VIEW …");
  assert.deepEqual(done, ["set a", "set b", "command"]);
  await Promise.all([first, second]);
  await session.stop();
  await session.stop();
  assert.deepEqual(done.slice(3), ["stop"]);
  await assert.rejects(session.range(1).collect(), fails("SESSION_STOPPED"));
});

test("a wrong setting given to a session that exists is the error of what is asked next", async () => {
  const session = new SparkSession(() => Promise.reject(new Error("no engine")));
  session.configure(new Map([["a", "b"]]));
  await assert.rejects(session.version(), /no engine/);
});
