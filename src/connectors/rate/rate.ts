/** `rate`: so many rows a second, for demonstrations and load tests. Columns `timestamp` and `value`, as in Spark. */
import type { Batch } from "../../columns/vector.ts";
import { field, LONG, struct, TIMESTAMP } from "../../types/types.ts";
import type {
  Clock,
  Offset,
  OptionSpec,
  ReadRequest,
  SourceCheckpoint,
  SourceProvider,
  StreamSource,
} from "../contract.ts";
import { integerOption, invalidOption } from "../options.ts";
import { valueColumns } from "./columns.ts";

const options: readonly OptionSpec[] = [
  { name: "rowsPerSecond", doc: "Rows made a second.", default: "1" },
  { name: "rampUpTime", doc: "Time until that speed is reached, e.g. `5s`.", default: "0s" },
  { name: "numPartitions", doc: "Taken for compatibility; the rows are the same.", default: "1" },
];

export const RATE_SCHEMA = struct(field("timestamp", TIMESTAMP), field("value", LONG));
const START_FILE = "0";

export const rateSource: SourceProvider = {
  format: "rate",
  options,
  userSchema: "refused",
  async open(request, environment) {
    const rowsPerSecond = integerOption("rate", request.options, "rowsPerSecond", 1);
    const rampUpSeconds = seconds(request.options.get("rampUpTime"));
    integerOption("rate", request.options, "numPartitions", 1);
    return {
      schema: RATE_SCHEMA,
      openStream: (checkpoint) => openRate({ rowsPerSecond, rampUpSeconds }, environment.clock, checkpoint),
    };
  },
};

interface Rate {
  readonly rowsPerSecond: number;
  readonly rampUpSeconds: number;
}

async function openRate(rate: Rate, clock: Clock, checkpoint: SourceCheckpoint): Promise<StreamSource> {
  const startMs = await startTime(clock, checkpoint);
  // The clock may be set back; rows that were made stay made.
  let newest = 0;
  let frozen: number | undefined;
  const now = () => {
    newest = Math.max(newest, Math.floor((clock.now() - startMs) / 1000));
    return frozen ?? newest;
  };
  return {
    description: `RateStreamV2[rowsPerSecond=${rate.rowsPerSecond}, rampUpTimeSeconds=${rate.rampUpSeconds}]`,
    initialOffset: async () => "0",
    latestOffset: async (start) => String(Math.max(Number(start), now())),
    async freeze() {
      frozen = now();
    },
    async waitForData(offset, signal) {
      const due = startMs + (Number(offset) + 1) * 1000;
      while (!signal.aborted && now() <= Number(offset)) await clock.sleep(Math.max(1, due - clock.now()), signal);
    },
    read: (start, end, request) => readRate(rate, startMs, start, end, request),
    async commit() {},
    newestOffset: () => String(now()),
    metrics: () => ({}),
    async stop() {},
  };
}

async function startTime(clock: Clock, checkpoint: SourceCheckpoint): Promise<number> {
  const kept = await checkpoint.read(START_FILE);
  if (kept !== undefined) return Number(kept.split("\n")[1]);
  const now = clock.now();
  await checkpoint.write(START_FILE, `v1\n${now}`);
  return now;
}

/** Values made until the end of `second`: slowly at first when there is a ramp. */
export function valueAtSecond(second: number, { rowsPerSecond, rampUpSeconds }: Rate): number {
  // Speed grows by `step` rows a second, every second, so that it is reached just when the ramp ends.
  const step = Math.floor(rowsPerSecond / (rampUpSeconds + 1));
  if (second <= rampUpSeconds) return Math.floor((step * second * (second + 1)) / 2);
  return valueAtSecond(rampUpSeconds, { rowsPerSecond, rampUpSeconds }) + (second - rampUpSeconds) * rowsPerSecond;
}

async function* readRate(
  rate: Rate,
  startMs: number,
  start: Offset,
  end: Offset,
  request: ReadRequest,
): AsyncIterable<Batch> {
  const from = Number(start);
  const first = valueAtSecond(from, rate);
  const last = valueAtSecond(Number(end), rate);
  const msPerValue = ((Number(end) - from) * 1000) / (last - first);
  for (let at = first; at < last; at += request.batchRowsMax) {
    const rows = Math.min(request.batchRowsMax, last - at);
    const timeMs = (i: number) => startMs + from * 1000 + Math.round((at + i - first) * msPerValue);
    yield valueColumns(rows, request, { timestamp: (i) => timeMs(i) * 1000, value: (i) => at + i });
  }
}

function seconds(text: string | undefined): number {
  if (text === undefined) return 0;
  const match = /^(\d+)\s*(s|sec|second|seconds|m|min|minute|minutes|h|hour|hours)?$/i.exec(text.trim());
  if (!match) throw invalidOption("rate", "rampUpTime", text, "write a time such as 5s");
  const unit = (match[2] ?? "s")[0].toLowerCase();
  return Number(match[1]) * (unit === "h" ? 3600 : unit === "m" ? 60 : 1);
}
