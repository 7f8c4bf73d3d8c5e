import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, int64, string, struct } from "../protocol/schema.ts";
import type { TransactionEntry } from "../transactions/transaction.ts";

const request = struct({ transactionalIds: array(string) });

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  transactionStates: array(
    struct({
      errorCode: int16,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: int64,
      producerEpoch: int16,
      topics: array(struct({ topic: string, partitions: array(int32) })),
    }),
  ),
});

export const describeTransactions = defineApi({
  key: 65,
  name: "DescribeTransactions",
  versions: [0, 0],
  flexibleFrom: 0,
  request,
  response,
  handle({ broker }, { transactionalIds }) {
    return {
      transactionStates: transactionalIds.map((id) => {
        if (id === "") return unknown(id, ErrorCode.INVALID_REQUEST);
        const entry = broker.transactions.get(id);
        return entry === undefined ? unknown(id, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND) : describe(entry);
      }),
    };
  },
  failed: ({ transactionalIds }, errorCode) => ({
    transactionStates: transactionalIds.map((id) => unknown(id, errorCode)),
  }),
});

function unknown(transactionalId: string, errorCode: number) {
  return {
    errorCode,
    transactionalId,
    transactionState: "",
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  };
}

function describe(entry: TransactionEntry) {
  const byTopic = new Map<string, number[]>();
  for (const [topic, partition] of entry.partitions) byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition]);
  return {
    errorCode: ErrorCode.NONE,
    transactionalId: entry.transactionalId,
    transactionState: entry.state,
    transactionTimeoutMs: entry.timeoutMs,
    transactionStartTimeMs: entry.startedMs,
    producerId: entry.producerId,
    producerEpoch: entry.epoch,
    topics: [...byTopic].map(([topic, partitions]) => ({ topic, partitions })),
  };
}
