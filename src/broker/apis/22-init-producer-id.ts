import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { field, int16, int32, int64, nullable, string, struct } from "../protocol/schema.ts";
import { producerErrorCode } from "./producer-errors.ts";

const request = struct({
  transactionalId: nullable(string),
  transactionTimeoutMs: int32,
  producerId: field(int64, "3+", -1),
  producerEpoch: field(int16, "3+", -1),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  errorCode: int16,
  producerId: int64,
  producerEpoch: int16,
});

export const initProducerId = defineApi({
  key: 22,
  name: "InitProducerId",
  versions: [0, 5],
  flexibleFrom: 2,
  request,
  response,
  handle({ broker, version }, { transactionalId, transactionTimeoutMs, producerId, producerEpoch }) {
    try {
      const given = broker.transactions.initProducer(transactionalId, transactionTimeoutMs, producerId, producerEpoch);
      return { errorCode: ErrorCode.NONE, producerId: given.producerId, producerEpoch: given.producerEpoch };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { errorCode: producerErrorCode(error, version < 4), producerId: -1, producerEpoch: -1 };
    }
  },
  failed: (_request, errorCode) => ({ errorCode, producerId: -1, producerEpoch: -1 }),
});
