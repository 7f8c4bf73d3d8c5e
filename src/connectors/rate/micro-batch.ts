/** `rate-micro-batch`: the same number of rows in each batch, with made-up times: input that repeats itself exactly. */
import type { Batch } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { OptionSpec, ReadRequest, SourceProvider, StreamSource } from "../contract.ts";
import { integerOption } from "../options.ts";
import { valueColumns } from "./columns.ts";
import { RATE_SCHEMA } from "./rate.ts";

const FORMAT = "rate-micro-batch";
const options: readonly OptionSpec[] = [
  { name: "rowsPerBatch", doc: "Rows of each batch; needed." },
  { name: "numPartitions", doc: "Taken for compatibility; the rows are the same.", default: "1" },
  { name: "startTimestamp", doc: "Milliseconds: the time of the first batch's rows.", default: "0" },
  { name: "advanceMillisPerBatch", doc: "How far the time moves from batch to batch.", default: "1000" },
];

interface Plan {
  readonly rowsPerBatch: number;
  readonly startMs: number;
  readonly advanceMs: number;
}

interface Position {
  readonly offset: number;
  readonly timestamp: number;
}

export const rateMicroBatchSource: SourceProvider = {
  format: FORMAT,
  options,
  userSchema: "refused",
  async open({ options: given }) {
    const rowsPerBatch = integerOption(FORMAT, given, "rowsPerBatch", undefined);
    if (rowsPerBatch === undefined) {
      throw new SluiceError("MISSING_OPTION", {
        provider: FORMAT,
        option: "rowsPerBatch",
        hint: "say how many rows a batch has.",
      });
    }
    integerOption(FORMAT, given, "numPartitions", 1);
    const plan = {
      rowsPerBatch,
      startMs: integerOption(FORMAT, given, "startTimestamp", 0, 0),
      advanceMs: integerOption(FORMAT, given, "advanceMillisPerBatch", 1000, 0),
    };
    return { schema: RATE_SCHEMA, openStream: async () => openRate(plan) };
  },
};

function openRate(plan: Plan): StreamSource {
  let frozen: number | undefined;
  let last = 0;
  const offsetOf = (offset: number): string => {
    const timestamp = plan.startMs + (offset / plan.rowsPerBatch) * plan.advanceMs;
    return JSON.stringify({ offset, timestamp } satisfies Position);
  };
  const next = (start: string) => {
    const end = positionOf(start).offset + plan.rowsPerBatch;
    return frozen === undefined ? end : Math.min(end, frozen);
  };
  return {
    description: `RateStreamMicroBatch[rowsPerBatch=${plan.rowsPerBatch}, startTimestamp=${plan.startMs}, advanceMillisPerBatch=${plan.advanceMs}]`,
    initialOffset: async () => offsetOf(0),
    async latestOffset(start) {
      last = Math.max(positionOf(start).offset, next(start));
      return offsetOf(last);
    },
    // As in Spark: one batch more.
    async freeze() {
      frozen = last + plan.rowsPerBatch;
    },
    async waitForData() {},
    read: (start, end, request) => readRate(positionOf(start), positionOf(end), request),
    async commit(end) {
      last = Math.max(last, positionOf(end).offset);
    },
    newestOffset: () => undefined,
    metrics: () => ({}),
    async stop() {},
  };
}

function positionOf(offset: string): Position {
  return JSON.parse(offset) as Position;
}

async function* readRate(start: Position, end: Position, request: ReadRequest): AsyncIterable<Batch> {
  for (let at = start.offset; at < end.offset; at += request.batchRowsMax) {
    const rows = Math.min(request.batchRowsMax, end.offset - at);
    yield valueColumns(rows, request, { timestamp: () => start.timestamp * 1000, value: (i) => at + i });
  }
}
