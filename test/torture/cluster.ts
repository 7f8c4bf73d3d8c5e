/**
 * Three nodes of Kafka, of which one after the other is killed or restarted while the pipeline runs from topic to topic
 * and input keeps coming.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type Kafka, startKafka } from "../../scripts/parts/kafka.ts";
import { drain } from "./drain.ts";
import { feed } from "./feed.ts";
import { type PartitionPlace, placesOf, TopicWriter } from "./kcat.ts";
import { QUERIES, type Settings } from "./pipeline.ts";
import { type Findings, kafkaSinkUnderTest } from "./sinks.ts";
import { createTopics, INPUT_PARTITIONS } from "./topics.ts";
import { Victim } from "./victim.ts";

export interface ClusterRequest {
  /** Leaders that are killed. */
  readonly kills: number;
  /** Times that each node is stopped and started, one after the other. */
  readonly rolls: number;
  readonly folder: string;
  /** How long the controller waits for a broker that says nothing; Kafka's default is 9 s. */
  readonly sessionTimeoutMs: number;
  /** Told what happens, as it happens. */
  readonly log: (text: string) => void;
}

export interface ClusterReport extends Findings {
  readonly records: number;
  readonly kills: number;
  readonly restarts: number;
  /** The longest time between two batches of one query while input kept coming, milliseconds. */
  readonly longestGapMs: number;
  readonly seconds: number;
}

const NODES = 3;
const RECORDS_A_SECOND = 1000;
const BATCH_ROWS = 5000;
const LOOK_EVERY_MS = 200;
/** After so long a node that doesn't come back is a fault of the test's. */
const PATIENCE_MS = 90_000;
/** Whose leader is killed, in turn. */
const TARGETS = ["input", "output-every", "__transaction_state", "__consumer_offsets", "output-windows"];
const TOPICS = [...TARGETS, "output-distinct"];

export async function runCluster(request: ClusterRequest): Promise<ClusterReport> {
  const started = performance.now();
  const kafka = await startKafka({
    nodes: NODES,
    properties: {
      "min.insync.replicas": "2",
      "transaction.state.log.min.isr": "2",
      "broker.session.timeout.ms": String(request.sessionTimeoutMs),
      "broker.heartbeat.interval.ms": String(Math.min(2000, Math.floor(request.sessionTimeoutMs / 4))),
    },
  });
  try {
    return { ...(await tormented(kafka, request)), seconds: (performance.now() - started) / 1000 };
  } finally {
    await kafka.kill();
  }
}

async function tormented(kafka: Kafka, request: ClusterRequest): Promise<Omit<ClusterReport, "seconds">> {
  const brokers = kafka.bootstrapServers;
  await createTopics(brokers, ["input"], INPUT_PARTITIONS, NODES);
  const stream = new SteadyInput(brokers, "input");
  const sink = await kafkaSinkUnderTest(brokers, "output", () => stream.records, NODES);
  const settings: Settings = {
    source: { brokers, topic: "input" },
    sink: sink.settings,
    queries: QUERIES,
    folder: request.folder,
    batchRows: BATCH_ROWS,
    untilDone: false,
  };
  await using victim = new Victim(settings);
  try {
    for (const name of QUERIES) await victim.until((event) => event.kind === "batch" && event.query === name);
    const cluster = new Tormented(kafka, victim, request.log);
    for (let i = 0; i < request.kills; i++) await cluster.killLeaderOf(TARGETS[i % TARGETS.length]);
    for (let i = 0; i < request.rolls * NODES; i++) await cluster.restart(i % NODES);
    await stream.end();
    const longestGapMs = longestGap(victim);
    await victim[Symbol.asyncDispose]();
    await drain(settings, stream.records);
    const findings = await sink.findings();
    const restarts = request.kills + request.rolls * NODES;
    return { ...findings, records: stream.records, kills: request.kills, restarts, longestGapMs };
  } finally {
    await stream.close();
    await sink.close();
  }
}

