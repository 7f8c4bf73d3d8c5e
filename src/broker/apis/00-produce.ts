import type { Broker } from "../broker.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import { defineApi } from "../protocol/api.ts";
import { type BatchHeader, checkBatch, isControl, stampAppendTime } from "../protocol/batch.ts";
import { ErrorCode, type ErrorName, KafkaError, MalformedRequest } from "../protocol/errors.ts";
import { type RecordView, readRecords } from "../protocol/records.ts";
import { array, field, int16, int32, int64, nullable, records, string, struct } from "../protocol/schema.ts";
import type { Topic } from "../topics/topics.ts";

const request = struct({
  transactionalId: field(nullable(string), "3+", null),
  acks: int16,
  timeoutMs: int32,
  topicData: array(struct({ name: string, partitionData: array(struct({ index: int32, records })) })),
});

const partitionResponse = struct({
  index: int32,
  errorCode: int16,
  baseOffset: int64,
  logAppendTimeMs: field(int64, "2+", -1),
  logStartOffset: field(int64, "5+", -1),
  recordErrors: field(
    array(struct({ batchIndex: int32, batchIndexErrorMessage: field(nullable(string), "8+", null) })),
    "8+",
    [],
  ),
  errorMessage: field(nullable(string), "8+", null),
});

const response = struct({
  responses: array(struct({ name: string, partitionResponses: array(partitionResponse) })),
  throttleTimeMs: field(int32, "1+", 0),
});

export const produce = defineApi({
  key: 0,
  name: "Produce",
  versions: [3, 11],
  // librdkafka takes a broker that doesn't list version 0 for one without compression.
  advertised: [0, 11],
  flexibleFrom: 9,
  request,
  response,
  handle({ broker }, { acks, topicData }) {
    if (acks !== -1 && acks !== 0 && acks !== 1) return refuseAll(topicData, ErrorCode.INVALID_REQUIRED_ACKS);
    const touched = new Set<PartitionLog>();
    let failed: string | undefined;
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records: batch }) => {
        try {
          return appendTo(broker, name, index, batch, touched);
        } catch (error) {
          if (!(error instanceof KafkaError)) throw error;
          failed = `${name}-${index}: ${error.message}`;
          return refused(broker, name, index, error);
        }
      }),
    }));
    const published = broker.publish(touched);
    if (acks === 0) {
      // There is no response to carry the error, so the client learns of it by losing the connection.
      if (failed !== undefined) throw new MalformedRequest(`a produce request without acks failed: ${failed}`);
      return null;
    }
    return published === undefined ? { responses } : published.then(() => ({ responses }));
  },
  failed: ({ topicData }, errorCode) => refuseAll(topicData, errorCode),
});

type TopicData = readonly { name: string; partitionData: readonly { index: number }[] }[];

/** Errors that a partition finds by looking into the batch; the answer then says where its log starts. */
const FOUND_BY_THE_LOG: ReadonlySet<ErrorName> = new Set([
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "INVALID_PRODUCER_EPOCH",
]);

function refused(broker: Broker, name: string, index: number, error: KafkaError) {
  const log = FOUND_BY_THE_LOG.has(error.errorName) ? broker.topics.partition(name, index) : undefined;
  return {
    index,
    errorCode: error.code,
    baseOffset: -1,
    logStartOffset: log?.startOffset ?? -1,
    recordErrors: error instanceof RecordsRefused ? error.recordErrors : [],
    errorMessage: error.message,
  };
}

/** A refusal because of single records of a batch. */
class RecordsRefused extends KafkaError {
  readonly recordErrors: { batchIndex: number; batchIndexErrorMessage: string }[];

  constructor(errorName: ErrorName, message: string, batchIndexes: readonly number[]) {
    super(errorName, message);
    this.recordErrors = batchIndexes.map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: message }));
  }
}

function refuseAll(topicData: TopicData, errorCode: number) {
  return {
    responses: topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
    })),
  };
}

function appendTo(broker: Broker, name: string, index: number, batch: Buffer | null, touched: Set<PartitionLog>) {
  const topic = broker.topics.get(name);
  const log = topic?.partitions[index];
  if (topic === undefined || log === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
  if (batch === null || batch.length === 0) throw new KafkaError("INVALID_RECORD", "There is no record batch.");
  const header = accept(broker, topic, batch);
  broker.transactions.checkProduce(header, name, index);
  const { appendTime } = topic.configs;
  const now = broker.now();
  if (appendTime) stampAppendTime(batch, now);
  const { baseOffset, duplicate, timestampMs } = log.append(
    batch,
    appendTime ? { ...header, maxTimestamp: now } : header,
  );
  touched.add(log);
  return {
    index,
    errorCode: ErrorCode.NONE,
    baseOffset,
    // Of a retry Kafka tells the time of the batch that it found.
    logAppendTimeMs: appendTime || duplicate ? timestampMs : -1,
    logStartOffset: log.startOffset,
  };
}

/** Checks what a producer sent for one partition: one batch, whole, of an acceptable size and time. */
function accept(broker: Broker, topic: Topic, batch: Buffer): BatchHeader {
  const { configs } = topic;
  const bytesMax = configs.number("max.message.bytes");
  const header = checkBatch(batch);
  if (header.sizeInBytes !== batch.length) {
    throw new KafkaError("INVALID_RECORD", "A produce request must contain exactly one record batch per partition.");
  }
  if (batch.length > bytesMax) {
    throw new KafkaError(
      "MESSAGE_TOO_LARGE",
      `The record batch of ${batch.length} bytes exceeds the topic's max.message.bytes of ${bytesMax}.`,
    );
  }
  if (header.recordCount < 1 || header.lastOffsetDelta !== header.recordCount - 1) {
    throw new KafkaError(
      "INVALID_RECORD",
      `${header.recordCount} records end at offset delta ${header.lastOffsetDelta}.`,
    );
  }
  if (isControl(header)) throw new KafkaError("INVALID_RECORD", "Clients may not write control batches.");
  if (header.producerId >= 0 && (header.baseSequence < 0 || header.producerEpoch < 0)) {
    throw new KafkaError("INVALID_RECORD", "A producer id needs an epoch and a sequence.");
  }
  checkTimes(broker, topic, batch, header);
  if (configs.compacted) checkKeys(batch, header);
  return header;
}

function checkTimes(broker: Broker, { configs }: Topic, batch: Buffer, header: BatchHeader): void {
  if (configs.appendTime) return;
  const earliest = broker.now() - configs.number("message.timestamp.before.max.ms");
  const latest = broker.now() + configs.number("message.timestamp.after.max.ms");
  if (header.maxTimestamp <= latest && header.baseTimestamp >= earliest) return;
  const wrong = indexesOf(batch, header, ({ timestampMs }) => timestampMs > latest || timestampMs < earliest);
  throw new RecordsRefused("INVALID_TIMESTAMP", "The record's timestamp is too far from the broker's time.", wrong);
}

function checkKeys(batch: Buffer, header: BatchHeader): void {
  const keyless = indexesOf(batch, header, ({ key }) => key === null);
  if (keyless.length === 0) return;
  throw new RecordsRefused("INVALID_RECORD", "Compacted topic cannot accept message without key.", keyless);
}

function indexesOf(batch: Buffer, header: BatchHeader, isWrong: (record: RecordView) => boolean): number[] {
  return readRecords(batch, header).flatMap((record, i) => (isWrong(record) ? [i] : []));
}
