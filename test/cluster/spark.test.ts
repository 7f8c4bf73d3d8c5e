/** The cluster engine on real Spark: what the conformance cases don't touch. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startSparkConnect } from "../../scripts/parts/spark.ts";
import { col, count, lit, sum, transform, udf, window } from "../../src/functions.ts";
import { Decimal, SluiceError, SparkSession, type StreamingQueryProgress, Timestamp } from "../../src/index.ts";
import { requireParts } from "../support/parts.ts";

const parts = requireParts("spark");

const fails = (condition: string) => (error: unknown) => error instanceof SluiceError && error.condition === condition;

describe("on a Spark cluster", parts.options, () => {
  let spark: SparkSession;
  let url: string;
  before(async () => {
    ({ url } = await parts.spark());
    spark = SparkSession.builder
      .appName("cluster tests")
      .remote(url)
      .config("spark.sql.shuffle.partitions", 1)
      .create();
  });
  after(() => spark?.stop());

  test("values of every kind there and back", async () => {
    const row = {
      long: 9007199254740993n,
      double: -0,
      text: "x😀",
      at: Timestamp.from("2024-01-01T00:00:00.123456Z"),
      price: Decimal.from("1.50"),
      list: [1.5, null],
      map: new Map([["__proto__", 1]]),
      bytes: new Uint8Array([0, 255]),
    };
    const [back] = await spark.createDataFrame([row]).collect<typeof row>();
    assert.equal(back.long, row.long);
    assert.ok(Object.is(back.double, -0));
    assert.equal(back.text, row.text);
    assert.equal(back.at.epochMicros, row.at.epochMicros);
    assert.equal(back.price.toString(), "1.500000000000000000");
    assert.deepEqual([back.list, back.map, back.bytes], [row.list, row.map, row.bytes]);
  });

  test("a result of many batches arrives whole", async () => {
    const ids = await spark.range(0, 50_000, 1, 7).filter("id % 5 <> 0").collect<{ id: number }>();
    assert.equal(ids.length, 40_000);
    assert.equal(new Set(ids.map(({ id }) => id)).size, 40_000);
  });

  test("rows one by one; a reader may stop early", async () => {
    const seen: number[] = [];
    for await (const { id } of spark.range(100_000).toLocalIterator<{ id: number }>()) {
      seen.push(id);
      if (seen.length === 3) break;
    }
    assert.equal(seen.length, 3);
    assert.equal(await spark.range(5).count(), 5);
  });

  test("schema, kind, plan, version", async () => {
    assert.match(await spark.version(), /^4\./);
    assert.deepEqual(await spark.range(1).dtypes(), [["id", "bigint"]]);
    assert.equal(await spark.range(1).isStreaming(), false);
    assert.equal(await spark.readStream.format("rate").load().isStreaming(), true);
  });

  test("views, SQL with arguments, the catalog, settings", async () => {
    await spark.range(3).createOrReplaceTempView("cluster_ids");
    const rows = await (await spark.sql("SELECT id * :k AS x FROM cluster_ids WHERE id > 0", { k: 7 })).toArray();
    assert.deepEqual(rows, [{ x: 7 }, { x: 14 }]);
    assert.equal(await spark.catalog.tableExists("cluster_ids"), true);
    assert.equal(await spark.catalog.dropTempView("cluster_ids"), true);
    await assert.rejects(spark.table("cluster_ids").collect(), fails("TABLE_OR_VIEW_NOT_FOUND"));
    await spark.conf.set("spark.sql.session.timeZone", "Europe/Athens");
    assert.equal(await spark.conf.get("spark.sql.session.timeZone"), "Europe/Athens");
    await spark.conf.unset("spark.sql.session.timeZone");
    assert.equal(await spark.conf.get("no.such.setting", "fallback"), "fallback");
  });

  test("errors are Spark's, with the place in this program", async () => {
    await assert.rejects(spark.range(1).select("nope").collect(), (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal((error as { sparkCondition?: string }).sparkCondition, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
      assert.equal(error.messageParameters["objectName"], "`nope`");
      assert.match(error.context?.callSite ?? "", /spark\.test\.ts:\d+$/);
      return true;
    });
    await assert.rejects(spark.range(1).select(lit(1).divide(0)).collect(), fails("DIVIDE_BY_ZERO"));
  });

  test("TypeScript functions are refused before anything is sent", async () => {
    const twice = udf((x: number) => x * 2, "long");
    const refused = fails("SCRIPT_FUNCTION_ON_CLUSTER");
    await assert.rejects(spark.range(1).select(twice("id")).collect(), refused);
    await assert.rejects(
      spark
        .range(1)
        .select(transform(col("id"), (x) => twice(x as never)))
        .schema(),
      refused,
    );
    const stream = spark.readStream.format("rate").load();
    await assert.rejects(stream.writeStream.foreachBatch(() => {}).start(), refused);
  });

  test("a streaming query, its progress, its events and its end", async () => {
    const progress: StreamingQueryProgress[] = [];
    const ended: string[] = [];
    const listener = {
      onQueryProgress: (event: { progress: StreamingQueryProgress }) => void progress.push(event.progress),
      onQueryTerminated: ({ id }: { id: string }) => void ended.push(id),
    };
    spark.streams.addListener(listener);
    const rate = spark.readStream.format("rate").option("rowsPerSecond", 100).load();
    const counts = rate.withWatermark("timestamp", "1 second").groupBy(window("timestamp", "1 second"));
    const query = await counts
      .agg(count("*").alias("n"), sum("value"))
      .writeStream.format("memory")
      .queryName("cluster_rate")
      .outputMode("complete")
      .start();
    assert.equal(query.name, "cluster_rate");
    assert.equal(await query.isActive(), true);
    assert.deepEqual(
      (await spark.streams.active()).map(({ id }) => id),
      [query.id],
    );
    assert.equal(await query.awaitTermination(10), false);
    while (progress.length < 2) await query.awaitTermination(100);
    await query.processAllAvailable();
    assert.equal((await query.lastProgress())?.runId, query.runId);
    assert.ok((await query.recentProgress()).length >= 1);
    await query.stop();
    assert.equal(await query.isActive(), false);
    assert.equal(await query.exception(), null);
    while (ended.length === 0) await spark.range(1).count();
    assert.deepEqual(ended, [query.id]);
    assert.ok((await spark.table("cluster_rate").count()) > 0);
  });

  test("a query that fails tells why", async () => {
    const rate = spark.readStream.format("rate").option("rowsPerSecond", 10).load();
    const query = await rate
      .select(lit(1).divide(col("value").minus(col("value"))))
      .writeStream.format("noop")
      .start();
    await assert.rejects(query.awaitTermination(), (error) => error instanceof SluiceError);
    assert.match(String(await query.exception()), /DIVIDE_BY_ZERO/);
  });
});

describe("on a server of its own", parts.options, () => {
  test("answers that the server cuts short are taken up again", async () => {
    const server = await startSparkConnect({
      conf: {
        "spark.connect.execute.reattachable.senderMaxStreamSize": "1k",
        "spark.connect.execute.reattachable.senderMaxStreamDuration": "1s",
        "spark.jars": "",
      },
    });
    const spark = SparkSession.builder.remote(server.url).create();
    try {
      assert.equal((await spark.range(0, 20_000, 1, 5).collect()).length, 20_000);
      // This server has no Kafka connector.
      await assert.rejects(spark.readStream.format("kafka").option("subscribe", "t").load().schema(), (error) =>
        /--packages org\.apache\.spark:spark-sql-kafka-0-10_2\.13:4\.\d+\.\d+/.test(String(error)),
      );
    } finally {
      await spark.stop();
      await server.stop();
    }
  });

  test("a server that is away is an error that names it", async () => {
    const spark = SparkSession.builder.remote("sc://127.0.0.1:1").create();
    await assert.rejects(spark.range(1).count(), fails("CLUSTER_UNAVAILABLE"));
    await spark.stop();
  });
});
