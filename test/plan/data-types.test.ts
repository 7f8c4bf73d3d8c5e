import assert from "node:assert/strict";
import { test } from "node:test";
import { fromProtoType, toProtoType } from "../../src/plan/data-types.ts";
import { parseDdl } from "../../src/types/ddl.ts";

const SCHEMA =
  "a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(12,3), i STRING, j BINARY, k DATE, " +
  "l TIMESTAMP, m TIMESTAMP_NTZ, n INTERVAL HOUR TO SECOND, o INTERVAL YEAR, p VOID, q ARRAY<MAP<STRING, INT>>, " +
  "r STRUCT<x: INT NOT NULL COMMENT 'why'> NOT NULL";

test("types go into the plan and come back", () => {
  const type = parseDdl(SCHEMA);
  assert.deepEqual(fromProtoType(toProtoType(type)), type);
});
