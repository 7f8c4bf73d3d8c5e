// Writers that are stopped, replaced, and go on: they commit nothing more. `npm run torture` has fifty of them.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onBothBrokers } from "../support/brokers.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { seeded } from "./random.ts";
import { toldOfZombies } from "./report.ts";
import { runZombies } from "./zombie.ts";

const parts = requireParts("kcat");

onBothBrokers(
  "a writer that was stopped and replaced commits nothing more",
  async ({ bootstrapServers: brokers }, t) => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-zombie-"));
    const { seed, random } = seeded();
    t.diagnostic(`seed ${seed}`);
    try {
      const report = await runZombies({ brokers, trials: 2, folder, prefix: uniqueName("zombie"), random });
      const { text, problems } = toldOfZombies(report);
      t.diagnostic(text);
      assert.deepEqual(problems, [], text);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  parts.options,
);
