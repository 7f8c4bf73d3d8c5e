// B3: a file of a checkpoint or of a sink's manifest that is not as it was written. A restart either says which file is
// damaged, or gets along without it and gives the right rows; it never takes damaged bytes for good.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { manifestFiles } from "../../src/connectors/files/manifest.ts";
import { expr } from "../../src/functions.ts";
import { SluiceError } from "../../src/index.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { type Damage, generator, randomDamage, truncations } from "./damage.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { checkpointOf, rowsIn, runQuery, sessionFor, writeInput } from "./workload.ts";

const full = process.env["SLUICE_TORTURE"] === "full";
const CASES = full ? 20_000 : 5_000;
const seed = Number(process.env["SLUICE_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const random = generator(seed);

/** A query over two streams with state of every kind: a join's two sides, and groups with text, numbers and nulls. */
class Subject {
  readonly left = new MemoryStream("k STRING, n BIGINT, t TIMESTAMP");
  readonly right = new MemoryStream("k STRING, m BIGINT, t TIMESTAMP");
  readonly totals = new MemoryStream("k STRING, n BIGINT");
  added = 0;

  add(): void {
    const i = this.added++;
    const t = new Date(1000 * i);
    this.left.addData([`k${i % 3}`, i, t]);
    this.right.addData([`k${i % 3}`, i * 10, t]);
    this.totals.addData([i % 5 === 4 ? null : `group ${i % 4}`, i]);
  }

  /** Runs what is new; resolves to the rows of the last batch, sorted. */
  async run(disk: MemoryDisk, folder: string, kind: "join" | "groups"): Promise<string[]> {
    const spark = testSession({
      fileSystem: disk,
      config: {
        "spark.sql.streaming.stateStore.minDeltasForSnapshot": "4",
        "spark.sql.streaming.minBatchesToRetain": "5",
      },
    });
    let rows: string[] = [];
    const keep = async (texts: string[]) => {
      rows = texts;
    };
    const df = kind === "join" ? this.joined(spark) : this.grouped(spark);
    const query = await df.writeStream
      .outputMode(kind === "join" ? "append" : "complete")
      .foreachBatch(async (batch) => keep((await batch.collect()).map((row) => JSON.stringify(row)).sort()))
      .option("checkpointLocation", folder)
      .trigger({ availableNow: true })
      .start();
    try {
      await query.awaitTermination();
    } finally {
      await spark.stop();
    }
    return rows;
  }

  private joined(spark: ReturnType<typeof testSession>) {
    const right = this.right.toDF(spark).selectExpr("k AS rk", "m", "t AS rt").withWatermark("rt", "1 hour");
    return this.left
      .toDF(spark)
      .withWatermark("t", "1 hour")
      .join(right, expr("k = rk AND rt BETWEEN t - INTERVAL 1 HOUR AND t + INTERVAL 1 HOUR"))
      .select("k", "n", "m");
  }

  private grouped(spark: ReturnType<typeof testSession>) {
    return this.totals
      .toDF(spark)
      .groupBy("k")
      .agg(expr("count(1) AS c"), expr("sum(n) AS s"), expr("max(k) AS m"), expr("collect_list(n) AS all"));
  }
}

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-damage-"));
});
after(() => rm(root, { recursive: true, force: true }));

interface Case {
  readonly file: string;
  readonly damage: Damage;
}

/** Every cut of every small file that a restart needs, and damages at random up to the number wanted. */
function* casesFor(files: ReadonlyMap<string, Uint8Array>, count: number): Generator<Case> {
  const names = [...files.keys()].filter((name) => (files.get(name) as Uint8Array).length > 0);
  let made = 0;
  for (const file of names) {
    for (const damage of truncations(files.get(file) as Uint8Array)) {
      if (made >= count * 0.7) break;
      made++;
      yield { file, damage };
    }
  }
  const kindOf = (name: string) => name.replace(/\d+(?=\D*$)/, "#");
  for (; made < count; made++) {
    const file = names[Math.floor(random() * names.length)];
    const others = names.filter((name) => name !== file && kindOf(name) === kindOf(file));
    const other = others.length === 0 ? file : others[Math.floor(random() * others.length)];
    yield {
      file,
      damage: randomDamage(files.get(file) as Uint8Array, files.get(other) as Uint8Array, random),
    };
  }
}

/** The files that a restart reads, found by taking each of them away. */
async function neededFiles(disk: MemoryDisk, restart: (disk: MemoryDisk) => Promise<unknown>): Promise<string[]> {
  const read = new Set<string>();
  const watching = new MemoryDisk(disk.files);
  const readFrom = watching.read.bind(watching);
  watching.read = (path) => {
    if (disk.files.has(path)) read.add(path);
    return readFrom(path);
  };
  await restart(watching);
  return [...read];
}

/** The path that an error of damage has to name: a checksum's own damage is told of the file that it belongs to. */
const subjectOf = (file: string): string => file.replace(/\/\.([^/]+)\.crc$/, "/$1");

