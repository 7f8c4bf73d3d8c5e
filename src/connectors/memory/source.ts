import { formOf } from "../../columns/form.ts";
import { batchFromRows } from "../../columns/rows.ts";
import type { Batch } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { Value } from "../../types/values.ts";
import type { OptionSpec, ReadRequest, SourceProvider, StreamSource } from "../contract.ts";
import { invalidOption } from "../options.ts";
import { findFeed, type MemoryFeed } from "./feed.ts";

const options: readonly OptionSpec[] = [
  { name: "feed", doc: "The name of a feed of this process (test kit: MemoryStream)." },
];

/** Rows pushed by this process. For tests: see MemoryStream in the test kit. */
export const memorySource: SourceProvider = {
  format: "memory",
  options,
  userSchema: "refused",
  async open(request) {
    const name = request.options.get("feed");
    if (name === undefined) {
      throw new SluiceError("MISSING_OPTION", {
        provider: "memory",
        option: "feed",
        hint: "make a MemoryStream first.",
      });
    }
    const feed = findFeed(name);
    if (feed === undefined) throw invalidOption("memory", "feed", name, "there is no such feed in this process");
    return {
      schema: feed.schema,
      readBatch: (read) => batches(feed, -1, feed.last, read),
      openStream: async () => openStream(feed),
    };
  },
};

function openStream(feed: MemoryFeed): StreamSource {
  feed.restart();
  let frozen: number | undefined;
  return {
    description: `MemoryStream[${feed.schema.fields.map((f) => f.name).join(",")}]`,
    initialOffset: async () => "-1",
    async latestOffset(start, unlimited) {
      const end = unlimited ? feed.last : feed.batchEnd(Number(start));
      return String(Math.max(Number(start), Math.min(end, frozen ?? end)));
    },
    async freeze() {
      frozen = feed.last;
    },
    waitForData: (offset, signal) => feed.wait(Number(offset), signal),
    read: (start, end, request) => batches(feed, Number(start), Number(end), request),
    async commit() {},
    newestOffset: () => String(feed.last),
    metrics: () => ({}),
    async stop() {},
  };
}

async function* batches(feed: MemoryFeed, start: number, end: number, request: ReadRequest): AsyncIterable<Batch> {
  const rows = feed.rows(start, end);
  const types = request.columns.map((c) => feed.schema.fields[c].type);
  for (let at = 0; at < rows.length; at += request.batchRowsMax) {
    const part = rows.slice(at, at + request.batchRowsMax);
    const picked = part.map((row) =>
      request.columns.map((c, i): Value => formOf(row[c] ?? null, types[i], request.wide)),
    );
    yield batchFromRows(types, picked, request.wide);
  }
}
