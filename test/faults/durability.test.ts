// What reaches the disk before what: a file has its name only with its bytes on the device, and a failed fsync is never
// believed (B2). SLUICE_TORTURE=full fails every fsync, once and from there on.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { Sweep } from "./crash-points.ts";
import { Syscalls } from "./syscalls.ts";
import { queryNames, runQuery, type StateForm, sessionFor, stateForms } from "./workload.ts";

const full = process.env["SLUICE_TORTURE"] === "full";

let sweep: Sweep;
before(async () => {
  sweep = await Sweep.create();
});
after(() => sweep.remove());

async function run(folder: string, state: StateForm): Promise<void> {
  const spark = sessionFor(state);
  try {
    for (const name of queryNames) await runQuery(spark, folder, name);
  } finally {
    await spark.stop();
  }
}

/** The fewest files that get their names: where offsets go to a journal there are fewer. */
const NAMED: Readonly<Record<StateForm, number>> = { deltas: 100, snapshots: 30 };

for (const state of stateForms) {
  test(`every file that gets its name is on the disk, and its folder is written after it; state as ${state}`, async () => {
    const folder = await sweep.folder();
    const calls = new Syscalls(folder);
    try {
      await run(folder, state);
    } finally {
      calls.remove();
    }
    let named = 0;
    calls.done.forEach(([what, path, to], i) => {
      if (!what.startsWith("rename") || to === undefined) return;
      // Files that are taken out of use are renamed too; nobody reads them again.
      if (/\/\.[^/]*$/.test(to) && !to.endsWith(".crc")) return;
      named++;
      const lastWrite = calls.done.findLastIndex(([w, p], k) => k < i && w === "write" && p === path);
      const synced = calls.done.findIndex(([w, p], k) => k > lastWrite && k < i && w === "fsync" && p === path);
      assert.ok(lastWrite >= 0 && synced >= 0, `${to} was named before its bytes were on the disk`);
      const folderSynced = calls.done.some(([w, p], k) => k > i && w === "fsync" && p === dirname(to));
      assert.ok(folderSynced, `the name of ${to} was never made durable`);
    });
    assert.ok(named > NAMED[state], `${named} files got their names`);
    const journal = calls.done
      .filter(([, path]) => path.includes("/.journal-"))
      .map(([what, path]) => [what, path] as const);
    journal.forEach(([what, path], i) => {
      if (what !== "write") return;
      const synced = journal.slice(i + 1).find(([, p]) => p === path);
      assert.equal(synced?.[0], "fsync", `an entry of ${path} was written over before it was on the disk`);
    });
    if (state === "snapshots") assert.ok(journal.length > 10, `${journal.length} calls for journals`);
    // A checksum is written under its own name: it is on the disk before the file that it belongs to.
    const checksums = calls.done.filter(([what, path]) => what === "write" && path.endsWith(".crc"));
    for (const [, path] of checksums) {
      const synced = calls.done.some(([what, p]) => what === "fsync" && p === path);
      assert.ok(synced, `${path} was never made durable`);
    }
    await sweep.verify(folder, state, "watched");
  });
}

test("an fsync that fails ends the query, and no batch counts that it was for", { timeout: 3_600_000 }, async (t) => {
  const counting = await sweep.folder();
  const calls = new Syscalls(counting);
  await run(counting, "snapshots").finally(() => calls.remove());
  const { fsyncs } = calls;
  const count = full ? fsyncs : 30;
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * fsyncs) / count) + 1);
  // After these it can't be known whether the batch is in.
  const paths = calls.done.filter(([what]) => what === "fsync").map(([, path]) => path);
  chosen.push(...paths.flatMap((path, i) => (path.endsWith("/_spark_metadata") ? [i + 1] : [])).slice(0, 3));
  let ended = 0;
  for (const [i, at] of chosen.entries()) {
    for (const sticky of full ? [false, true] : [i % 2 === 0]) {
      const folder = await sweep.folder();
      const failing = new Syscalls(folder, { kind: "fsync", at, sticky });
      let failure: Error | undefined;
      try {
        await run(folder, "snapshots").catch((error: Error) => {
          failure = error;
        });
      } finally {
        failing.remove();
      }
      // A snapshot is written beside the batches, and nothing depends on it.
      if (failing.struck && !failing.struckAt.includes("snapshot")) {
        assert.match(String(failure?.message), /EIO/, `fsync ${at}, of ${failing.struckAt}`);
        assert.ok(failure?.message.includes(folder), `the error tells the place: ${failure?.message}`);
        ended++;
      }
      await sweep.verify(folder, "snapshots", `fsync ${at} of ${failing.struckAt} failed`);
    }
  }
  t.diagnostic(`${ended} queries ended by ${chosen.length} of ${fsyncs} fsyncs`);
  assert.ok(ended > chosen.length / 2);
});
