/**
 * Dead letters and late rows: records that go to topics of their own beside a query's output, exactly once.
 *
 * Where the sink's own transactions can hold them (Kafka, the same brokers), they are in the transaction of the batch's
 * rows. Elsewhere they have a producer of their own, whose transactions hold the batch's number like a Kafka sink's. It
 * commits before the sink does: a batch that the sink has, the side has too; a batch that only the side has is written
 * to the sink when it is run again, and not a second time to the side.
 */
import type { SourceRecord } from "../../columns/vector.ts";
import type { SideRecord, SideTarget, Sink, SinkBatch } from "../../connectors/contract.ts";
import type { LateRow } from "../operators/contract.ts";

/** Bytes that wait to be written; checked between column batches. */
const BUFFER_BYTES = 1 << 20;

const encoder = new TextEncoder();
const header = (name: string, value: string | number) => ({
  name: `sluice.${name}`,
  value: encoder.encode(String(value)),
});

export class SideOutput {
  /** Records of the batch so far. */
  deadLetters = 0;
  lateRows = 0;
  private readonly target: SideTarget;
  private readonly sink: Sink;
  private readonly query: string;
  /** The query's sink holds the records in its own transactions. */
  readonly rides: boolean;
  private lastBatch = -1;
  /** The number of the batch that takes records; undefined when it has them already, or none runs. */
  private batchId: number | undefined;
  private batch: SinkBatch | undefined;
  private buffer: SideRecord[] = [];
  private bytes = 0;

  /**
   * @param sink what the target made; opened only where the query's sink can't hold the records
   * @param query name or id, for a header
   */
  constructor(target: SideTarget, sink: Sink, query: string, rides: boolean) {
    this.target = target;
    this.sink = sink;
    this.query = query;
    this.rides = rides;
  }

  get lateRowsTopic(): string | undefined {
    return this.target.lateRows;
  }

  /** The record as it came, with headers that say whence and why. */
  deadLetter(record: SourceRecord, reason: string): void {
    const { topic, partition, offset, timestampMs, key, value } = record;
    this.deadLetters++;
    const headers = [
      ...record.headers,
      header("topic", topic),
      header("partition", partition),
      header("offset", offset),
      header("timestamp", timestampMs),
      header("reason", reason),
      header("query", this.query),
    ];
    this.add({ topic: this.target.deadLetters as string, key, value, headers });
  }

  /** The row as JSON, with headers that say which watermark it missed, and where. */
  lateRow({ json, watermarkMs, operator, operatorId }: LateRow): void {
    this.lateRows++;
    const headers = [
      header("watermark", new Date(watermarkMs).toISOString()),
      header("operator", operator),
      header("operatorId", operatorId),
      header("query", this.query),
    ];
    this.add({ topic: this.target.lateRows as string, key: null, value: encoder.encode(json), headers });
  }

  private add(record: SideRecord): void {
    if (this.batchId === undefined) return; // it is in already
    this.buffer.push(record);
    this.bytes += 256 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  }

  /** Writes what waits, when it is much. */
  relieve(): Promise<void> | undefined {
    return this.bytes > BUFFER_BYTES ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    if (this.buffer.length === 0 || this.batchId === undefined) return;
    const records = this.buffer;
    this.buffer = [];
    this.bytes = 0;
    // A transaction of its own is begun only where there is something to write.
    this.batch ??= await this.sink.begin(this.batchId);
    await this.batch.writeSide?.(records);
  }

  async open(): Promise<void> {
    if (!this.rides) this.lastBatch = await this.sink.open();
  }

  /** @param main the sink's batch */
  begin(batchId: number, main: SinkBatch): void {
    this.reset();
    if (this.rides || batchId > this.lastBatch) this.batchId = batchId;
    if (this.rides) this.batch = main;
  }

  /** Before the sink commits. */
  async commit(): Promise<void> {
    await this.flush();
    if (!this.rides) await this.batch?.commit();
    this.batch = undefined;
    this.batchId = undefined;
  }

  async abort(): Promise<void> {
    const { batch } = this;
    this.reset();
    if (!this.rides) await batch?.abort();
  }

  private reset(): void {
    this.batch = undefined;
    this.batchId = undefined;
    this.buffer = [];
    this.bytes = 0;
    this.deadLetters = 0;
    this.lateRows = 0;
  }

  async close(): Promise<void> {
    await this.sink.close();
  }
}

/** The sink, with side outputs that are committed with each of its batches. */
export class SinkWithSides implements Sink {
  readonly description: string;
  readonly guarantee: Sink["guarantee"];
  readonly guaranteeNote?: string;
  readonly memoMax: number;
  private readonly sink: Sink;
  private readonly sides: readonly SideOutput[];

  constructor(sink: Sink, sides: readonly SideOutput[]) {
    this.sink = sink;
    this.sides = sides;
    this.description = sink.description;
    this.guarantee = sink.guarantee;
    if (sink.guaranteeNote !== undefined) this.guaranteeNote = sink.guaranteeNote;
    // A side's own transaction ends first: should the sink's not, the batch must come again as it was, as the disk says.
    this.memoMax = sides.every((side) => side.rides) ? (sink.memoMax ?? 0) : 0;
  }

  async open(): Promise<number> {
    for (const side of this.sides) await side.open();
    return this.sink.open();
  }

  async begin(batchId: number): Promise<SinkBatch> {
    const main = await this.sink.begin(batchId);
    for (const side of this.sides) side.begin(batchId, main);
    return {
      write: (batch) => main.write(batch),
      prepare: async (memo) => {
        for (const side of this.sides) await side.flush();
        return main.prepare?.(memo);
      },
      commit: async () => {
        for (const side of this.sides) await side.commit();
        return main.commit();
      },
      abort: async () => {
        await Promise.allSettled([...this.sides.map((side) => side.abort())]);
        await main.abort();
      },
    };
  }

  lastMemo(): string | undefined {
    return this.sink.lastMemo?.();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.sides.map((side) => side.close()));
    await this.sink.close();
  }
}
