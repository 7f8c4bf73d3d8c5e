/**
 * Rows into a PostgreSQL table. The batch's number goes into `_sluice_commits` in the transaction of its rows. When the
 * answer to COMMIT is lost, that table is asked. Each start takes a new epoch there: a writer from before, should it still
 * live, finds that it was replaced and commits nothing more.
 */
import type { Client } from "pg";
import { type Batch, valueAt } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { Environment, OptionSpec, Sink, SinkBatch, SinkProvider, SinkRequest } from "../contract.ts";
import { integerOption } from "../options.ts";
import { keyColumns, upsertClause } from "../sqlite/sink.ts";
import { connect, connectionOptions } from "./connection.ts";
import { columnType, quoted, quotedName, toPostgres } from "./values.ts";

const options: readonly OptionSpec[] = [
  ...connectionOptions,
  { name: "keyColumns", doc: "Columns, with commas between, whose values name a row: a later row replaces it." },
  { name: "batchsize", doc: "Rows in one statement.", default: "5000" },
];

const COMMITS = "_sluice_commits";
/** Any number that others are unlikely to lock. */
const CREATE_LOCK = 7_583_042_917;
/** How long the server is asked for the outcome of a COMMIT whose answer was lost. */
const ASK_ATTEMPTS = 30;
const ASK_PAUSE_MS = 1000;

export const postgresSink: SinkProvider = {
  format: "postgres",
  options,
  outputModes: ["append", "update", "complete"],
  batch: true,
  create: async (request, environment) => new PostgresSink(request, environment),
};

class PostgresSink implements Sink {
  readonly description: string;
  readonly guarantee = "exactly-once";
  private readonly request: SinkRequest;
  private readonly environment: Environment;
  private readonly table: string;
  private readonly keys: readonly string[];
  private readonly rowsMax: number;
  private readonly statement: string;
  private readonly convert: readonly ((value: Parameters<ReturnType<typeof toPostgres>>[0]) => string | null)[];
  private readonly keyOrdinals: readonly number[];
  private client: Client | undefined;
  private epoch = 0;
  private skip = false;

  constructor(request: SinkRequest, environment: Environment) {
    this.request = request;
    this.environment = environment;
    const table = request.options.get("dbtable");
    if (table === undefined) {
      throw new SluiceError("MISSING_OPTION", {
        provider: "postgres",
        option: "dbtable",
        hint: "say which table to write.",
      });
    }
    this.table = quotedName(table);
    const { fields } = request.schema;
    const names = fields.map((f) => f.name);
    this.keys = keyColumns(request.options.get("keyColumns"), names, "postgres");
    if (request.outputMode === "update" && this.keys.length === 0) {
      throw new SluiceError("MISSING_OPTION", {
        provider: "postgres",
        option: "keyColumns",
        hint: "in update mode a row replaces the one with its key: name the key's columns.",
      });
    }
    this.keyOrdinals = this.keys.map((key) => names.indexOf(key));
    this.rowsMax = integerOption("postgres", request.options, "batchsize", 5000);
    this.convert = fields.map((f) => toPostgres(f.type));
    const arrays = fields.map((f, i) => `$${i + 1}::${columnType(f.type)}[]`);
    const insert = `INSERT INTO ${this.table} (${names.map(quoted).join(", ")}) SELECT * FROM unnest(${arrays.join(", ")})`;
    const upsert = this.keys.length === 0 ? "" : ` ${upsertClause(names.map(quoted), this.keys.map(quoted))}`;
    this.statement = insert + upsert;
    this.description = `PostgresTable[${table}]`;
  }

  async open(): Promise<number> {
    const client = await this.connected();
    const { streaming, queryId } = this.request;
    await this.prepareTable(client);
    if (!streaming) return -1;
    await createTable(
      client,
      `${COMMITS} (query_id text PRIMARY KEY, batch_id bigint NOT NULL, epoch bigint NOT NULL)`,
    );
    // Waits for a transaction of the writer before, whose rows may still be on their way in.
    const { rows } = await client.query<{ batch_id: string; epoch: string }>(
      `INSERT INTO ${COMMITS} AS c VALUES ($1, -1, 1) ON CONFLICT (query_id) DO UPDATE SET epoch = c.epoch + 1 RETURNING batch_id, epoch`,
      [queryId],
    );
    this.epoch = Number(rows[0].epoch);
    return Number(rows[0].batch_id);
  }

  async begin(batchId: number): Promise<SinkBatch> {
    if (this.skip) return { write() {}, commit: async () => undefined, async abort() {} };
    const client = await this.connected();
    await this.attempt(batchId, async () => {
      await client.query("BEGIN");
      if (this.request.streaming) await this.claim(client, batchId);
      const { streaming, outputMode, saveMode } = this.request;
      const replaces = streaming ? outputMode === "complete" : saveMode === "overwrite";
      if (replaces) await client.query(`DELETE FROM ${this.table}`);
    });
    return {
      write: (batch) => this.attempt(batchId, () => this.insert(client, batch)),
      commit: async () => {
        await this.attempt(batchId, () => this.commit(client, batchId));
        return undefined;
      },
      abort: async () => {
        await client.query("ROLLBACK").catch(() => this.disconnect());
      },
    };
  }

