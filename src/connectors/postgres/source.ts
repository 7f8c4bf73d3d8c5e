/** A table or a query of a PostgreSQL database, as a batch. */
import type { Client } from "pg";
import { type Batch, vectorFrom } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { field, type StructType, struct } from "../../types/types.ts";
import type { OptionSpec, Options, ReadRequest, SourceProvider } from "../contract.ts";
import { connect, connectionOptions } from "./connection.ts";
import { fromPostgres, quotedName, typeOfColumn } from "./values.ts";

const options: readonly OptionSpec[] = [
  ...connectionOptions,
  { name: "query", doc: "A query to read, instead of a table." },
];

export const postgresSource: SourceProvider = {
  format: "postgres",
  options,
  userSchema: "refused",
  async open({ options: given }) {
    const table = given.get("dbtable");
    const query = given.get("query") ?? (table === undefined ? undefined : `SELECT * FROM ${quotedName(table)}`);
    if (query === undefined) {
      throw new SluiceError("MISSING_OPTION", { provider: "postgres", option: "dbtable", hint: "say what to read." });
    }
    const schema = await schemaOf(given, query);
    return { schema, readBatch: (request) => readRows(given, query, schema, request) };
  },
};

async function schemaOf(options: Options, query: string): Promise<StructType> {
  const client = await connect(options);
  try {
    const { fields } = await asked(client, `SELECT * FROM (${query}) AS q LIMIT 0`);
    return struct(...fields.map((f) => field(f.name, typeOfColumn(f.dataTypeID, f.dataTypeModifier))));
  } finally {
    await client.end();
  }
}

/** The rows as of one moment, through a cursor. */
async function* readRows(
  options: Options,
  query: string,
  schema: StructType,
  request: ReadRequest,
): AsyncIterable<Batch> {
  const client = await connect(options);
  try {
    await asked(client, "BEGIN READ ONLY");
    await asked(client, `DECLARE sluice_rows NO SCROLL CURSOR FOR ${query}`);
    const types = request.columns.map((c) => schema.fields[c].type);
    const convert = types.map((type) => fromPostgres(type, request.wide));
    for (;;) {
      const text = `FETCH ${request.batchRowsMax} FROM sluice_rows`;
      const { rows } = await client.query<(string | null)[]>({ text, rowMode: "array" });
      if (rows.length === 0) return;
      const columns = request.columns.map((c, i) =>
        vectorFrom(
          types[i],
          rows.map((row) => convert[i](row[c])),
          request.wide,
        ),
      );
      yield { rows: rows.length, columns };
    }
  } finally {
    await client.end();
  }
}

async function asked(client: Client, text: string) {
  try {
    return await client.query(text);
  } catch (error) {
    throw new SluiceError("FAILED_READ_QUERY", { query: text, reason: (error as Error).message }, { cause: error });
  }
}
