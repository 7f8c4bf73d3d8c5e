/** `format("kafka")` of a read. */
import type { Batch } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { Environment, ReadRequest, Source, SourceProvider } from "../contract.ts";
import { KafkaCluster } from "./cluster.ts";
import { kafkaSchema, numberedSchema } from "./columns.ts";
import { DecodeThreads } from "./decode/threads.ts";
import { partitionsOf, resolveLimit } from "./discovery.ts";
import { Fetcher } from "./fetcher.ts";
import { entriesOf, nameOf, valueIn } from "./offsets.ts";
import { type OffsetRange, readRanges } from "./reader.ts";
import { kafkaSideSink } from "./side.ts";
import { type KafkaSourceOptions, kafkaSourceOptions, kafkaSourceSettings } from "./source-options.ts";
import { KafkaStream } from "./stream.ts";

const BUFFER_BYTES_MAX = 8 << 20;

/**
 * Reads topics: each record is a row of key, value, topic, partition, offset, timestamp, timestampType and, with
 * `includeHeaders`, headers.
 */
export const kafkaSource: SourceProvider = {
  format: "kafka",
  options: kafkaSourceOptions,
  userSchema: "refused",
  async open(request, environment): Promise<Source> {
    const options = kafkaSourceSettings(request.options, request.streaming, environment.log);
    const schema = kafkaSchema(options.includeHeaders);
    if (!request.streaming) return { schema, readBatch: (read) => readBatch(options, environment, read) };
    const { badRecords } = options;
    return {
      schema,
      ...(badRecords === "null" ? {} : { badRecords: { mode: badRecords, schema: numberedSchema() } }),
      ...sideOf(options, environment),
      async openStream(checkpoint, query) {
        const cluster = new KafkaCluster(options.client, environment, true);
        const consumerGroup = options.commitsOffsets ? (options.consumerGroup ?? query?.name) : undefined;
        return new KafkaStream(cluster, { ...options, consumerGroup }, environment, checkpoint);
      },
    };
  },
};

function sideOf(options: KafkaSourceOptions, environment: Environment): Pick<Source, "side"> {
  const { client, badRecordsTopic, lateRowsTopic } = options;
  if (badRecordsTopic === undefined && lateRowsTopic === undefined) return {};
  const topics = [badRecordsTopic, lateRowsTopic].filter((t) => t !== undefined);
  return {
    side: {
      deadLetters: badRecordsTopic,
      lateRows: lateRowsTopic,
      create: (query) => kafkaSideSink(client, topics, query, environment),
    },
  };
}

async function* readBatch(
  options: KafkaSourceOptions,
  environment: Environment,
  request: ReadRequest,
): AsyncGenerator<Batch> {
  const cluster = new KafkaCluster(options.client, environment, false);
  const threads = new DecodeThreads();
  try {
    const ranges = await cluster.retrying("find the offsets to read", () => rangesOf(cluster, options));
    const fetcher = new Fetcher(cluster, {
      maxWaitMs: options.fetchMaxWaitMs,
      minBytes: options.fetchMinBytes,
      maxBytes: options.fetchMaxBytes,
      partitionMaxBytes: options.partitionMaxBytes,
      readCommitted: options.readCommitted,
      bufferBytesMax: BUFFER_BYTES_MAX,
    });
    yield* readRanges(cluster, fetcher, options, ranges, request, threads);
  } finally {
    threads.close();
    await cluster.close();
  }
}

async function rangesOf(cluster: KafkaCluster, options: KafkaSourceOptions): Promise<OffsetRange[]> {
  const partitions = await partitionsOf(cluster, options, true);
  const starts = await resolveLimit(cluster, options, options.starting, partitions, "start");
  const ends = await resolveLimit(cluster, options, options.ending, partitions, "end");
  return entriesOf(ends).map(({ topic, partition, value: end }) => {
    const start = valueIn(starts, topic, partition) ?? 0;
    if (start > end) {
      throw new SluiceError("RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET", {
        topicPartition: nameOf({ topic, partition }),
        startOffset: start,
        endOffset: end,
      });
    }
    return { topic, partition, start, end };
  });
}
