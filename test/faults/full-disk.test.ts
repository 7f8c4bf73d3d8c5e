// B1: the disk is full at some point of a run. The queries end with an error that says where and why; no half-written file
// has its name; with space again they go on, and every row is there once.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { mismatch } from "../../src/formats/checksum.ts";
import { Sweep } from "./crash-points.ts";
import { Syscalls } from "./syscalls.ts";
import { queryNames, runQuery, type StateForm, sessionFor, stateForms } from "./workload.ts";

const SIZES = 64;
/** From a disk that has no room for the first offsets, to one that is full late in the run. */
const [SMALLEST, LARGEST] = [112 << 10, 900 << 10];

let sweep: Sweep;
before(async () => {
  sweep = await Sweep.create();
});
after(() => sweep.remove());

const mount = (...args: string[]) => spawnSync("mount", args, { encoding: "utf8" });
const unmount = (folder: string) => spawnSync("umount", [folder]);

/** Why nothing can be mounted here; undefined when it can. */
async function mountingRefused(): Promise<string | undefined> {
  const folder = await sweep.folder();
  const tried = mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder);
  if (tried.status === 0) unmount(folder);
  return tried.status === 0 ? undefined : (tried.stderr || String(tried.error)).trim();
}

async function run(folder: string, state: StateForm): Promise<Error | undefined> {
  const spark = sessionFor(state);
  try {
    for (const name of queryNames) await runQuery(spark, folder, name);
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    await spark.stop();
  }
}

function checkError(error: Error, folder: string): void {
  assert.match(error.message, /ENOSPC|disk is full|disk I\/O error/, error.message);
  assert.ok(error.message.includes(folder), `the error tells the place: ${error.message}`);
}

/** Every file that has its name is whole, by the checksum beside it. */
async function checkFiles(folder: string): Promise<number> {
  let checked = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || entry.name.startsWith(".")) continue;
    const sidecar = await readFile(join(entry.parentPath, `.${basename(path)}.crc`)).catch(() => undefined);
    if (sidecar === undefined) continue;
    assert.equal(mismatch(await readFile(path), sidecar), undefined, path);
    checked++;
  }
  return checked;
}

test(`a disk that is full, ${SIZES} sizes`, { timeout: 1_800_000 }, async (t) => {
  const refused = await mountingRefused();
  let ended = 0;
  let checked = 0;
  for (let i = 0; i < SIZES; i++) {
    const bytes = Math.round(SMALLEST + ((LARGEST - SMALLEST) * i) / (SIZES - 1));
    const state = stateForms[i % 2];
    const prepared = await sweep.folder();
    if (refused !== undefined) {
      const calls = new Syscalls(prepared, { kind: "space", bytes: Math.round((bytes - SMALLEST) / 20) + 10 });
      const error = await run(prepared, state).finally(() => calls.remove());
      if (error !== undefined) {
        checkError(error, prepared);
        ended++;
      }
      checked += await checkFiles(prepared);
      await sweep.verify(prepared, state, `${bytes} bytes`);
      continue;
    }
    const folder = `${prepared}-mounted`;
    await mkdir(folder);
    const mounted = mount("-t", "tmpfs", "-o", `size=${bytes >> 10}k`, "tmpfs", folder);
    assert.equal(mounted.status, 0, mounted.stderr);
    try {
      for (const name of ["readings", "alarms"]) {
        await cp(join(prepared, name), join(folder, name), { recursive: true, preserveTimestamps: true });
      }
      const error = await run(folder, state);
      if (error !== undefined) {
        checkError(error, folder);
        ended++;
      }
      checked += await checkFiles(folder);
      assert.equal(mount("-o", "remount,size=64m", folder).status, 0);
      await sweep.verify(folder, state, `${bytes} bytes`, { keep: true });
    } finally {
      unmount(folder);
    }
  }
  t.diagnostic(
    `${ended} of ${SIZES} disks were full; ${checked} files looked at${refused ? `; simulated: ${refused}` : ""}`,
  );
  assert.ok(ended > SIZES * 0.7, `${ended} of ${SIZES} disks were full`);
});
