/** The session's settings, by Spark's keys. */
import type { EngineConfig } from "../../api/engine.ts";
import { nearest, SluiceError } from "../../errors/error.ts";
import type { SessionSettings } from "../../functions/definition.ts";
import { findZone } from "../../types/zones.ts";
import { intervalMs } from "../stream/trigger.ts";

interface Setting {
  readonly default?: string;
  readonly doc: string;
  /** Why a value isn't one; undefined when it is. */
  readonly problem?: (value: string) => string | undefined;
}

const isBoolean = (v: string) => (/^(true|false)$/i.test(v) ? undefined : "it must be true or false");
const isCount = (v: string) => (/^\d+$/.test(v) && Number(v) > 0 ? undefined : "it must be a whole number above 0");
const isCountOrNone = (v: string) => (/^\d+$/.test(v) ? undefined : "it must be a whole number");
const isZone = (v: string) =>
  findZone(v) === undefined ? "it is no time zone; write e.g. UTC, Europe/Athens or +02:00" : undefined;
const isTime = (v: string) => {
  if (/^\d+$/.test(v)) return undefined;
  try {
    intervalMs(v);
    return undefined;
  } catch {
    return "it must be a time, e.g. 10s";
  }
};
const oneOf = (...choices: string[]) => {
  return (v: string) => (choices.includes(v.toLowerCase()) ? undefined : `it must be one of ${choices.join(", ")}`);
};

/** Settings with a meaning here, with their defaults. Other `spark.*` settings are taken and have none. */
export const settings: Readonly<Record<string, Setting>> = {
  "spark.sql.ansi.enabled": {
    default: "true",
    doc: "Errors instead of nulls for overflow and bad casts.",
    problem: isBoolean,
  },
  "spark.sql.caseSensitive": { default: "false", doc: "Whether column names differ by case.", problem: isBoolean },
  "spark.sql.session.timeZone": { doc: "Zone of timestamps in text; the machine's by default.", problem: isZone },
  "spark.sql.shuffle.partitions": {
    default: "200",
    doc: "Kept for Spark; the embedded engine has one partition.",
    problem: isCount,
  },
  "spark.sql.sources.default": { default: "parquet", doc: "Format of reads and writes that name none." },
  "spark.sql.streaming.checkpointLocation": {
    doc: "Folder in which queries without a checkpointLocation keep theirs.",
  },
  "spark.sql.streaming.minBatchesToRetain": {
    default: "100",
    doc: "Batches that a checkpoint remembers.",
    problem: isCount,
  },
  "spark.sql.streaming.multipleWatermarkPolicy": {
    default: "min",
    doc: "Which watermark counts when a query has several.",
    problem: oneOf("min", "max"),
  },
  "spark.sql.streaming.noDataMicroBatches.enabled": {
    default: "true",
    doc: "Batches without data when the watermark moved.",
    problem: isBoolean,
  },
  "spark.sql.streaming.noDataProgressEventInterval": {
    default: "10000",
    doc: "Milliseconds between idle events.",
    problem: isTime,
  },
  "spark.sql.streaming.numRecentProgressUpdates": {
    default: "100",
    doc: "Progress reports that a query remembers.",
    problem: isCount,
  },
  "spark.sql.streaming.stateStore.minDeltasForSnapshot": {
    default: "10",
    doc: "State changes between two snapshots.",
    problem: isCount,
  },
  "spark.sql.streaming.statefulOperator.checkCorrectness.enabled": {
    default: "true",
    doc: "Refuses chains of stateful operators that can lose rows.",
    problem: isBoolean,
  },
  "sluice.batch.maxRows": { default: "8192", doc: "Rows in a batch between operators.", problem: isCount },
  "sluice.checkpoint.journalAfterBatches": {
    default: "16",
    doc: "When so many batches have followed each other within 100 ms each, offsets of the next ones are kept in a journal, and in files of their own every five seconds; 0 for all batches.",
    problem: isCountOrNone,
  },
  "sluice.checkpoint.durable": {
    default: "true",
    doc: "Whether a batch waits until its checkpoint is on the disk. With false a query's progress outlives the death of its process, but not of the machine: for what may be lost.",
    problem: isBoolean,
  },
  "sluice.state.deltaBytesForSnapshot": {
    default: "1048576",
    doc: "When batches follow each other so closely that there is a journal, state changes come to so many bytes before there is a snapshot; a start reads them all.",
    problem: isCountOrNone,
  },
  "sluice.result.bufferBytes": {
    default: "67108864",
    doc: "Bytes of a batch result that are held back before the first row is given out.",
    problem: isCount,
  },
};

