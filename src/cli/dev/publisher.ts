/** Sends the fleet's messages to Kafka, as a producer in a gateway would. */
import { Producer, stringSerializers } from "@platformatic/kafka";
import type { Fleet, Reading } from "../../devices/fleet.ts";
import { topics } from "./topics.ts";

export interface PublisherOptions {
  readonly fleet: Fleet;
  readonly bootstrapServers: string;
  /** Called once the broker has acknowledged these messages, which carry `sentMs` as their timestamp. */
  readonly onSent: (readings: readonly Reading[], sentMs: number) => void;
  readonly onError: (error: Error) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const STEP_MS = 100;
/** Messages that wait while the broker is away; beyond that the oldest go, as on a device with little memory. */
const BACKLOG_MAX = 100_000;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #producer: Producer<string, string, string, string>;
  #backlog: Reading[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  /** Messages given up because the broker was away too long. */
  dropped = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#producer = new Producer({
      clientId: "devices",
      bootstrapBrokers: [options.bootstrapServers],
      serializers: stringSerializers,
      retries: 3,
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  /** Sends what is due and closes. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    await this.#producer.close();
  }

  #step(): void {
    this.#backlog.push(...this.#options.fleet.due(this.#options.now()));
    if (this.#backlog.length > BACKLOG_MAX) {
      this.dropped += this.#backlog.length - BACKLOG_MAX;
      this.#backlog = this.#backlog.slice(-BACKLOG_MAX);
    }
    if (this.#sending !== undefined || this.#backlog.length === 0) return;
    const readings = this.#backlog;
    this.#backlog = [];
    this.#sending = this.#send(readings).finally(() => {
      this.#sending = undefined;
    });
  }

  async #send(readings: readonly Reading[]): Promise<void> {
    const sentMs = this.#options.now();
    const timestamp = BigInt(sentMs);
    const messages = readings.map((r) => ({ topic: topics.readings, key: r.device, value: r.value, timestamp }));
    try {
      await this.#producer.send({ messages, acks: -1 });
      this.#options.onSent(readings, sentMs);
    } catch (error) {
      this.#backlog = [...readings, ...this.#backlog];
      this.#options.onError(error as Error);
    }
  }
}
