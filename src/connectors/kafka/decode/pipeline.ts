/** Chunks on their way to rows: in the order in which they were added, decoded here or by other threads. */
import { viewOf } from "../../../columns/ops.ts";
import type { Batch, Vector } from "../../../columns/vector.ts";
import type { DataType } from "../../../types/types.ts";
import type { ReadRequest } from "../../contract.ts";
import { areArrays, blockToBatch, originOf, partsOf } from "../columns.ts";
import { type FetchedRecords, type RecordRange, recordBlocks } from "../records.ts";
import { BlockTypes, type PackedBlock } from "./chunk.ts";
import type { DecodeLease, PendingChunk } from "./workers.ts";

/**
 * Smaller chunks aren't worth the way to another thread and back. Decoded here, those of several partitions become one batch of
 * rows: what a batch costs whatever its rows is then paid once for a topic, and not for each of its partitions.
 */
const BYTES_MIN = 64 << 10;
/** Chunks at once: what threads have, and some for this one while it would wait. */
const CHUNKS_MAX = 6;

interface Item {
  /** One, or several small ones. */
  readonly ranges: RecordRange[];
  bytes: number;
  /** With another thread. */
  pending: PendingChunk | undefined;
  /** Decoded here ahead of its turn. */
  batches: Batch[] | undefined;
}

export class DecodePipeline {
  private readonly items: Item[] = [];
  private readonly lease: DecodeLease | undefined;
  private readonly request: ReadRequest;
  private readonly types: BlockTypes;

  /** @param lease undefined to decode everything here */
  constructor(lease: DecodeLease | undefined, request: ReadRequest) {
    this.lease = lease;
    this.request = request;
    this.types = new BlockTypes(request);
  }

  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  /** Without other threads a chunk is decoded when it is asked for, so one at a time will do, or a few small ones. */
  get hasRoom(): boolean {
    if (this.items.length < (this.lease === undefined ? 1 : CHUNKS_MAX)) return true;
    const last = this.items.at(-1) as Item;
    return isOpen(last) && last.bytes < BYTES_MIN / 2;
  }

  /** Takes the records of [from, to). */
  add(records: FetchedRecords, from: number, to: number): void {
    const { length } = records.bytes;
    const last = this.items.at(-1);
    if (last !== undefined && isOpen(last) && last.bytes + length < BYTES_MIN) {
      last.ranges.push({ records, from, to });
      last.bytes += length;
    } else {
      this.items.push({ ranges: [{ records, from, to }], bytes: length, pending: undefined, batches: undefined });
    }
    this.feed();
  }

  /** Gives threads that have time the chunks that come next. */
  private feed(): void {
    const { lease, request } = this;
    if (lease === undefined) return;
    for (const item of this.items) {
      if (!lease.isFree) return;
      if (!isOpen(item) || item.bytes < BYTES_MIN) continue;
      item.pending = lease.submit(item.ranges[0] as RecordRange, request.json?.nowMs ?? 0);
    }
  }

  /** The rows of the oldest chunk. */
  async *next(): AsyncGenerator<Batch> {
    const item = this.items[0];
    while (item.pending !== undefined && !item.pending.isDone) await this.workWhileWaiting(item.pending);
    this.items.shift();
    this.feed();
    const blocks = item.pending?.take();
    if (blocks === undefined) {
      yield* item.batches ?? this.decode(item);
      return;
    }
    const [range] = item.ranges as [RecordRange];
    free([range]);
    for (const block of blocks) yield* this.unpacked(block, range.records, item.pending as PendingChunk);
  }

  /** Decodes a chunk that no thread has; waits when there is none. */
  private async workWhileWaiting(pending: PendingChunk): Promise<void> {
    this.feed();
    if (pending.isDone) return;
    const open = this.items.find(isOpen);
    if (open === undefined) await pending.done;
    else open.batches = [...this.decode(open)];
  }

  private *decode({ ranges }: Item): Generator<Batch> {
    const { request } = this;
    if (!areArrays(request.columns)) {
      for (const block of recordBlocks(ranges, request.batchRowsMax, partsOf(request))) {
        if (block.rows > 0) yield blockToBatch(block, request);
      }
      return;
    }
    let shares = false;
    for (const block of recordBlocks(ranges, Number.MAX_SAFE_INTEGER, partsOf(request))) {
      if (block.rows === 0) continue;
      const { buffer } = block.bytes;
      const isShared = ranges.some(({ records }) => records.bytes.buffer === buffer);
      shares ||= isShared;
      const release = (): void => {
        if (!isShared && buffer instanceof ArrayBuffer) buffer.transfer(0);
      };
      yield* inSlices(blockToBatch(block, request), request.batchRowsMax, release);
    }
    if (!shares) free(ranges);
  }

  private *unpacked(block: PackedBlock, { topic, partition }: FetchedRecords, maker: PendingChunk): Generator<Batch> {
    const { rows, corrupt, offsets } = block;
    const own = (v: Vector | undefined, type: DataType): Vector =>
      v === undefined ? unread(type, rows) : { ...v, type };
    const fields = block.fields?.map((v, c) => own(v, this.types.fields[c]));
    const batch: Batch = {
      rows,
      columns: block.columns.map((v, c) => own(v, this.types.columns[c])),
      decoded: fields && { columns: fields, corrupt, corruptCount: ones(corrupt) },
      origin: originOf([{ topic, partition, firstRow: 0 }], offsets),
    };
    yield* inSlices(batch, this.request.batchRowsMax, () => maker.recycle(block));
  }
}

/** Nobody has it yet. */
function isOpen(item: Item): boolean {
  return item.pending === undefined && item.batches === undefined;
}

/** Gives the memory of chunks back that were read to their end. What is left of one is read by the next batch. */
function free(ranges: readonly RecordRange[]): void {
  for (const { records, to } of ranges) if (to >= records.nextOffset) records.free?.();
}

/** The batch in parts, on the same memory; `free` is called when all of them were released. */
function* inSlices(batch: Batch, rowsMax: number, free: () => void): Generator<Batch> {
  if (batch.rows <= rowsMax) {
    yield { ...batch, release: free };
    return;
  }
  let left = Math.ceil(batch.rows / rowsMax);
  const release = (): void => {
    if (--left === 0) free();
  };
  const { decoded, origin } = batch;
  for (let from = 0; from < batch.rows; from += rowsMax) {
    const to = Math.min(batch.rows, from + rowsMax);
    const corrupt = decoded?.corrupt?.subarray(from, to) ?? null;
    yield {
      rows: to - from,
      columns: batch.columns.map((v) => viewOf(v, from, to)),
      decoded: decoded && {
        columns: decoded.columns.map((v) => viewOf(v, from, to)),
        corrupt,
        corruptCount: ones(corrupt),
      },
      ...(origin && { origin: (row: number) => origin(from + row) }),
      release,
    };
  }
}

function ones(flags: Uint8Array | null): number {
  let n = 0;
  if (flags !== null) for (const flag of flags) n += flag;
  return n;
}

/** In the place of a column that nobody reads. */
function unread(type: DataType, rows: number): Vector {
  const nowhere = new Int32Array(rows);
  return { repr: "utf8", type, bytes: new Uint8Array(0), starts: nowhere, ends: nowhere, nulls: null };
}
