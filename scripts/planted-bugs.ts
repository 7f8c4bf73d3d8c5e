// `node scripts/planted-bugs.ts [part of a name…]`: plants bugs of the kinds that lose or double data, one at a time, in a
// scratch copy of the checkout, and runs the tests that should notice. Prints what caught each; fails when nothing did.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { partsDir, root } from "./parts/part.ts";

interface Edit {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface PlantedBug {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The test file that notices, and the tests in it that are run. */
  readonly test: string;
  readonly pattern?: string;
}

const microBatch = "src/embedded/stream/micro-batch.ts";
const batchLog = "src/embedded/stream/batch-log.ts";
const points = "test/faults/protocol-points.test.ts";

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "the commit log is written before the sink commits",
    edits: [
      {
        file: microBatch,
        find: "      return sinkBatch?.commit();\n",
        replace:
          "      await setup.checkpoint.commits.write(batchId, { nextBatchWatermarkMs: 0 });\n      return sinkBatch?.commit();\n",
      },
      {
        file: batchLog,
        find: "    await checkpoint.commits.write(batchId, { nextBatchWatermarkMs });\n",
        replace: "",
      },
    ],
    test: points,
    pattern: "SQLite.*sink commit: not sent",
  },
  {
    name: "files of the checkpoint get their names without an fsync",
    edits: [
      {
        file: "src/embedded/checkpoint/file-system.ts",
        find: "if (durable) await new Promise<void>((resolve, reject) => fdatasync(file, settle(resolve, reject)));",
        replace: "",
      },
    ],
    test: "test/faults/durability.test.ts",
    pattern: "every file that gets its name.*deltas",
  },
  {
    name: "the journal is not waited for",
    edits: [
      {
        file: "src/embedded/checkpoint/file-system.ts",
        find: "if (durable) await new Promise<void>((resolve, reject) => fdatasync(file.fd, settle(resolve, reject)));",
        replace: "",
      },
    ],
    test: "test/faults/durability.test.ts",
    pattern: "every file that gets its name.*snapshots",
  },
  {
    name: "the journal has one place for all batches",
    edits: [
      {
        file: "src/embedded/checkpoint/journal.ts",
        find: "this.#slot * SLOT_BYTES",
        replace: "0",
      },
    ],
    test: "test/embedded/journal.test.ts",
  },
  {
    name: "what a crash leaves in the journal is forgotten",
    edits: [
      {
        file: "src/embedded/checkpoint/logs.ts",
        find: "if (batchId > filed && text !== undefined) await this.addText(batchId, text);",
        replace: "",
      },
    ],
    test: "test/embedded/power-loss.test.ts",
    pattern: "journal",
  },
  {
    name: "where the log may follow, a batch counts before Kafka has it",
    edits: [
      {
        file: microBatch,
        find: "[taken, output] : [log.logged, log.stateSaved, output]);\n    return output;",
        replace: "[taken] : [log.logged, log.stateSaved, output]);\n    return undefined;",
      },
    ],
    test: "test/embedded/held-log.test.ts",
    pattern: "wait until Kafka has them",
  },
  {
    name: "rows that are put out for good don't wait for the log",
    edits: [
      {
        file: microBatch,
        find: '(outputMode !== "append" || this.plan?.stateful === false)',
        replace: "true",
      },
    ],
    test: "test/embedded/held-log.test.ts",
    pattern: "rows for good wait",
  },
  {
    name: "the log doesn't wait for the state that it says is there",
    edits: [{ file: batchLog, find: "await stateWritten;", replace: "" }],
    test: "test/embedded/held-log.test.ts",
    pattern: "get ahead of the state",
  },
  {
    name: "a batch is in the journal before the one before it has its file",
    edits: [{ file: "src/embedded/checkpoint/logs.ts", find: " && this.#unwritten === 0;", replace: ";" }],
    test: "test/embedded/journal.test.ts",
    pattern: "slow down",
  },
  {
    name: "batches that the sink has and the log hasn't are planned anew",
    edits: [{ file: microBatch, find: "this.memo.get(batchId) ?? ", replace: "" }],
    test: "test/embedded/held-log.test.ts",
    pattern: "a restart goes on after what the sink has",
  },
  {
    name: "a batch is shown although its sink couldn't hold what the log lacks",
    edits: [
      {
        file: microBatch,
        find: "if ((await prepared) !== true) await allOf([log.logged, log.stateSaved]);",
        replace: "",
      },
    ],
    test: "test/embedded/held-log.test.ts",
    pattern: "where the broker doesn't take",
  },
  {
    name: "state that a restart needs is purged, because batches are ahead of the log",
    edits: [
      {
        file: "src/embedded/operators/stream.ts",
        find: "Math.min(version - this.#options.versionsToRetain, loggedBatch)",
        replace: "version - this.#options.versionsToRetain",
      },
    ],
    test: "test/embedded/held-log.test.ts",
    pattern: "finds the state that the log asks for",
  },
  {
    name: "deltas of batches that didn't come to their end are kept",
    edits: [
      {
        file: "src/embedded/state/delta-log.ts",
        find: ".filter(([v]) => v <= version)",
        replace: "",
      },
    ],
    test: "test/embedded/delta-log.test.ts",
    pattern: "forgotten",
  },
  {
    name: "files of deltas are written over although a recovery needs them",
    edits: [
      {
        file: "src/embedded/state/delta-log.ts",
        find: "s.lastVersion <= version",
        replace: "s.lastVersion <= version + 100",
      },
    ],
    test: "test/embedded/delta-log.test.ts",
    pattern: "go round",
  },
  {
    name: "the second of a sink's transactional ids is not taken over",
    edits: [
      {
        file: "src/connectors/kafka/writer.ts",
        find: "await Promise.all(this.transactions.map((transactions) => transactions.open()));",
        replace: "await this.transactions[0]?.open();",
      },
    ],
    test: "test/connectors/kafka-sink.test.ts",
  },
  {
    name: "only the first of a sink's groups is asked for its last batch",
    edits: [
      {
        file: "src/connectors/kafka/writer.ts",
        find: "const all = [...this.transactions, ...this.others];",
        replace: "const all = this.transactions.slice(0, 1);",
      },
    ],
    test: points,
    pattern: "Kafka",
  },
  {
    name: "the checkpoint's lock is not taken",
    edits: [{ file: "src/embedded/checkpoint/lock.ts", find: '    database.exec("BEGIN IMMEDIATE");\n', replace: "" }],
    test: "test/embedded/checkpoint.test.ts",
    pattern: "one query at a time|exactly one gets",
  },
  {
    name: "a Kafka producer doesn't fence the one before",
    edits: [
      {
        file: "src/connectors/kafka/transactions.ts",
        find: "this.state = { producerId: Number(answer.producerId), epoch: answer.producerEpoch };",
        replace: "this.state = { producerId: Number(answer.producerId), epoch: 0 };",
      },
    ],
    test: points,
    pattern: "Kafka \\(dev broker\\).*sink (commit|write|flush)",
  },
  {
    name: "the CRC of a fetched record batch is not checked",
    edits: [
      {
        file: "src/connectors/kafka/records.ts",
        find: "if (actual !== expected) throw corrupt",
        replace: "if (actual < 0) throw corrupt",
      },
    ],
    test: "test/connectors/kafka-records.test.ts",
    pattern: "damage",
  },
  {
    name: "a state file's checksum is not checked",
    edits: [
      {
        file: "src/embedded/state/files.ts",
        find: "if ((form === FORM_WITHOUT_PLACE ? content : crc32(place, content)) !== stored) {",
        replace: "if (form === FORM_WITHOUT_PLACE && content !== stored) {",
      },
    ],
    test: "test/embedded/state.test.ts",
    pattern: "every changed bit",
  },
  {
    name: "a sink keeps a batch's buffers that are used again",
    edits: [
      {
        file: "src/connectors/sqlite/sink.ts",
        find: "batches.push(copyBatch(batch));",
        replace: "batches.push(batch);",
      },
    ],
    test: "test/faults/reused-buffers.test.ts",
  },
  {
    name: "the first record of a range is left out",
    edits: [
      {
        file: "src/connectors/kafka/records.ts",
        find: "if (offset >= startOffset && offset < endOffset) {",
        replace: "if (offset > startOffset && offset < endOffset) {",
      },
    ],
    test: "test/connectors/kafka-records.test.ts",
    pattern: "begins or ends inside a batch",
  },
  {
    name: "a batch that is run again starts from the state that it left the first time",
    edits: [
      {
        file: microBatch,
        find: "      version: this.batchId,\n",
        replace: "      version: this.batchId + (this.pending === undefined ? 0 : 1),\n",
      },
    ],
    test: points,
    pattern: "SQLite.*commit log: write",
  },
  {
    name: "rows are late by this batch's watermark instead of the one before's",
    edits: [
      {
        file: microBatch,
        find: "      lateUs: watermarkUs(this.previousWatermarkMs),\n",
        replace: "      lateUs: watermarkUs(entry.batchWatermarkMs),\n",
      },
    ],
    test: "test/embedded/stream.test.ts",
    pattern: "rows are late by the batch before",
  },
  {
    name: "the index over restored state is not built",
    edits: [
      {
        file: "src/embedded/operators/stream.ts",
        find: "    if (this.#options.version > 0) for (const operator of this.#builder.stateful) operator.loaded();\n",
        replace: "",
      },
    ],
    test: points,
    pattern: "SQLite.*sink commit: acknowledged",
  },
  {
    name: "late rows are counted twice",
    edits: [
      {
        file: "src/embedded/operators/aggregate.ts",
        find: "this.counters.droppedByWatermark = this.#lateKeys.size;",
        replace: "this.counters.droppedByWatermark = this.#lateKeys.size * 2;",
      },
    ],
    test: "test/embedded/stream.test.ts",
    pattern: "a closed window is emitted once",
  },
  {
    name: "a consumer group's offsets are committed before the sink",
    edits: [
      {
        file: microBatch,
        find: "        const sinkMetrics = (await this.commitBatch(sinkBatch, outputRows)) ?? {};\n",
        replace:
          "        await this.commitSources(end);\n        const sinkMetrics = (await this.commitBatch(sinkBatch, outputRows)) ?? {};\n",
      },
    ],
    test: "test/faults/group-offsets.test.ts",
  },
  {
    name: "a commit without an answer is taken for done",
    edits: [
      {
        file: "src/connectors/kafka/transactions.ts",
        find: "    if ((await this.committedBatch()).batchId >= batchId) return;\n",
        replace: "    if (batchId >= 0) return;\n",
      },
    ],
    test: "test/connectors/kafka-sink.test.ts",
    pattern: "brokers don't know any more",
  },
  {
    name: "a batch of files is taken back after its manifest was named",
    edits: [{ file: "src/connectors/files/sink.ts", find: "        if (mayBeCommitted) return;\n", replace: "" }],
    test: "test/faults/durability.test.ts",
    pattern: "an fsync that fails",
  },
];

