/** Records that can't be decoded, taken out of the stream: counted, and handed on or an error, as their source says. */
import type { Batch, SourceRecord } from "../../columns/vector.ts";
import type { BadRecords } from "../../connectors/contract.ts";
import { SluiceError } from "../../errors/error.ts";
import type { Rejects } from "../../functions/definition.ts";

interface Source {
  readonly mode: BadRecords["mode"];
  /** The batch whose rows are on their way. */
  current: Batch | undefined;
  count: number;
  /** Offsets of the last bad records by topic and partition: an exploded record is rejected once. */
  readonly last: Map<string, number>;
}

export class RejectedRecords implements Rejects {
  rejected = false;
  private readonly sources: ReadonlyMap<number, Source>;
  private readonly deadLetter: (source: number, record: SourceRecord, reason: string) => void;

  /**
   * @param modes by the source's number in the plan
   * @param deadLetter told of each record once, in the mode deadletter
   */
  constructor(
    modes: ReadonlyMap<number, BadRecords["mode"]>,
    deadLetter: (source: number, record: SourceRecord, reason: string) => void,
  ) {
    this.sources = new Map(
      [...modes].map(([id, mode]) => [id, { mode, current: undefined, count: 0, last: new Map() }]),
    );
    this.deadLetter = deadLetter;
  }

  /** A batch begins, or begins again. */
  begin(): void {
    for (const source of this.sources.values()) {
      source.count = 0;
      source.last.clear();
    }
  }

  /** The source's rows that come next. */
  scanning(source: number, batch: Batch): void {
    const known = this.sources.get(source);
    if (known !== undefined) known.current = batch;
  }

  /** @throws KAFKA_BAD_RECORD in the mode fail */
  reject(sourceId: number, recordAt: number, reason: string): void {
    this.rejected = true;
    const source = this.sources.get(sourceId);
    const record = source?.current?.record?.(recordAt);
    if (source === undefined || record === undefined) {
      throw new SluiceError("INTERNAL_ERROR", { message: `record ${recordAt} of source ${sourceId} is not at hand` });
    }
    const { topic, partition, offset } = record;
    const place = `${topic}-${partition}`;
    if (source.last.get(place) === offset) return;
    source.last.set(place, offset);
    source.count++;
    if (source.mode === "fail") throw new SluiceError("KAFKA_BAD_RECORD", { topic, partition, offset, reason });
    if (source.mode === "deadletter") this.deadLetter(sourceId, record, reason);
  }

  /** Bad records of a source in this batch; undefined where they aren't taken out. */
  count(source: number): number | undefined {
    return this.sources.get(source)?.count;
  }
}
