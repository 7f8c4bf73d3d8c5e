// The query of side-outputs.test.ts, also run as a program of its own that can be killed:
// `node side-query.ts FOLDER SINK BROKER TOPIC OUT DEAD` prints "ready" when it runs, and ends when all is read.
import { join } from "node:path";
import { col, from_json } from "../../src/functions.ts";
import { SparkSession, type StreamingQuery } from "../../src/index.ts";

export interface SideQuery {
  readonly folder: string;
  readonly sink: "kafka" | "sqlite";
  readonly bootstrapServers: string;
  readonly topic: string;
  /** Where the good records go, when the sink is Kafka. */
  readonly out: string;
  readonly dead: string;
}

export function startSideQuery(spark: SparkSession, q: SideQuery): Promise<StreamingQuery> {
  const ids = spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", q.bootstrapServers)
    .option("subscribe", q.topic)
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", 150)
    .option("badRecords", "deadletter")
    .option("badRecordsTopic", q.dead)
    .load()
    .select(from_json(col("value").cast("string"), "id INT").alias("r"))
    .select("r.id");
  const checkpoint = join(q.folder, "checkpoint");
  if (q.sink === "sqlite") {
    return ids.writeStream
      .format("sqlite")
      .options({ dbtable: "ids", checkpointLocation: checkpoint })
      .trigger({ availableNow: true })
      .start(join(q.folder, "out.db"));
  }
  return ids
    .selectExpr("cast(id as string) AS value")
    .writeStream.format("kafka")
    .option("kafka.bootstrap.servers", q.bootstrapServers)
    .options({ topic: q.out, checkpointLocation: checkpoint })
    .trigger({ availableNow: true })
    .start();
}

if (process.argv[1] === import.meta.filename) {
  const [folder, sink, bootstrapServers, topic, out, dead] = process.argv.slice(2) as string[];
  const spark = SparkSession.builder.create();
  const query = await startSideQuery(spark, {
    folder,
    sink: sink as SideQuery["sink"],
    bootstrapServers,
    topic,
    out,
    dead,
  });
  console.log("ready");
  await query.awaitTermination();
  await spark.stop();
}
