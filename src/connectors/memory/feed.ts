/**
 * Rows that this process pushes into a query: the test kit's source. Among the rows stand markers, for input that
 * misbehaves on purpose. A feed outlives the queries that read it, as a topic would.
 */
import type { StructType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";

export type Marker =
  /** A batch ends here, whatever follows. */
  | { readonly kind: "pause" }
  /** Nothing after this is seen until the query is started again. */
  | { readonly kind: "end" }
  /** Reading over this fails, the first time. */
  | { readonly kind: "failOnce"; readonly error: Error };

export type FeedItem = { readonly kind: "rows"; readonly rows: readonly (readonly Value[])[] } | Marker;

export class MemoryFeed {
  readonly name: string;
  readonly schema: StructType;
  private readonly items: FeedItem[] = [];
  /** Markers that have had their effect. */
  private readonly spent = new Set<number>();
  private readonly waiting = new Set<() => void>();

  constructor(name: string, schema: StructType) {
    this.name = name;
    this.schema = schema;
  }

  /** Number of the last item; -1 when there is none. Offsets of the source are these numbers. */
  get last(): number {
    return this.items.length - 1;
  }

  add(item: FeedItem): number {
    this.items.push(item);
    for (const wake of this.waiting) wake();
    return this.last;
  }

  /** The last item of the batch that follows item `start`. */
  batchEnd(start: number): number {
    for (let i = start + 1; i < this.items.length; i++) {
      const { kind } = this.items[i];
      if (kind === "pause" && i > start + 1) return i;
      if (kind === "end" && !this.spent.has(i)) return i - 1;
    }
    return this.last;
  }

  /** A query starts (again): it may go past the ends that stopped the one before. */
  restart(): void {
    this.items.forEach((item, i) => {
      if (item.kind === "end") this.spent.add(i);
    });
  }

  /** Rows of the items in (start, end]. */
  rows(start: number, end: number): (readonly Value[])[] {
    const rows: (readonly Value[])[] = [];
    for (let i = start + 1; i <= end; i++) {
      const item = this.items[i];
      if (item.kind === "rows") rows.push(...item.rows);
      if (item.kind === "failOnce" && !this.spent.has(i)) {
        this.spent.add(i);
        throw item.error;
      }
    }
    return rows;
  }

  /** Resolves when there is a batch after item `start`, or when the signal aborts. */
  async wait(start: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.batchEnd(start) <= start) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.waiting.add(wake);
        signal.addEventListener("abort", wake);
      });
    }
  }
}

const feeds = new Map<string, MemoryFeed>();

/** Makes the feed readable as `readStream.format("memory").option("feed", feed.name)`; returns the function that ends it. */
export function registerFeed(feed: MemoryFeed): () => void {
  feeds.set(feed.name, feed);
  return () => feeds.delete(feed.name);
}

export function findFeed(name: string): MemoryFeed | undefined {
  return feeds.get(name);
}
