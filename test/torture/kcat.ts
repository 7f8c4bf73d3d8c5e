/** kcat, on librdkafka: the client that is not ours. It writes the input and reads the verdict. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { promisify } from "node:util";
import { onExit } from "./left-behind.ts";
import { programLines } from "./program-lines.ts";

/** A record as kcat prints it. */
export interface Seen {
  readonly partition: number;
  readonly offset: number;
  /** Of the header `writer`; empty where there is none. */
  readonly writer: string;
  readonly value: string;
}

/** How long kcat asks for a topic before it gives up. */
const METADATA_SECONDS = "60";
const FORMAT = "%p %o %h %s\n";

function parse(line: string): Seen {
  const [partition, offset, headers] = line.split(" ", 3) as [string, string, string];
  const value = line.slice(partition.length + offset.length + headers.length + 3);
  return {
    partition: Number(partition),
    offset: Number(offset),
    writer: headers.startsWith("writer=") ? headers.slice("writer=".length) : "",
    value,
  };
}

type Isolation = "read_committed" | "read_uncommitted";

function consumer(brokers: string, topic: string, isolation: Isolation): string[] {
  const settings = ["-X", `isolation.level=${isolation}`, "-X", "fetch.wait.max.ms=50"];
  return ["-C", "-q", "-m", METADATA_SECONDS, "-b", brokers, "-t", topic, "-o", "beginning", "-f", FORMAT, ...settings];
}

/** Every record of the topic up to its end now, one after the other. */
export function readTopic(
  brokers: string,
  topic: string,
  isolation: Isolation,
  onRecord: (record: Seen) => void,
): Promise<void> {
  return programLines("kcat", [...consumer(brokers, topic, isolation), "-e"], (line) => onRecord(parse(line)));
}

/** A consumer that reads a topic's committed records from its beginning for as long as it is let. */
export class TopicReader {
  /** Rejects when kcat fails. */
  readonly ended: Promise<void>;
  private readonly stopping = new AbortController();

  constructor(brokers: string, topic: string, onRecord: (record: Seen) => void) {
    // Line by line, so that what was read can be counted while it runs.
    const args = ["-oL", "kcat", ...consumer(brokers, topic, "read_committed")];
    this.ended = programLines("stdbuf", args, (line) => onRecord(parse(line)), this.stopping.signal);
    this.ended.catch(() => {}); // told to whoever waits
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }
}

/** A producer that lives as long as the run; each line is one record, its key before the tab. */
export class TopicWriter {
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;

  constructor(brokers: string, topic: string) {
    // Small batches, so that partitions advance together; idempotent, so that the input has each record once.
    const settings = ["enable.idempotence=true", "linger.ms=5", "batch.num.messages=500"];
    const args = [
      "-P",
      "-m",
      METADATA_SECONDS,
      "-b",
      brokers,
      "-t",
      topic,
      "-K",
      "\t",
      ...settings.flatMap((s) => ["-X", s]),
    ];
    const child = spawn("kcat", args, { stdio: ["pipe", "ignore", "pipe"] });
    this.child = child;
    child.stdin.on("error", () => {}); // its end tells why
    const stillThere = onExit(() => child.kill("SIGKILL"));
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => {
      stderr = (stderr + data.toString()).slice(-2000);
    });
    this.ended = once(child, "close").then(([code]) => {
      stillThere();
      if (code !== 0) throw new Error(`kcat ended with ${code}: ${stderr}`);
    });
    this.ended.catch(() => {});
  }

  /** Resolves when kcat has taken the lines. */
  async write(lines: string): Promise<void> {
    const stdin = this.child.stdin as Writable;
    if (!stdin.write(lines)) await Promise.race([once(stdin, "drain"), this.ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended.catch(() => {});
  }

  /** Resolves when the brokers have everything. */
  async end(): Promise<void> {
    this.child.stdin?.end();
    await this.ended;
  }
}

const run = promisify(execFile);

/** Where each partition's leader and in-sync copies are, as one broker tells it. */
export interface PartitionPlace {
  readonly leader: number;
  readonly inSync: readonly number[];
}

/** Undefined while nobody answers. */
export async function placesOf(brokers: string, topic: string): Promise<PartitionPlace[] | undefined> {
  try {
    const { stdout } = await run("kcat", ["-L", "-J", "-m", "5", "-b", brokers, "-t", topic]);
    const { topics } = JSON.parse(stdout) as {
      topics: { partitions: { leader: number; isrs: { id: number }[] }[] }[];
    };
    return topics.flatMap((t) => t.partitions.map((p) => ({ leader: p.leader, inSync: p.isrs.map((i) => i.id) })));
  } catch {
    return undefined;
  }
}
