// A batch's memory may be used again as soon as a sink's write() has resolved: what is committed is what was written.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { batchFromRows } from "../../src/columns/rows.ts";
import type { Batch } from "../../src/columns/vector.ts";
import type { Environment } from "../../src/connectors/contract.ts";
import { sinkProvider } from "../../src/connectors/list.ts";
import { OptionMap } from "../../src/connectors/options.ts";
import { testSession } from "../../src/testing/index.ts";
import { field, INT, LONG, STRING, struct } from "../../src/types/types.ts";
import { requireParts, uniqueName } from "../support/parts.ts";

const postgres = requireParts("postgres");

const schema = struct(field("id", INT), field("n", LONG), field("name", STRING));
const texts = ["one", "two", "three"];

/** Rows with their texts as views on shared bytes, as they come from a source. */
function batchOf(from: number): Batch {
  const rows = texts.map((text, i) => [from + i, (from + i) * 10, text]);
  const { columns } = batchFromRows(
    [INT, LONG, STRING],
    rows.map((row) => [...row]),
  );
  const bytes = Buffer.from(texts.join(""));
  let at = 0;
  const starts = texts.map((text) => {
    at += text.length;
    return at - text.length;
  });
  const name = {
    repr: "utf8" as const,
    type: STRING,
    bytes: new Uint8Array(bytes),
    starts: Int32Array.from(starts),
    ends: Int32Array.from(starts, (start, i) => start + texts[i].length),
    nulls: new Uint8Array(3),
  };
  return { rows: 3, columns: [columns[0], columns[1], name] };
}

function overwrite(batch: Batch): void {
  for (const column of batch.columns) {
    for (const part of Object.values(column)) {
      if (part instanceof Uint8Array || part instanceof Int32Array || part instanceof Float64Array) part.fill(1);
    }
  }
}

async function check(format: string, options: Record<string, string>, path: string | undefined): Promise<void> {
  const environment: Environment = {
    clock: { now: () => Date.now(), monotonic: () => performance.now(), sleep: async () => {} },
    log: { info() {}, warn() {}, error() {} },
    timeZone: "UTC",
    signal: new AbortController().signal,
  };
  const sink = await (await sinkProvider(format)).create(
    {
      streaming: true,
      options: new OptionMap(Object.entries(options)),
      path,
      schema,
      outputMode: "append",
      queryId: "q",
      queryName: undefined,
      partitionBy: [],
      saveMode: "append",
    },
    environment,
  );
  await sink.open();
  const begun = await sink.begin(0);
  for (const from of [0, 3]) {
    const batch = batchOf(from);
    await begun.write(batch);
    overwrite(batch);
  }
  await begun.commit();
  await sink.close();
  await using spark = testSession();
  const reader = spark.read.schema("id INT, n BIGINT, name STRING").format(format);
  const databases = spark.read.format(format).options(options);
  const table = options["dbtable"] === undefined ? reader.load(path) : databases.load(path);
  const rows = (await table.selectExpr("CONCAT(id, ' ', n, ' ', name) AS text").collect()).map((row) => row.get(0));
  assert.deepEqual(rows.sort(), ["0 0 one", "1 10 two", "2 20 three", "3 30 one", "4 40 two", "5 50 three"]);
}

for (const format of ["sqlite", "json", "csv", "parquet"]) {
  test(`${format} keeps what it was given`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-reuse-"));
    try {
      await check(format, format === "sqlite" ? { dbtable: "t" } : {}, join(folder, "out"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

test("postgres keeps what it was given", postgres.options, async () => {
  const { url } = await postgres.postgres();
  await check("postgres", { url, dbtable: uniqueName("reuse") }, undefined);
});