/** The texts of the bug's files with the bug in them. Throws when an edit's place isn't there exactly once. */
export function planted(bug: PlantedBug, read: (file: string) => string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of bug.edits) {
    const text = texts.get(file) ?? read(file);
    const places = text.split(find).length - 1;
    if (places !== 1) {
      throw new Error(
        `"${bug.name}": ${places} places in ${file} instead of one:\n${find.trim()}\nMove the edit along.`,
      );
    }
    texts.set(
      file,
      text.replace(find, () => replace),
    );
  }
  return texts;
}

/** The names of the tests that failed, from the runner's TAP. */
function failuresIn(tap: string): string[] {
  const names = [...tap.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name);
  return names.filter((name) => !name.endsWith(".ts"));
}

function runTest(scratch: string, { test, pattern }: PlantedBug): { failed: boolean; output: string } {
  const only = pattern === undefined ? [] : [`--test-name-pattern=${pattern}`];
  const args = ["--test", "--test-reporter=tap", "--test-timeout=60000", ...only, test];
  const run = spawnSync(process.execPath, args, { cwd: scratch, encoding: "utf8", timeout: 180_000 });
  return { failed: run.status !== 0, output: `${run.stdout}${run.stderr}` };
}

function main(names: readonly string[]): boolean {
  const chosen = plantedBugs.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  const scratch = mkdtempSync(join(tmpdir(), "sluice-planted-"));
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  let missed = 0;
  try {
    for (const folder of ["src", "test", "scripts", "package.json", "tsconfig.json"]) {
      cpSync(join(root, folder), join(scratch, folder), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(scratch, "node_modules"));
    mkdirSync(join(scratch, ".cache"));
    symlinkSync(partsDir(), join(scratch, ".cache/parts"));
    for (const bug of chosen) {
      const original = new Map<string, string>();
      const read = (file: string) => {
        original.set(file, readFileSync(join(scratch, file), "utf8"));
        return original.get(file) as string;
      };
      for (const [file, text] of planted(bug, read)) writeFileSync(join(scratch, file), text);
      const { failed, output } = runTest(scratch, bug);
      for (const [file, text] of original) writeFileSync(join(scratch, file), text);
      const failures = failuresIn(output);
      if (failed && failures.length > 0) say(`caught: ${bug.name}\n  by ${bug.test}: ${failures[0]}`);
      else {
        missed++;
        say(`NOT CAUGHT: ${bug.name}\n  ${bug.test} ${failed ? `did not run:\n${output.slice(-2000)}` : "passes"}`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  say(`${chosen.length - missed} of ${chosen.length} planted bugs caught`);
  return missed === 0;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = main(process.argv.slice(2)) ? 0 : 1;
}