/** Settings that a query keeps from its first start on; they stand in its offset log. */
const KEPT_BY_QUERY = [
  "spark.sql.ansi.enabled",
  "spark.sql.caseSensitive",
  "spark.sql.session.timeZone",
  "spark.sql.shuffle.partitions",
  "spark.sql.streaming.multipleWatermarkPolicy",
];

/** The machine's zone; asking costs milliseconds. */
let machineZone: string | undefined;

export class SessionConfig implements EngineConfig {
  private readonly values = new Map<string, string>();

  constructor(initial: Iterable<readonly [string, string]> = []) {
    for (const [key, value] of initial) this.put(key, value);
  }

  async get(key: string): Promise<string | undefined> {
    return this.value(key);
  }

  async set(key: string, value: string): Promise<void> {
    this.put(key, value);
  }

  async unset(key: string): Promise<void> {
    this.values.delete(key);
  }

  async all(): Promise<ReadonlyMap<string, string>> {
    return new Map(this.values);
  }

  value(key: string): string | undefined {
    const own = this.values.get(key);
    if (own !== undefined) return own;
    if (key === "spark.sql.session.timeZone") return (machineZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone);
    return Object.hasOwn(settings, key) ? settings[key].default : undefined;
  }

  /** The value of a setting that has a default. */
  known(key: string): string {
    const value = this.value(key);
    if (value === undefined) throw new SluiceError("INTERNAL_ERROR", { message: `the setting ${key} has no default` });
    return value;
  }

  flag(key: string): boolean {
    return this.known(key).toLowerCase() === "true";
  }

  count(key: string): number {
    const value = this.known(key);
    return /^\d+$/.test(value) ? Number(value) : intervalMs(value);
  }

  /** @throws UNKNOWN_CONF, INVALID_CONF_VALUE */
  put(key: string, value: string): void {
    const setting = Object.hasOwn(settings, key) ? settings[key] : undefined;
    if (setting === undefined && key.startsWith("sluice.")) {
      const near = nearest(key, Object.keys(settings));
      const suggestion = near === undefined ? "" : ` Did you mean ${near}?`;
      throw new SluiceError("UNKNOWN_CONF", { confName: key, suggestion });
    }
    const reason = setting?.problem?.(value);
    if (reason !== undefined) throw new SluiceError("INVALID_CONF_VALUE", { confName: key, confValue: value, reason });
    this.values.set(key, value);
  }

  /** What changes results. */
  settings(): SessionSettings {
    return {
      timeZone: this.known("spark.sql.session.timeZone"),
      ansi: this.flag("spark.sql.ansi.enabled"),
      caseSensitive: this.flag("spark.sql.caseSensitive"),
    };
  }

  /** What a query writes into its offset log. */
  keptByQuery(): Record<string, string> {
    return Object.fromEntries(KEPT_BY_QUERY.map((key) => [key, this.known(key)]));
  }

  /** These settings, with those that a query kept from its first start. */
  withKept(kept: Readonly<Record<string, string>> | undefined): SessionConfig {
    const copy = new SessionConfig(this.values);
    for (const [key, value] of Object.entries(kept ?? {})) if (KEPT_BY_QUERY.includes(key)) copy.put(key, value);
    return copy;
  }
}
