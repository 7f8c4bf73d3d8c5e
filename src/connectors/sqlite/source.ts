/** A table or a query of a SQLite database, as a batch. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Batch, vectorFrom } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { field, type StructType, struct } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { OptionSpec, ReadRequest, SourceProvider } from "../contract.ts";
import { openDatabase } from "./database.ts";
import { fromSqlite, quoted, type SqliteValue, typeOfDeclared } from "./values.ts";

const options: readonly OptionSpec[] = [
  { name: "path", doc: "The database file; the same as the argument of load()." },
  { name: "dbtable", doc: "The table to read." },
  { name: "query", doc: "A query to read, instead of a table." },
];

export const sqliteSource: SourceProvider = {
  format: "sqlite",
  options,
  userSchema: "refused",
  async open({ options: given, paths }) {
    const path = paths[0] ?? given.get("path");
    const table = given.get("dbtable");
    const query = given.get("query") ?? (table === undefined ? undefined : `SELECT * FROM ${quoted(table)}`);
    if (path === undefined || query === undefined) {
      const option = path === undefined ? "path" : "dbtable";
      throw new SluiceError("MISSING_OPTION", { provider: "sqlite", option, hint: "say what to read." });
    }
    const schema = withDatabase(path, (database) => schemaOf(prepare(database, query, path)));
    return { schema, readBatch: (request) => readRows(path, query, schema, request) };
  },
};

function withDatabase<T>(path: string, use: (database: DatabaseSync) => T): T {
  const database = openDatabase(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
}

function prepare(database: DatabaseSync, query: string, path: string): StatementSync {
  try {
    return database.prepare(query);
  } catch (error) {
    throw new SluiceError("FAILED_READ_FILE", { path, reason: (error as Error).message }, { cause: error });
  }
}

function schemaOf(statement: StatementSync): StructType {
  return struct(...statement.columns().map((c) => field(c.name, typeOfDeclared(c.type))));
}

async function* readRows(path: string, query: string, schema: StructType, request: ReadRequest): AsyncIterable<Batch> {
  const database = openDatabase(path);
  try {
    const statement = prepare(database, query, path);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const types = request.columns.map((c) => schema.fields[c].type);
    const convert = types.map((type) => fromSqlite(type, request.wide));
    let columns: Value[][] = types.map(() => []);
    let rows = 0;
    const batch = (): Batch => ({ rows, columns: types.map((type, i) => vectorFrom(type, columns[i], request.wide)) });
    for (const row of statement.iterate() as unknown as Iterable<SqliteValue[]>) {
      request.columns.forEach((c, i) => {
        columns[i].push(convert[i](row[c]));
      });
      if (++rows < request.batchRowsMax) continue;
      yield batch();
      columns = types.map(() => []);
      rows = 0;
    }
    if (rows > 0) yield batch();
  } finally {
    database.close();
  }
}
