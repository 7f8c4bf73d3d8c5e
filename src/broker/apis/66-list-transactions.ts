import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, int64, string, struct } from "../protocol/schema.ts";

const request = struct({
  stateFilters: array(string),
  producerIdFilters: array(int64),
  durationFilter: field(int64, "1+", -1),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  errorCode: int16,
  unknownStateFilters: array(string),
  transactionStates: array(struct({ transactionalId: string, producerId: int64, transactionState: string })),
});

const STATES = new Set([
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
  "PrepareEpochFence",
  "Dead",
]);

export const listTransactions = defineApi({
  key: 66,
  name: "ListTransactions",
  versions: [0, 1],
  flexibleFrom: 0,
  request,
  response,
  handle({ broker }, { stateFilters, producerIdFilters, durationFilter }) {
    const unknownStateFilters = stateFilters.filter((state) => !STATES.has(state));
    const states = stateFilters.filter((state) => STATES.has(state));
    // Only unknown states were asked for, so nothing matches.
    const none = stateFilters.length > 0 && states.length === 0;
    const now = broker.now();
    const matching = broker.transactions
      .list()
      .filter(({ state }) => !none && (states.length === 0 || states.includes(state)))
      .filter(({ producerId }) => producerIdFilters.length === 0 || producerIdFilters.includes(producerId))
      .filter(({ startedMs }) => durationFilter < 0 || now - startedMs > durationFilter);
    return {
      errorCode: ErrorCode.NONE,
      unknownStateFilters,
      transactionStates: matching.map(({ transactionalId, producerId, state }) => ({
        transactionalId,
        producerId,
        transactionState: state,
      })),
    };
  },
  failed: (_request, errorCode) => ({ errorCode, unknownStateFilters: [], transactionStates: [] }),
});
