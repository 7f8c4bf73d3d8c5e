/** The sinks that kills.ts runs against, each with a reader of its own that is not ours. */
import { join } from "node:path";
import { pyarrowPython } from "../../scripts/parts/pyarrow.ts";
import { type Expected, expectedOf, type Lines } from "./input.ts";
import { readTopic, type Seen, TopicReader } from "./kcat.ts";
import { QUERIES, type QueryName, type SinkSettings } from "./pipeline.ts";
import { programLines } from "./program-lines.ts";
import { Tally, type Verdict } from "./tally.ts";
import { createTopics, OUTPUT_PARTITIONS } from "./topics.ts";

/** What a reader found, for each query. */
export interface Findings {
  readonly verdicts: Readonly<Record<QueryName, Verdict>>;
  /** What else there is to say, e.g. how many aborted records there were not to be seen. */
  readonly notes: readonly string[];
  /** Aborted records that a read_committed reader was shown. */
  readonly abortedSeen: number;
}

export interface SinkUnderTest {
  readonly name: string;
  readonly settings: SinkSettings;
  /** Reads everything back; called once, when all is written. */
  findings(): Promise<Findings>;
  /** Ends what it has running. */
  close(): Promise<void>;
}

const byQuery = <T>(make: (name: QueryName) => T): Readonly<Record<QueryName, T>> => ({
  every: make("every"),
  windows: make("windows"),
  distinct: make("distinct"),
});

async function readAll(expected: Expected, read: (name: QueryName, onLine: (line: string) => void) => Promise<void>) {
  const tallies = byQuery((name) => new Tally(expected[name]));
  for (const name of QUERIES) await read(name, (line) => tallies[name].add(line));
  return byQuery((name) => tallies[name].verdict());
}

/** The positions of a topic's records. */
class Positions {
  private readonly partitions: Set<number>[] = [];

  add({ partition, offset }: Seen): void {
    this.partitions[partition] ??= new Set();
    this.partitions[partition].add(offset);
  }

  has({ partition, offset }: Seen): boolean {
    return this.partitions[partition]?.has(offset) === true;
  }
}

/** Reads a topic all the while, as somebody else's application would. */
class Onlooker {
  readonly seen: Seen[] = [];
  private readonly reader: TopicReader;
  private readonly waiting: { count: number; resolve: () => void }[] = [];

  constructor(brokers: string, topic: string) {
    this.reader = new TopicReader(brokers, topic, (record) => {
      this.seen.push(record);
      for (const { count, resolve } of this.waiting) if (this.seen.length >= count) resolve();
    });
  }

  /** Resolves when it has seen so many records. */
  async sees(count: number): Promise<void> {
    if (this.seen.length >= count) return;
    const enough = new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
    await Promise.race([enough, this.reader.ended]);
  }

  verdict(lines: Lines): Verdict {
    const tally = new Tally(lines);
    for (const { value } of this.seen) tally.add(value);
    return tally.verdict();
  }

  stop(): Promise<void> {
    return this.reader.stop();
  }
}

/** Topics of Kafka, read by kcat: one onlooker for each all the while, and a fresh one at the end. */
export async function kafkaSinkUnderTest(
  brokers: string,
  prefix: string,
  total: () => number,
  replicas = 1,
): Promise<SinkUnderTest> {
  const target = byQuery((name) => `${prefix}-${name}`);
  await createTopics(brokers, Object.values(target), OUTPUT_PARTITIONS, replicas);
  const onlookers = byQuery((name) => new Onlooker(brokers, target[name]));
  return {
    name: "Kafka",
    settings: { format: "kafka", target, options: { "kafka.bootstrap.servers": brokers } },
    async findings() {
      const expected = expectedOf(total());
      const positions = byQuery(() => new Positions());
      let committed = 0;
      let written = 0;
      const fresh = await readAll(expected, (name, onLine) =>
        readTopic(brokers, target[name], "read_committed", (record) => {
          positions[name].add(record);
          committed++;
          onLine(record.value);
        }),
      );
      let abortedSeen = 0;
      for (const name of QUERIES) {
        await readTopic(brokers, target[name], "read_uncommitted", () => written++);
        await onlookers[name].sees(fresh[name].seen);
        abortedSeen += onlookers[name].seen.filter((record) => !positions[name].has(record)).length;
      }
      const onlooker = byQuery((name) => onlookers[name].verdict(expected[name]));
      return {
        verdicts: byQuery((name) => worse(fresh[name], onlooker[name])),
        notes: [`${committed} records committed, ${written - committed} aborted ones in the log beside them`],
        abortedSeen,
      };
    },
    async close() {
      await Promise.all(QUERIES.map((name) => onlookers[name].stop()));
    },
  };
}

/** Two readers of one topic: the larger fault counts. */
function worse(a: Verdict, b: Verdict): Verdict {
  return {
    expected: a.expected,
    seen: Math.max(a.seen, b.seen),
    lost: Math.max(a.lost, b.lost),
    duplicated: Math.max(a.duplicated, b.duplicated),
    wrong: Math.max(a.wrong, b.wrong),
    examples: [...a.examples, ...b.examples.map((example) => `onlooker: ${example}`)],
  };
}

/** Tables without a key, so that a row that came twice is there twice; read by psql. */
export function postgresSinkUnderTest(url: string, prefix: string, total: number): SinkUnderTest {
  const target = byQuery((name) => `${prefix}_${name}`);
  return {
    name: "PostgreSQL",
    settings: { format: "postgres", target, options: { url } },
    async findings() {
      const copy = (name: QueryName) => `COPY ${target[name]} TO STDOUT WITH (DELIMITER ',')`;
      const verdicts = await readAll(expectedOf(total), (name, onLine) =>
        programLines("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", copy(name), url], onLine),
      );
      return { verdicts, notes: [], abortedSeen: 0 };
    },
    async close() {},
  };
}

/** Parquet files, read by pyarrow. */
export function parquetSinkUnderTest(folder: string, total: number): SinkUnderTest {
  const target = byQuery((name) => join(folder, name));
  return {
    name: "Parquet",
    settings: { format: "parquet", target, options: {} },
    async findings() {
      const program = join(import.meta.dirname, "read_parquet.py");
      const verdicts = await readAll(expectedOf(total), (name, onLine) =>
        programLines(pyarrowPython(), [program, target[name]], onLine),
      );
      return { verdicts, notes: [], abortedSeen: 0 };
    },
    async close() {},
  };
}
