/** Brings what the pipeline delivers to the page: one query over its output topics, and the queries' own progress. */

import type { QueryView } from "../../console/events.ts";
import type { Feed } from "../../console/feed.ts";
import { col, from_json, when } from "../../functions.ts";
import type { Row, SparkSession, StreamingQuery, StreamingQueryProgress } from "../../index.ts";
import { type PipelineOptions, schemas } from "./pipeline.ts";
import { topics } from "./topics.ts";

/** What a page opened now can show of the past. */
const HISTORY_MS = 15 * 60_000;

/** Starts the query behind the page. It keeps no checkpoint: a page shows what happens now. */
export async function startLive(options: PipelineOptions, feed: Feed): Promise<StreamingQuery> {
  const text = col("value").cast("string");
  const parse = (topic: string, schema: string) => when(col("topic").eq(topic), from_json(text, schema)).alias(topic);
  return options.spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", options.bootstrapServers)
    .option("subscribe", [topics.clean, topics.averages, topics.alerts].join(","))
    .option("startingTimestamp", String(Date.now() - HISTORY_MS))
    .option("startingOffsetsByTimestampStrategy", "latest")
    .load()
    .select(
      "topic",
      parse(topics.clean, schemas.clean),
      parse(topics.averages, schemas.averages),
      parse(topics.alerts, schemas.alerts),
    )
    .writeStream.queryName("live")
    .foreachBatch(async (batch) => {
      for (const row of await batch.collect()) deliver(row, feed);
    })
    .start();
}

const ms = (value: unknown) => (value instanceof Date ? value.getTime() : Number(value));

function deliver(row: Row, feed: Feed): void {
  const record = row.get(String(row.get("topic"))) as Row | null;
  if (record === null) return;
  const number = (name: string) => Number(record.get(name));
  const text = (name: string) => String(record.get(name));
  switch (row.get("topic")) {
    case topics.clean:
      feed.reading(
        {
          device: text("device"),
          timeMs: ms(record.get("ts")),
          temperature: number("temperature"),
          humidity: number("humidity"),
          battery: number("battery"),
          status: text("status"),
        },
        ms(record.get("sent")),
      );
      break;
    case topics.averages:
      feed.average({
        site: text("site"),
        startMs: ms(record.get("window_start")),
        endMs: ms(record.get("window_end")),
        count: number("n"),
        average: number("average"),
        min: number("low"),
        max: number("high"),
      });
      break;
    default:
      feed.flag({
        device: text("device"),
        site: text("site"),
        timeMs: ms(record.get("at")),
        value: number("value"),
        mean: number("mean"),
        z: number("z"),
      });
  }
}

/** Takes each batch's numbers into the feed as they come. */
export function followProgress(spark: SparkSession, feed: Feed): void {
  const views = new Map<string, QueryView>();
  const publish = () => feed.queries([...views.values()].sort((a, b) => a.name.localeCompare(b.name)));
  spark.streams.addListener({
    onQueryProgress: ({ progress }) => {
      views.set(progress.id, viewOf(progress, views.get(progress.id)));
      if (progress.name === topics.clean) countDropped(progress, feed);
      publish();
    },
    onQueryTerminated: ({ id, exception }) => {
      const view = views.get(id);
      if (view === undefined) return;
      views.set(id, {
        ...view,
        active: false,
        message: exception ? "failed" : "stopped",
        error: exception?.message ?? null,
      });
      publish();
    },
  });
}

/** Messages of a batch that were read and rightly not passed on. */
function countDropped(progress: StreamingQueryProgress, feed: Feed): void {
  const quality = progress.observedMetrics?.["quality"];
  const sentMs = Number(quality?.["sentMs"] ?? Date.now());
  feed.malformed(Number(quality?.["malformed"] ?? 0), sentMs);
  for (const o of progress.stateOperators) {
    feed.late(o.numRowsDroppedByWatermark, sentMs);
    feed.duplicates(Number(o.customMetrics?.["numDroppedDuplicateRows"] ?? 0), sentMs);
  }
}

function viewOf(p: StreamingQueryProgress, before: QueryView | undefined): QueryView {
  const watermark = p.eventTime?.["watermark"];
  const late = p.stateOperators.reduce((n, o) => n + o.numRowsDroppedByWatermark, 0);
  return {
    id: p.id,
    name: p.name ?? p.id,
    active: true,
    message: (p.numInputRows ?? 0) > 0 ? "processing" : "waiting for data",
    batchId: p.batchId,
    inputRowsPerSecond: p.inputRowsPerSecond ?? 0,
    processedRowsPerSecond: p.processedRowsPerSecond ?? 0,
    batchDurationMs: p.batchDuration,
    watermarkMs: watermark === undefined ? (before?.watermarkMs ?? null) : Date.parse(watermark),
    stateRows: p.stateOperators.reduce((n, o) => n + o.numRowsTotal, 0),
    lateRowsDropped: (before?.lateRowsDropped ?? 0) + late,
    error: null,
  };
}