/** Readings at a steady rate until it is ended. */
class SteadyInput {
  records = 0;
  private readonly writer: TopicWriter;
  private readonly timer: NodeJS.Timeout;
  private feeding = Promise.resolve();
  private ended: Promise<void> | undefined;

  constructor(brokers: string, topic: string) {
    this.writer = new TopicWriter(brokers, topic);
    const share = RECORDS_A_SECOND / 10;
    this.timer = setInterval(() => {
      const from = this.records;
      this.records += share;
      this.feeding = this.feeding.then(() => feed(this.writer, from, from + share));
    }, 100);
  }

  close(): Promise<void> {
    clearInterval(this.timer);
    return this.writer[Symbol.asyncDispose]();
  }

  /** Resolves when the brokers have all of it. */
  end(): Promise<void> {
    clearInterval(this.timer);
    this.ended ??= this.feeding.then(() => this.writer.end());
    return this.ended;
  }
}

class Tormented {
  private readonly kafka: Kafka;
  private readonly victim: Victim;
  private readonly log: (text: string) => void;
  private readonly begun = performance.now();

  constructor(kafka: Kafka, victim: Victim, log: (text: string) => void) {
    this.kafka = kafka;
    this.victim = victim;
    this.log = log;
  }

  async killLeaderOf(topic: string): Promise<void> {
    const [{ leader }] = await this.places(topic, inSync);
    const node = leader - 1;
    this.tell(`killing node ${leader}, leader of ${topic}-0`);
    await this.kafka.nodes[node].kill();
    // Nobody but the others can tell; and the pipeline has to do without it.
    for (const each of TOPICS) {
      await this.places(each, (all) => all.every((place) => place.leader > 0 && place.leader !== leader));
    }
    this.tell(`node ${leader} leads nothing any more`);
    await this.batches();
    await this.bringBack(node);
  }

  /** Stops a node in an orderly way and starts it again. */
  async restart(node: number): Promise<void> {
    await this.places("output-every", inSync);
    this.tell(`restarting node ${node + 1}`);
    await this.kafka.nodes[node].stop();
    await this.bringBack(node);
    await this.batches();
  }

  private async bringBack(node: number): Promise<void> {
    await this.kafka.restart(node);
    for (const topic of TOPICS) await this.places(topic, inSync);
    this.tell(`node ${node + 1} is in sync`);
  }

  /** Waits for a batch of each query that ends after now. */
  private async batches(): Promise<void> {
    const from = this.victim.events.length;
    for (const name of QUERIES) {
      await this.victim.until((event) => {
        return event.kind === "batch" && event.query === name && this.victim.events.indexOf(event) >= from;
      });
    }
    this.tell("every query has run another batch");
  }

  private async places(topic: string, fits: (places: readonly PartitionPlace[]) => boolean): Promise<PartitionPlace[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const places = await placesOf(this.kafka.bootstrapServers, topic);
      if (places !== undefined && places.length > 0 && fits(places)) return places;
      if (performance.now() > deadline) {
        throw new Error(`${topic} is not as it should be: ${JSON.stringify(places)}\n${this.victim.story()}`);
      }
      await wait(LOOK_EVERY_MS);
    }
  }

  private tell(text: string): void {
    this.log(`${((performance.now() - this.begun) / 1000).toFixed(1)} s: ${text}`);
  }
}

const inSync = (places: readonly PartitionPlace[]): boolean =>
  places.every(({ leader, inSync: nodes }) => leader > 0 && nodes.length === NODES);

function longestGap({ events }: Victim): number {
  const batches = events.filter((event) => event.kind === "batch");
  let longest = 0;
  for (const own of Map.groupBy(batches, (batch) => batch.query).values()) {
    own.forEach((batch, i) => {
      if (i > 0) longest = Math.max(longest, batch.atMs - own[i - 1].atMs);
    });
  }
  return longest;
}
