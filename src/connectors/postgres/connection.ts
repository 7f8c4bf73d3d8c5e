import type { Client, ClientConfig } from "pg";
import { SluiceError } from "../../errors/error.ts";
import type { OptionSpec, Options } from "../contract.ts";

export const connectionOptions: readonly OptionSpec[] = [
  { name: "url", doc: "postgresql://host:port/database; `jdbc:` in front is taken away.", secret: true },
  { name: "user", doc: "User, when the url names none." },
  { name: "password", doc: "Password, when the url holds none.", secret: true },
  { name: "dbtable", doc: "The table, e.g. `public.readings`." },
];

const CONNECT_TIMEOUT_MS = 10_000;

/** Values stay the texts that the server sends. */
const RAW = { getTypeParser: () => (text: string) => text };

/** @throws MISSING_OPTION, CONNECTION_FAILED */
export async function connect(options: Options): Promise<Client> {
  const { default: pg } = await import("pg");
  const client = new pg.Client(configOf(options));
  // A connection that breaks while it is idle shows at its next use.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(
      "SET TIME ZONE 'UTC'; SET datestyle = 'ISO'; SET extra_float_digits = 3; SET bytea_output = 'hex'",
    );
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    const { host, port } = client;
    throw new SluiceError(
      "CONNECTION_FAILED",
      { address: `${host}:${port}`, reason: (error as Error).message },
      { cause: error },
    );
  }
}

function configOf(options: Options): ClientConfig {
  const url = options.get("url");
  if (url === undefined) {
    throw new SluiceError("MISSING_OPTION", {
      provider: "postgres",
      option: "url",
      hint: "say where the database is.",
    });
  }
  const user = options.get("user");
  const password = options.get("password");
  return {
    connectionString: url.replace(/^jdbc:/, ""),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "sluice",
    keepAlive: true,
    types: RAW as ClientConfig["types"] & {},
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  };
}
