/** Kafka's error codes, by what a client does about them. */

import { SluiceError } from "../../errors/error.ts";
import { protocolErrors, protocolErrorsCodesById } from "./client.ts";

/** An error code in a broker's answer. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  readonly code: number;
  /** E.g. `NOT_LEADER_OR_FOLLOWER`. */
  readonly id: string;
  constructor(code: number, what: string) {
    const id = protocolErrorsCodesById[code] ?? `error ${code}`;
    super(`${what}: ${id}`);
    this.code = code;
    this.id = id;
  }
}

export const ErrorCode = {
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  NOT_LEADER_OR_FOLLOWER: 6,
  MESSAGE_TOO_LARGE: 10,
  OFFSET_METADATA_TOO_LARGE: 12,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  DUPLICATE_SEQUENCE_NUMBER: 46,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_TXN_STATE: 48,
  INVALID_PRODUCER_ID_MAPPING: 49,
  CONCURRENT_TRANSACTIONS: 51,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 53,
  UNKNOWN_PRODUCER_ID: 59,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  UNSTABLE_OFFSET_COMMIT: 88,
  PRODUCER_FENCED: 90,
  UNKNOWN_TOPIC_ID: 100,
} as const;

/** What changes when leaders move: answered by asking for metadata again. */
export function isStaleMetadata(code: number): boolean {
  switch (code) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.FENCED_LEADER_EPOCH:
    case ErrorCode.UNKNOWN_LEADER_EPOCH:
    case ErrorCode.UNKNOWN_TOPIC_ID:
      return true;
    default:
      return false;
  }
}

export function canRetry(code: number): boolean {
  const id = protocolErrorsCodesById[code];
  return isStaleMetadata(code) || (id !== undefined && protocolErrors[id]?.canRetry === true);
}

const AUTHENTICATION = "PLT_KFK_AUTHENTICATION";
const TRANSIENT = ["PLT_KFK_NETWORK", "PLT_KFK_TIMEOUT", "PLT_KFK_UNEXPECTED_CORRELATION_ID"];
const CERTIFICATE = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/;

interface Caused {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
  readonly response?: unknown;
}

/** An error with everything it was caused by, outermost first. */
function* causes(error: unknown): Generator<Caused> {
  const seen = new Set<unknown>();
  const rest = [error];
  while (rest.length > 0 && seen.size < 32) {
    const next = rest.shift();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    const caused = next as Caused;
    yield caused;
    rest.push(caused.cause);
    if (Array.isArray(caused.errors)) rest.push(...caused.errors);
  }
}

/** The answer that came with the client's error: it throws whenever any part of an answer has an error code. */
export function responseOf<T>(error: unknown): T | undefined {
  const response = (error as Caused | null)?.response;
  return response === undefined ? undefined : (response as T);
}

/** True when trying again may help: the network, a timeout, a leader that moved. */
export function isTransient(error: unknown): boolean {
  if (error instanceof BrokerError) return canRetry(error.code);
  let transient = false;
  for (const { code } of causes(error)) {
    if (code === AUTHENTICATION || (typeof code === "string" && CERTIFICATE.test(code))) return false;
    if (typeof code === "string" && (TRANSIENT.includes(code) || /^E[A-Z]+$/.test(code))) transient = true;
  }
  return transient;
}

/** The innermost reason, for a message. */
export function reasonOf(error: unknown): string {
  let reason = String((error as Caused | null)?.message ?? error);
  for (const { message, code } of causes(error)) {
    const text = typeof message === "string" && message !== "" ? message : code;
    if (typeof text === "string" && text !== "") reason = text;
  }
  return reason.replace(/\.$/, "");
}

/** A lasting error of the client or a broker as one that a user can act on. */
export function userError(error: unknown, brokers: string): Error {
  if (error instanceof SluiceError) return error;
  if (error instanceof BrokerError) {
    const denied = /AUTHORIZATION_FAILED$/.test(error.id);
    return new SluiceError(
      denied ? "KAFKA_NOT_AUTHORIZED" : "KAFKA_REQUEST_FAILED",
      { reason: error.message, brokers },
      { cause: error },
    );
  }
  for (const { code } of causes(error)) {
    if (code === AUTHENTICATION || (typeof code === "string" && CERTIFICATE.test(code))) {
      return new SluiceError("KAFKA_AUTHENTICATION_FAILED", { brokers, reason: reasonOf(error) }, { cause: error });
    }
  }
  return new SluiceError("KAFKA_REQUEST_FAILED", { reason: reasonOf(error), brokers }, { cause: error });
}
