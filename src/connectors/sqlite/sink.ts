/**
 * Rows into a table of a SQLite database. The batch's number goes into the table `_sluice_commits` in the transaction of
 * its rows, so that a batch is in the table once, whatever happens.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { copyBatch } from "../../columns/copy.ts";
import { type Batch, valueAt } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { OptionSpec, Sink, SinkProvider, SinkRequest } from "../contract.ts";
import { inTurn, openDatabase } from "./database.ts";
import { declaredType, quoted, type SqliteValue, toSqlite } from "./values.ts";

const options: readonly OptionSpec[] = [
  { name: "path", doc: "The database file; the same as the argument of start() and save()." },
  { name: "dbtable", doc: "The table. It is created when it isn't there." },
  { name: "keyColumns", doc: "Columns, with commas between, whose values name a row: a later row replaces it." },
];

/** Rows between two turns of the event loop. */
const STRETCH_ROWS = 5_000;
const COMMITS = "_sluice_commits";

export const sqliteSink: SinkProvider = {
  format: "sqlite",
  options,
  outputModes: ["append", "update", "complete"],
  batch: true,
  create: async (request) => new SqliteSink(request),
};

class SqliteSink implements Sink {
  readonly description: string;
  readonly guarantee = "exactly-once";
  private readonly request: SinkRequest;
  private readonly path: string;
  private readonly table: string;
  private readonly keys: readonly string[];
  private readonly convert: readonly ((value: Parameters<ReturnType<typeof toSqlite>>[0]) => SqliteValue)[];
  private database: DatabaseSync | undefined;
  private skip = false;

  constructor(request: SinkRequest) {
    this.request = request;
    this.path = needed(request.path ?? request.options.get("path"), "path", "say which database file to write.");
    this.table = needed(request.options.get("dbtable"), "dbtable", "say which table to write.");
    const names = request.schema.fields.map((f) => f.name);
    this.keys = keyColumns(request.options.get("keyColumns"), names, "sqlite");
    if (request.outputMode === "update" && this.keys.length === 0) {
      throw new SluiceError("MISSING_OPTION", {
        provider: "sqlite",
        option: "keyColumns",
        hint: "in update mode a row replaces the one with its key: name the key's columns.",
      });
    }
    this.convert = request.schema.fields.map((f) => toSqlite(f.type));
    this.description = `SqliteTable[${this.table}]`;
  }

  async open(): Promise<number> {
    const database = openDatabase(this.path);
    this.database = database;
    return inTurn(this.path, async () => {
      try {
        database.exec(`CREATE TABLE IF NOT EXISTS ${COMMITS} (query_id TEXT PRIMARY KEY, batch_id INTEGER NOT NULL)`);
        this.prepareTable(database);
        return this.request.streaming ? this.lastBatch(database) : -1;
      } catch (error) {
        if (error instanceof SluiceError) throw error;
        const reason = (error as Error).message;
        throw new SluiceError("FAILED_READ_FILE", { path: this.path, reason }, { cause: error });
      }
    });
  }

  async begin(batchId: number) {
    const batches: Batch[] = [];
    return {
      write: (batch: Batch) => {
        batches.push(copyBatch(batch));
      },
      commit: async () => {
        if (!this.skip) await inTurn(this.path, () => this.store(batchId, batches));
        return undefined;
      },
      abort: async () => {},
    };
  }

  async close(): Promise<void> {
    this.database?.close();
    this.database = undefined;
  }

