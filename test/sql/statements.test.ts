import assert from "node:assert/strict";
import { test } from "node:test";
import { printPlan } from "../../src/plan/print.ts";
import { parseStatement, parseStatements, type Statement } from "../../src/sql/index.ts";

/** The statement with its query as text. */
function shape(statement: Statement): unknown {
  return "relation" in statement ? { ...statement, relation: printPlan(statement.relation) } : statement;
}

const cases: [string, unknown][] = [
  ["select 1;", { kind: "query", relation: "Project [1]" }],
  [
    "create or replace temp view v (a comment 'x', `b c`) as select 1, 2",
    {
      kind: "createView",
      name: ["v"],
      columns: ["a", "b c"],
      relation: "Project [1, 2]",
      replace: true,
      isGlobal: false,
      ifNotExists: false,
    },
  ],
  [
    "create temporary view v (a INT, b DECIMAL(10,2)) using json options (path '/x', `a.b` = true, n -1)",
    {
      kind: "createSourceView",
      name: ["v"],
      schema: "a INT, b DECIMAL(10,2)",
      format: "json",
      options: { path: "/x", "a.b": "true", n: "-1" },
      replace: false,
    },
  ],
  ["drop view if exists a.v", { kind: "dropView", name: ["a", "v"], ifExists: true }],
  ["show tables like 'a*'", { kind: "showTables", pattern: "a*", viewsOnly: false }],
  ["show views", { kind: "showTables", pattern: undefined, viewsOnly: true }],
  ["describe extended t", { kind: "describeTable", name: ["t"], extended: true }],
  ["desc select 1", { kind: "describeQuery", relation: "Project [1]" }],
  ["set", { kind: "set", key: undefined, value: undefined }],
  ["set spark.sql.shuffle.partitions", { kind: "set", key: "spark.sql.shuffle.partitions", value: undefined }],
  ["set a.b-c = d e;", { kind: "set", key: "a.b-c", value: "d e" }],
  ["set time zone 'Europe/Athens'", { kind: "set", key: "spark.sql.session.timeZone", value: "Europe/Athens" }],
  ["reset a.b", { kind: "reset", key: "a.b" }],
  ["explain codegen select 1", { kind: "explain", mode: "codegen", relation: "Project [1]" }],
  ["cache table t", { kind: "ignored", command: "CACHE" }],
];

test("each statement", () => {
  for (const [text, expected] of cases) assert.deepEqual(shape(parseStatement(text)), expected, text);
});

test("a script", () => {
  const script = "set a = 1;\n-- views\ncreate temp view v as select ';' as s;;\nselect * from v";
  assert.deepEqual(
    parseStatements(script).map((s) => s.kind),
    ["set", "createView", "query"],
  );
  assert.deepEqual(parseStatements("  -- nothing\n;"), []);
});

test("an option may have any name", () => {
  const parsed = parseStatement("create temp view v using json options ('__proto__' 'x')");
  assert.ok(parsed.kind === "createSourceView");
  assert.deepEqual(Object.entries(parsed.options), [["__proto__", "x"]]);
});

test("subqueries stay with their statement", () => {
  const [first, second] = parseStatements("select (select 1); select 2");
  assert.ok(first.kind === "query" && second.kind === "query");
  assert.equal(first.relation.relType.case, "withRelations");
  assert.equal(second.relation.relType.case, "project");
});
