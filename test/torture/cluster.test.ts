// Three nodes of Kafka: leaders are killed, then all nodes restarted in turn, under a running pipeline.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { requireParts } from "../support/parts.ts";
import { runCluster } from "./cluster.ts";
import { toldOfCluster } from "./report.ts";

const parts = requireParts("kafka", "kcat");
const options = { ...parts.options, timeout: 600_000 };

test("five leaders die and every node restarts: nothing lost, nothing twice, no stall", options, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-cluster-"));
  try {
    const log = (text: string): void => t.diagnostic(text);
    const report = await runCluster({ kills: 5, rolls: 1, folder, sessionTimeoutMs: 3000, log });
    const { text, problems } = toldOfCluster(report);
    t.diagnostic(text);
    assert.deepEqual(problems, [], text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
