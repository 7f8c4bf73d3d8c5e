import { ErrorCode, type KafkaError } from "../protocol/errors.ts";

/** Older versions of the transaction APIs know a fenced producer only as one with a wrong epoch. */
export function producerErrorCode(error: KafkaError, olderVersion: boolean): number {
  return olderVersion && error.errorName === "PRODUCER_FENCED" ? ErrorCode.INVALID_PRODUCER_EPOCH : error.code;
}