  async close(): Promise<void> {
    await this.disconnect();
  }

  private async prepareTable(client: Client): Promise<void> {
    const { schema, saveMode, streaming } = this.request;
    const found = await client.query<{ found: string | null }>("SELECT to_regclass($1) AS found", [this.table]);
    const exists = found.rows[0].found !== null;
    if (exists && !streaming && saveMode === "errorIfExists") {
      throw new SluiceError("TABLE_OR_VIEW_ALREADY_EXISTS", { relationName: this.table });
    }
    this.skip = exists && !streaming && saveMode === "ignore";
    if (exists) return;
    const columns = schema.fields.map((f) => `${quoted(f.name)} ${columnType(f.type)}`);
    const key = this.keys.length === 0 ? [] : [`PRIMARY KEY (${this.keys.map(quoted).join(", ")})`];
    await createTable(client, `${this.table} (${[...columns, ...key].join(", ")})`);
  }

  /** Takes the query's row for this transaction, when it is still ours and the batch is new. */
  private async claim(client: Client, batchId: number): Promise<void> {
    const { rows } = await client.query<{ batch_id: string; epoch: string }>(
      `SELECT batch_id, epoch FROM ${COMMITS} WHERE query_id = $1 FOR UPDATE`,
      [this.request.queryId],
    );
    if (Number(rows[0]?.epoch) !== this.epoch) throw new SluiceError("SINK_FENCED", { sink: this.description });
    if (Number(rows[0].batch_id) >= batchId) {
      throw new SluiceError("CONCURRENT_STREAM_LOG_UPDATE", { batchId, path: COMMITS });
    }
  }

  private async insert(client: Client, batch: Batch): Promise<void> {
    for (let at = 0; at < batch.rows; at += this.rowsMax) {
      const rows = this.lastOfEachKey(batch, at, Math.min(batch.rows, at + this.rowsMax));
      const arrays = this.convert.map((convert, c) => rows.map((i) => convert(valueAt(batch.columns[c], i))));
      await client.query(this.statement, arrays);
    }
  }

  /** One statement can't touch a row twice: of the rows with one key the last one counts. */
  private lastOfEachKey(batch: Batch, from: number, to: number): number[] {
    const all = Array.from({ length: to - from }, (_, i) => from + i);
    if (this.keyOrdinals.length === 0) return all;
    const last = new Map<string, number>();
    for (const i of all) {
      const key = JSON.stringify(this.keyOrdinals.map((c) => this.convert[c](valueAt(batch.columns[c], i))));
      last.delete(key);
      last.set(key, i);
    }
    return [...last.values()];
  }

  private async commit(client: Client, batchId: number): Promise<void> {
    const { streaming, queryId } = this.request;
    if (streaming) await client.query(`UPDATE ${COMMITS} SET batch_id = $2 WHERE query_id = $1`, [queryId, batchId]);
    try {
      await client.query("COMMIT");
    } catch (error) {
      // The server may have done it all the same.
      await this.disconnect();
      if (!streaming || !(await this.hasCommitted(batchId))) throw error;
    }
  }

  private async hasCommitted(batchId: number): Promise<boolean> {
    const { clock, signal } = this.environment;
    for (let attempt = 1; ; attempt++) {
      try {
        const client = await this.connected();
        const { rows } = await client.query<{ batch_id: string }>(
          `SELECT batch_id FROM ${COMMITS} WHERE query_id = $1 FOR UPDATE`,
          [this.request.queryId],
        );
        return Number(rows[0]?.batch_id) >= batchId;
      } catch (error) {
        if (attempt >= ASK_ATTEMPTS || signal.aborted) throw error;
        await this.disconnect();
        await clock.sleep(ASK_PAUSE_MS, signal);
      }
    }
  }

  private async connected(): Promise<Client> {
    if (this.client !== undefined) return this.client;
    const client = await connect(this.request.options);
    // One that breaks between two batches is replaced at the next.
    client.on("end", () => {
      if (this.client === client) this.client = undefined;
    });
    this.client = client;
    return client;
  }

  private async disconnect(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => {});
  }

  private async attempt<T>(batchId: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      const reason = (error as Error).message;
      throw new SluiceError("SINK_FAILED", { batchId, sink: this.description, reason }, { cause: error });
    }
  }
}

/** IF NOT EXISTS doesn't help two sessions that create a table at the same time: one of them fails. So they take turns. */
async function createTable(client: Client, definition: string): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(${CREATE_LOCK}); CREATE TABLE IF NOT EXISTS ${definition}`);
}