function isRefusal(error: unknown, file: string): boolean {
  const cause = error instanceof SluiceError && error.condition === "STREAM_FAILED" ? error.cause : error;
  return (
    cause instanceof SluiceError &&
    cause.condition === "CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED" &&
    cause.message.includes(subjectOf(file))
  );
}

describe("damaged files of a checkpoint", { concurrency: true }, () => {
  for (const kind of ["groups", "join"] as const) {
    test(`${CASES / 2} cases with ${kind}`, { timeout: 1_200_000 }, async () => {
      const subject = new Subject();
      const folder = join(root, kind);
      await mkdir(folder); // for the lock, which is on the real disk
      const disk = new MemoryDisk();
      for (let batch = 0; batch < 11; batch++) {
        subject.add();
        await subject.run(disk, folder, kind);
      }
      subject.add();
      const restart = (on: MemoryDisk) => subject.run(on, folder, kind);
      const expected = await restart(new MemoryDisk(disk.files));
      assert.ok(expected.length >= 4, "the last batch shows the state");
      const needed = await neededFiles(disk, restart);
      for (const part of ["/metadata", "/fingerprint", "/offsets/10", "/commits/10", ".delta", ".snapshot", ".crc"]) {
        assert.ok(
          needed.some((name) => name.endsWith(part)),
          `a restart reads ${part}: ${needed}`,
        );
      }
      const files = new Map(needed.map((name) => [name, disk.files.get(name) as Uint8Array]));
      let refused = 0;
      let unharmed = 0;
      for (const { file, damage } of casesFor(files, CASES / 2)) {
        const what = `seed ${seed}: ${file}: ${damage.how}`;
        const damaged = new MemoryDisk(disk.files);
        damaged.files.set(file, damage.bytes);
        try {
          assert.deepEqual(await restart(damaged), expected, what);
          assert.match(file, /\.snapshot$/, `${what}: nothing was said`);
          unharmed++;
        } catch (error) {
          if (error instanceof assert.AssertionError || !isRefusal(error, file)) {
            throw new Error(`${what}: ${error}`, { cause: error });
          }
          // Nothing was lost by the attempt: with the file as it was, the query goes on.
          if (refused++ % 50 === 0) {
            damaged.files.set(file, files.get(file) as Uint8Array);
            assert.deepEqual(await restart(damaged), expected, `${what}, then mended`);
          }
        }
      }
      assert.equal(refused + unharmed, CASES / 2);
      assert.ok(unharmed > 0, "a damaged snapshot is passed over");
      assert.ok(refused > unharmed);
    });
  }
});

test("damaged manifests of a file sink, and what a file source remembers", { timeout: 300_000 }, async () => {
  const folder = join(root, "workload");
  await writeInput(folder);
  const spark = sessionFor("snapshots");
  await runQuery(spark, folder, "matches");
  await spark.stop();
  const rows = await rowsIn(folder, "matches");
  const manifest = join(folder, "out", "_spark_metadata");
  const good = (await manifestFiles(manifest))?.sort();
  const files = new Map<string, Uint8Array>();
  for (const name of await readdir(manifest)) {
    const id = Number.parseInt(name.replace(/^\./, ""), 10);
    if (id >= 9) files.set(join(manifest, name), new Uint8Array(await readFile(join(manifest, name))));
  }
  let refused = 0;
  const count = full ? 5_000 : 1_000;
  for (const { file, damage } of casesFor(files, count)) {
    await writeFile(file, damage.bytes);
    await assert.rejects(
      manifestFiles(manifest),
      (error: SluiceError) => error.condition === "FAILED_READ_FILE" && error.message.includes(subjectOf(file)),
      `seed ${seed}: ${file}: ${damage.how}`,
    );
    await writeFile(file, files.get(file) as Uint8Array);
    refused++;
  }
  assert.equal(refused, count);
  assert.deepEqual((await manifestFiles(manifest))?.sort(), good);

  // A query that starts on such a manifest, or on a source's damaged log, touches nothing.
  const log = join(checkpointOf(folder, "matches"), "sources", "0", "11");
  for (const path of [join(manifest, "9.compact"), join(manifest, "11"), log]) {
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length >> 1));
    const session = sessionFor("snapshots");
    await assert.rejects(runQuery(session, folder, "matches"), (error: Error) => error.message.includes(path));
    await session.stop();
    await writeFile(path, whole);
    assert.deepEqual(await rowsIn(folder, "matches"), rows);
  }
  await rm(join(manifest, "11"));
  await rm(join(manifest, "10"));
  await writeFile(join(manifest, "11"), files.get(join(manifest, "11")) as Uint8Array);
  const session = sessionFor("snapshots");
  await assert.rejects(runQuery(session, folder, "matches"), /_spark_metadata\/10/);
  await session.stop();
  assert.deepEqual(await rowsIn(folder, "matches"), rows);
});
