/**
 * A3's failpoints: named places of the protocol between sources, checkpoint and sink where a query can be made to fail,
 * to die or to hang. They hang on the seams that are there (the checkpoint's disk, a source's and a sink's contract, the
 * one function through which the clients of Kafka, PostgreSQL and SQLite speak), so that the engine knows nothing of them.
 */
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { endTxnV3, txnOffsetCommitV3 } from "@platformatic/kafka";
import { Client } from "pg";
import type { Sink, SinkBatch, StreamSource } from "../../src/connectors/contract.ts";
import { KafkaCluster } from "../../src/connectors/kafka/cluster.ts";
import { Producer } from "../../src/connectors/kafka/producer.ts";
import { sinkProvider, sourceProvider } from "../../src/connectors/list.ts";
import { type CheckpointFileSystem, diskFileSystem } from "../../src/embedded/checkpoint/file-system.ts";

export const points = [
  "offset log: write",
  "offset log: fsync",
  "offset log: rename",
  "offset log: fsync of the directory",
  "plan",
  "source read",
  "state: delta",
  "state: snapshot",
  "state: removal of old versions",
  "sink: begin",
  "sink: write",
  "sink: flush",
  "sink: batch number",
  "sink commit: not sent",
  "sink commit: sent, not acknowledged",
  "sink commit: acknowledged",
  "manifest: rename",
  "commit log: write",
  "commit log: rename",
  "commit log: written",
  "source commit",
  "removal of old offsets",
  "removal of old commits",
  "stop",
] as const;

export type Point = (typeof points)[number];
/** `throw`: the step fails. `crash`: nothing is done any more. `hang`: the step waits until it is released. */
export type Action = "throw" | "crash" | "hang";
export const actions: readonly Action[] = ["throw", "crash", "hang"];

export class Failpoint {
  readonly point: Point;
  readonly action: Action;
  /** Resolves when the query comes to the point. */
  readonly struck: Promise<void>;
  hasStruck = false;
  isDead = false;
  private readonly strike: () => void;
  private readonly released: Promise<void>;
  readonly release: () => void;

  constructor(point: Point, action: Action) {
    this.point = point;
    this.action = action;
    const struck = Promise.withResolvers<void>();
    this.struck = struck.promise;
    this.strike = struck.resolve;
    const released = Promise.withResolvers<void>();
    this.released = released.promise;
    this.release = released.resolve;
  }

  /** True when the point is this one and its time has come: once. */
  private comes(point: Point): boolean {
    if (this.hasStruck || point !== this.point) return false;
    this.hasStruck = true;
    this.isDead = this.action === "crash";
    this.strike();
    return true;
  }

  checkAlive(): void {
    if (this.isDead) throw new Error("injected: nothing is done after a crash");
  }

  passAtOnce(point: Point): void {
    this.checkAlive();
    if (this.comes(point)) throw new Error(`injected: ${this.action} at ${point}`);
  }

  async pass(point: Point): Promise<void> {
    this.checkAlive();
    if (!this.comes(point)) return;
    if (this.action === "hang") return this.released;
    const error = new Error(`injected: ${this.action} at ${point}`);
    // An answer is lost with its connection.
    throw point === "sink commit: sent, not acknowledged" ? Object.assign(error, { code: "ECONNRESET" }) : error;
  }
}

let armed: Failpoint | undefined;

export function arm(failpoint: Failpoint | undefined): void {
  armed = failpoint;
}

const pass = async (point: Point): Promise<void> => armed?.pass(point);

/** The checkpoint's disk with its failpoints. */
export function failingDisk(): CheckpointFileSystem {
  const folderOf = (path: string) => {
    if (path.includes("/state/")) return "state";
    return basename(dirname(path));
  };
  return {
    ...diskFileSystem,
    async write(path, bytes, durable) {
      armed?.checkAlive();
      const folder = path.endsWith(".crc") ? "" : folderOf(path);
      if (folder === "offsets") await pass("offset log: write");
      if (folder === "commits") await pass("commit log: write");
      if (folder === "state") await pass(path.includes(".snapshot") ? "state: snapshot" : "state: delta");
      if (folder === "offsets") {
        await diskFileSystem.write(path, bytes, false);
        await pass("offset log: fsync");
      }
      await diskFileSystem.write(path, bytes, durable);
    },
    async rename(from, to) {
      armed?.checkAlive();
      if (folderOf(to) === "offsets") await pass("offset log: rename");
      if (folderOf(to) === "commits") await pass("commit log: rename");
      await diskFileSystem.rename(from, to);
    },
    async syncDirectory(path) {
      armed?.checkAlive();
      if (basename(path) === "offsets") await pass("offset log: fsync of the directory");
      await diskFileSystem.syncDirectory(path);
      if (basename(path) === "commits") await pass("commit log: written");
    },
    async remove(path) {
      armed?.checkAlive();
      if (folderOf(path) === "state") await pass("state: removal of old versions");
      if (folderOf(path) === "offsets") await pass("removal of old offsets");
      if (folderOf(path) === "commits") await pass("removal of old commits");
      await diskFileSystem.remove(path);
    },
  };
}

function failingSource(source: StreamSource): StreamSource {
  return {
    ...source,
    async latestOffset(...args) {
      await pass("plan");
      return source.latestOffset(...args);
    },
    async *read(...args) {
      await pass("source read");
      yield* source.read(...args);
    },
    async commit(end) {
      await pass("source commit");
      await source.commit(end);
    },
  };
}

