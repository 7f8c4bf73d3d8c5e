/** When a source's chunks go to other threads. */
import type { ReadRequest } from "../../contract.ts";
import { canTravel } from "./chunk.ts";
import { type DecodeLease, leaseThreads } from "./workers.ts";

/** With fewer records to read, a thread would have started when all is done. */
const ROWS_MIN = 50_000;

/** One source's claim on the threads, from its first large read to its end. */
export class DecodeThreads {
  private lease: DecodeLease | undefined;
  private request: ReadRequest | undefined;

  /** Threads that decode for `request`, undefined when this one does best alone. */
  leaseFor(request: ReadRequest, rows: number): DecodeLease | undefined {
    if (this.lease === undefined && rows < ROWS_MIN) return undefined;
    if (!canTravel(request)) return undefined;
    if (this.request === undefined || !asksTheSame(this.request, request)) {
      const before = this.lease;
      this.lease = leaseThreads(request);
      before?.release();
      this.request = request;
    }
    return this.lease;
  }

  close(): void {
    this.lease?.release();
    this.lease = undefined;
    this.request = undefined;
  }
}

/** A plan's requests share what they are made of; the time is sent with each chunk. */
function asksTheSame(a: ReadRequest, b: ReadRequest): boolean {
  return (
    a.wide === b.wide &&
    a.columns === b.columns &&
    a.json?.schema === b.json?.schema &&
    a.json?.fields === b.json?.fields &&
    a.json?.options === b.json?.options
  );
}
