/** What a process of a workload is told, as JSON in its first argument; `bench/spark/workload.py` reads the same. */
export interface WorkloadRequest {
  readonly query: QueryName;
  readonly bootstrapServers: string;
  readonly input: string;
  /** A topic for each run, one after another in the same process; null runs to nothing. */
  readonly outputs: readonly (string | null)[];
  /** A folder for the checkpoints. */
  readonly scratch: string;
  /** Runs until it is killed, rather than until the input has been read. */
  readonly continuous: boolean;
}

export type QueryName = keyof typeof queries;

/** What such a process prints for each run. */
export interface RunResult {
  /** From the call of start() to the end of the query. */
  readonly seconds: number;
  /** Input rows. */
  readonly rows: number;
  /** Resident memory of the process, at most, since it began. */
  readonly peakMiB: number;
  /** CPU time of the process since it began. */
  readonly cpuSeconds: number;
}

export const readingSchema =
  "device STRING, ts TIMESTAMP, temperature DOUBLE, humidity DOUBLE, battery INT, status STRING";

/** Over the view `readings`. */
export const queries = {
  rollup: `SELECT device, window(ts, '10 seconds') AS w, count(*) AS n, avg(temperature) AS mean,
             min(temperature) AS low, max(temperature) AS high
           FROM readings GROUP BY device, window(ts, '10 seconds')`,
  forward: "SELECT device, ts, temperature * 1.8 + 32 AS fahrenheit, status FROM readings WHERE status = 'OK'",
} as const;
