import { bindScript } from "../api/scripts.ts";
import { SparkSession } from "../api/session.ts";
import type { Clock, Logger } from "../connectors/contract.ts";
import type { CheckpointFileSystem } from "../embedded/checkpoint/file-system.ts";
import { createEmbeddedEngine, type EmbeddedEngine } from "../embedded/engine.ts";

export interface TestSessionOptions {
  /** Settings, by Spark's keys. The time zone is UTC unless set here. */
  readonly config?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Default: nothing is printed. */
  readonly log?: Logger;
  /** Where checkpoints live: for tests that fail, lose or reorder what is written. */
  readonly fileSystem?: CheckpointFileSystem;
}

const silent: Logger = { info() {}, warn() {}, error() {} };

const engines = new WeakMap<SparkSession, EmbeddedEngine>();

/** A session of its own on the embedded engine, with the surroundings that a test wants. */
export function testSession(options: TestSessionOptions = {}): SparkSession {
  const { clock, log = silent, fileSystem } = options;
  const config = new Map(Object.entries({ "spark.sql.session.timeZone": "UTC", ...options.config }));
  const engine = createEmbeddedEngine({
    config,
    bindScript,
    log,
    ...(clock && { clock }),
    ...(fileSystem && { fileSystem }),
  });
  const session = new SparkSession(async () => engine);
  engines.set(session, engine);
  return session;
}

/** The engine of a session that `testSession` made. */
export function engineOf(session: SparkSession): EmbeddedEngine {
  const engine = engines.get(session);
  if (engine === undefined) throw new TypeError("testStream needs a DataFrame of a session that testSession() made");
  return engine;
}
