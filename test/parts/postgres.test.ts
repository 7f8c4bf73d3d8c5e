import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { startPostgres } from "../../scripts/parts/postgres.ts";
import { requireParts, uniqueName } from "../support/parts.ts";

const parts = requireParts("postgres");

test("PostgreSQL creates a table and reads it back", parts.options, async () => {
  const { url } = await parts.postgres();
  const client = new pg.Client(url);
  await client.connect();
  try {
    const table = uniqueName("parts");
    await client.query(`create table ${table} (at timestamptz)`);
    await client.query(`insert into ${table} values ('2024-01-01 00:00:00')`);
    const { rows } = await client.query(`select at::text as at from ${table}`);
    assert.deepEqual(rows, [{ at: "2024-01-01 00:00:00+00" }]);
  } finally {
    await client.end();
  }
});

test("a server of one's own is gone after stop", parts.options, async () => {
  const server = await startPostgres();
  await server.stop();
  await assert.rejects(new pg.Client(server.url).connect(), /ECONNREFUSED/);
  assert.throws(() => process.kill(server.pid, 0), /ESRCH/);
});
