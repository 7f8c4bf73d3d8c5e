/** The session's settings: `spark.conf`. */
import type { SparkSession } from "./session.ts";

export class RuntimeConfig {
  readonly #session: SparkSession;

  constructor(session: SparkSession) {
    this.#session = session;
  }

  /** Takes effect for queries started later; in order with them even when not awaited. */
  async set(key: string, value: string | number | boolean): Promise<void> {
    await this.#session.inOrder((engine) => engine.config.set(key, String(value)));
  }

  async unset(key: string): Promise<void> {
    await this.#session.inOrder((engine) => engine.config.unset(key));
  }

  /** The value, or `fallback`, or null. */
  async get(key: string, fallback: string | null = null): Promise<string | null> {
    return (await (await this.#session.engine()).config.get(key)) ?? fallback;
  }

  async getAll(): Promise<ReadonlyMap<string, string>> {
    return (await this.#session.engine()).config.all();
  }
}