  private prepareTable(database: DatabaseSync): void {
    const exists =
      database.prepare("SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?").get(this.table) !==
      undefined;
    const { saveMode, streaming, schema } = this.request;
    if (exists && !streaming && saveMode === "errorIfExists") {
      throw new SluiceError("TABLE_OR_VIEW_ALREADY_EXISTS", { relationName: this.table });
    }
    this.skip = exists && !streaming && saveMode === "ignore";
    if (!exists) {
      const columns = schema.fields.map((f) => {
        const required = this.keys.includes(f.name) ? " NOT NULL" : "";
        return `${quoted(f.name)} ${declaredType(f.type)}${required}`;
      });
      const key = this.keys.length === 0 ? [] : [`PRIMARY KEY (${this.keys.map(quoted).join(", ")})`];
      database.exec(`CREATE TABLE ${quoted(this.table)} (${[...columns, ...key].join(", ")})`);
    } else if (this.keys.length > 0) {
      const index = quoted(`${this.table}_sluice_key`);
      database.exec(
        `CREATE UNIQUE INDEX IF NOT EXISTS ${index} ON ${quoted(this.table)} (${this.keys.map(quoted).join(", ")})`,
      );
    }
  }

  private lastBatch(database: DatabaseSync): number {
    const row = database.prepare(`SELECT batch_id FROM ${COMMITS} WHERE query_id = ?`).get(this.request.queryId);
    return row === undefined ? -1 : Number(row["batch_id"]);
  }

  private async store(batchId: number, batches: readonly Batch[]): Promise<void> {
    const database = this.database as DatabaseSync;
    const { streaming, outputMode, saveMode, queryId } = this.request;
    try {
      database.exec("BEGIN IMMEDIATE");
      if (streaming && this.lastBatch(database) >= batchId) {
        throw new SluiceError("CONCURRENT_STREAM_LOG_UPDATE", { batchId, path: `${this.path}, table ${COMMITS}` });
      }
      const replaces = streaming ? outputMode === "complete" : saveMode === "overwrite";
      if (replaces) database.exec(`DELETE FROM ${quoted(this.table)}`);
      await this.insert(database.prepare(this.insertStatement()), batches);
      if (streaming) database.prepare(`INSERT OR REPLACE INTO ${COMMITS} VALUES (?, ?)`).run(queryId, batchId);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      if (error instanceof SluiceError) throw error;
      const reason = `${(error as Error).message} (${this.path})`;
      throw new SluiceError("SINK_FAILED", { batchId, sink: this.description, reason }, { cause: error });
    }
  }

  private async insert(statement: StatementSync, batches: readonly Batch[]): Promise<void> {
    let rows = 0;
    for (const batch of batches) {
      for (let i = 0; i < batch.rows; i++) {
        statement.run(...this.convert.map((convert, c) => convert(valueAt(batch.columns[c], i))));
        if (++rows % STRETCH_ROWS === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  private insertStatement(): string {
    const names = this.request.schema.fields.map((f) => quoted(f.name));
    const insert = `INSERT INTO ${quoted(this.table)} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
    return this.keys.length === 0 ? insert : `${insert} ${upsertClause(names, this.keys.map(quoted))}`;
  }
}

/** `ON CONFLICT …`, as SQLite and PostgreSQL both take it. Names are quoted. */
export function upsertClause(names: readonly string[], keys: readonly string[]): string {
  const others = names.filter((name) => !keys.includes(name));
  const action = others.length === 0 ? "NOTHING" : `UPDATE SET ${others.map((n) => `${n} = excluded.${n}`).join(", ")}`;
  return `ON CONFLICT (${keys.join(", ")}) DO ${action}`;
}

/** The option keyColumns, checked against the columns there are. */
export function keyColumns(text: string | undefined, names: readonly string[], provider: string): string[] {
  if (text === undefined || text.trim() === "") return [];
  return text.split(",").map((part) => {
    const found = names.find((name) => name.toLowerCase() === part.trim().toLowerCase());
    if (found !== undefined) return found;
    const reason = `there is no column ${part.trim()}; the columns are ${names.join(", ")}`;
    throw new SluiceError("INVALID_OPTION_VALUE", { provider, option: "keyColumns", value: text, reason });
  });
}

function needed(value: string | undefined, option: string, hint: string): string {
  if (value === undefined || value === "")
    throw new SluiceError("MISSING_OPTION", { provider: "sqlite", option, hint });
  return value;
}