function failingSink(sink: Sink): Sink {
  return {
    description: sink.description,
    guarantee: sink.guarantee,
    open: () => sink.open(),
    async begin(batchId) {
      await pass("sink: begin");
      return failingBatch(await sink.begin(batchId));
    },
    async close() {
      try {
        await pass("stop");
      } finally {
        await sink.close(); // ends the connections, as death does
      }
    },
  };
}

function failingBatch(batch: SinkBatch): SinkBatch {
  const { prepare } = batch;
  return {
    async write(rows) {
      await pass("sink: write");
      await batch.write(rows);
    },
    ...(prepare !== undefined && { prepare: () => prepare.call(batch) }),
    async commit() {
      armed?.checkAlive();
      const metrics = await batch.commit();
      await pass("sink commit: acknowledged");
      return metrics;
    },
    async abort() {
      armed?.checkAlive();
      await batch.abort();
    },
  };
}

type Method = (...args: never[]) => unknown;

/** Puts `make(original)` in a method's place until the returned function is called. */
function replaced<T extends object, K extends keyof T & string>(
  target: T,
  name: K,
  make: (original: Method) => Method,
): () => void {
  const original = target[name];
  Object.defineProperty(target, name, { value: make(original as Method), configurable: true, writable: true });
  return () => Object.defineProperty(target, name, { value: original, configurable: true, writable: true });
}

/** Before and after what is said to a sink's other side. */
async function saying<T>(text: "number" | "commit" | "rows" | "other", say: () => Promise<T>): Promise<T> {
  armed?.checkAlive();
  if (text === "rows") await pass("sink: flush");
  if (text === "number") await pass("sink: batch number");
  if (text === "commit") await pass("sink commit: not sent");
  const answer = await say();
  if (text === "commit") await pass("sink commit: sent, not acknowledged");
  return answer;
}

/** Installs the failpoints; the returned function takes them away. */
export async function installFailpoints(): Promise<() => void> {
  const memory = await sourceProvider("memory");
  const sinks = await Promise.all(["kafka", "postgres", "sqlite"].map(sinkProvider));
  const undo = [
    replaced(memory, "open", (open) => async (...args: never[]) => {
      const source = (await open(...args)) as { openStream(): Promise<StreamSource> };
      return { ...source, openStream: async () => failingSource(await source.openStream()) };
    }),
    ...sinks.map((provider) =>
      replaced(
        provider,
        "create",
        (create) =>
          async (...args: never[]) =>
            failingSink((await create(...args)) as Sink),
      ),
    ),
    replaced(KafkaCluster.prototype, "call", (call) => {
      return function (this: KafkaCluster, ...args: unknown[]) {
        const [, api] = args;
        const isCommit = api === endTxnV3.api && args.at(-1) === true;
        const text = isCommit ? "commit" : api === txnOffsetCommitV3.api ? "number" : "other";
        return saying(text, async () => call.apply(this, args as never[]));
      } as Method;
    }),
    replaced(Producer.prototype, "flush", (flush) => {
      return function (this: Producer, ...args: never[]) {
        return saying("rows", async () => flush.apply(this, args));
      } as Method;
    }),
    replaced(Client.prototype, "query", (query) => {
      return function (this: Client, ...args: unknown[]) {
        const [sql] = args;
        if (typeof sql !== "string") return query.apply(this, args as never[]); // what the client asks by itself
        const said = saying(statementKind(sql), async () => query.apply(this, args as never[]));
        // Who doesn't get an answer has lost the connection.
        return said.catch((error: Error) => {
          if (error.message.startsWith("injected") && sql === "COMMIT") connectionOf(this).destroy();
          throw error;
        });
      } as Method;
    }),
    replaced(promises, "rename", (rename) => {
      return (async (from: string, to: string) => {
        armed?.checkAlive();
        if (/_spark_metadata\/\d/.test(to)) await pass("manifest: rename");
        await rename(from as never, to as never);
      }) as Method;
    }),
    replaced(DatabaseSync.prototype, "exec", (exec) => {
      return function (this: DatabaseSync, sql: string) {
        const isSink = this.location()?.endsWith("out.db") === true;
        if (isSink && sql === "BEGIN IMMEDIATE") armed?.passAtOnce("sink: flush");
        if (isSink && sql === "COMMIT") armed?.passAtOnce("sink commit: not sent");
        exec.call(this, sql as never);
        if (isSink && sql === "COMMIT") armed?.passAtOnce("sink commit: sent, not acknowledged");
      } as Method;
    }),
    replaced(DatabaseSync.prototype, "prepare", (prepare) => {
      return function (this: DatabaseSync, sql: string) {
        if (sql.startsWith("INSERT OR REPLACE INTO _sluice_commits")) armed?.passAtOnce("sink: batch number");
        return prepare.call(this, sql as never);
      } as Method;
    }),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const one of undo) one();
    syncBuiltinESMExports();
  };
}

function statementKind(sql: string): "number" | "commit" | "rows" | "other" {
  if (sql === "COMMIT") return "commit";
  if (sql.startsWith("UPDATE _sluice_commits")) return "number";
  return /^INSERT INTO (?!_sluice_commits)/.test(sql) ? "rows" : "other";
}

function connectionOf(client: Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}
