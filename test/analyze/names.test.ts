/** Names, lengths of time, places of errors, sources found before analysis, and what explain hides. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { explainPlan } from "../../src/analyze/explain.ts";
import { nameParts, quotedName } from "../../src/analyze/identifier.ts";
import { analyze, collectReads } from "../../src/analyze/index.ts";
import { parseDelayUs } from "../../src/analyze/interval.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { type Relation, RelationSchema } from "../../src/plan/messages.ts";
import { parseSchema } from "../../src/types/ddl.ts";
import { analyzeSql, contextOf } from "./support.ts";

const names: readonly [string, readonly string[]][] = [
  ["a", ["a"]],
  ["t.a.b", ["t", "a", "b"]],
  ["`a.b`.c", ["a.b", "c"]],
  ["`back``tick`", ["back`tick"]],
  ["__proto__", ["__proto__"]],
];
for (const [text, parts] of names) {
  test(`the name ${text}`, () => assert.deepEqual(nameParts(text), parts));
}

for (const text of ["a.", "`a", "a`b", "`a`b"]) {
  test(`${text} is no name`, () => {
    assert.throws(() => nameParts(text), { condition: "INVALID_ATTRIBUTE_NAME_SYNTAX" });
  });
}

test("names are quoted so that they can be read back", () => {
  assert.deepEqual(nameParts(quotedName(["a.b", "c`d"])), ["a.b", "c`d"]);
});

const lengths: readonly [string, number][] = [
  ["10 seconds", 10e6],
  ["1 hour 30 minutes", 5400e6],
  ["INTERVAL 5 MINUTES", 300e6],
  ["interval '2' day", 2 * 86400e6],
  ["0.5 second", 500_000],
  ["1 week", 7 * 86400e6],
  ["250 milliseconds", 250_000],
  ["-1 minute", -60e6],
  ["1 day - 1 hour", 86400e6 - 3600e6],
];
for (const [text, micros] of lengths) {
  test(`${text} in microseconds`, () => assert.equal(parseDelayUs(text), micros));
}

test("months have no length for a window, and 31 days for a watermark", () => {
  assert.throws(() => parseDelayUs("1 month"), { condition: "INTERVAL_WITH_MONTHS" });
  assert.equal(parseDelayUs("1 month", true), 31 * 86400e6);
});

for (const text of ["", "10", "ten seconds", "10 parsecs", "1.5 hours"]) {
  test(`"${text}" is no length of time`, () => {
    assert.throws(() => parseDelayUs(text), { condition: "CANNOT_PARSE_INTERVAL" });
  });
}

const views = { t: { columns: "id BIGINT, temperature DOUBLE, `__proto__` INT" } };

const places: readonly [sql: string, condition: string, underlined: string][] = [
  ["select id, temprature from t", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "temprature"],
  ["select id, uper('x') from t", "UNRESOLVED_ROUTINE", "uper('x')"],
  ["select 1 from t join tt on true", "TABLE_OR_VIEW_NOT_FOUND", "tt"],
  ["select id from t where temperature", "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "select id from t where temperature"],
  ["select id from t order by 3", "ORDER_BY_POS_OUT_OF_RANGE", "3"],
  ["select id from t group by 2", "GROUP_BY_POS_OUT_OF_RANGE", "2"],
];
for (const [sql, condition, underlined] of places) {
  test(`${condition} points at ${underlined}`, () => {
    assert.throws(
      () => analyzeSql(sql, views),
      (error: unknown) => {
        assert.ok(error instanceof SluiceError);
        assert.equal(error.condition, condition);
        const { fragment, start, stop } = error.context ?? { fragment: "", start: 0, stop: 0 };
        assert.equal(fragment.slice(start, stop), underlined);
        return true;
      },
    );
  });
}

test("the nearest names are offered first", () => {
  const proposal = (sql: string): string => {
    try {
      analyzeSql(sql, views);
      return "none";
    } catch (error) {
      assert.ok(error instanceof SluiceError);
      return error.messageParameters["proposal"] ?? error.messageParameters["suggestion"];
    }
  };
  assert.equal(proposal("select temprature from t"), "`temperature`, `id`, `__proto__`");
  assert.equal(proposal("select uper('x')"), " Did you mean `upper`?");
  assert.equal(proposal("select * from tt"), " Did you mean `t`?");
});

test("a column called __proto__ is a column", () => {
  assert.deepEqual(
    analyzeSql("select __proto__ from t where __proto__ > 1", views).output.map((a) => a.name),
    ["__proto__"],
  );
});

test("a view that reads itself is refused", () => {
  const circular = { a: "select * from b", b: "select * from a" };
  assert.throws(() => analyzeSql("select * from a", circular), { condition: "RECURSIVE_VIEW" });
});

function read(format: string, options: Record<string, string>, schema?: string, isStreaming = false): Relation {
  const dataSource = schema === undefined ? { format, options } : { format, options, schema };
  return create(RelationSchema, {
    relType: { case: "read", value: { readType: { case: "dataSource", value: dataSource }, isStreaming } },
  });
}

test("sources are found in views, subqueries and SQL text, each once", () => {
  const kafka = read("kafka", { subscribe: "a", "Kafka.Bootstrap.Servers": "h:1" }, undefined, true);
  const files = read("JSON", { path: "/data" }, "x INT");
  const context = contextOf({ k: kafka, f: files, v: "select x from f where x in (select x from f)" });
  const sql = create(RelationSchema, {
    relType: { case: "sql", value: { query: "select * from k join v on exists (select 1 from v)" } },
  });
  const reads = collectReads(sql, context);
  assert.deepEqual(
    reads.map((r) => [r.format, r.streaming, [...r.options.keys()]]),
    [
      ["kafka", true, ["kafka.bootstrap.servers", "subscribe"]],
      ["json", false, ["path"]],
    ],
  );
  assert.deepEqual(reads[1].userSchema, parseSchema("x INT"));
  assert.equal(collectReads(files, context)[0].key, reads[1].key);
});

test("explain shows no secrets", () => {
  const kafka = read("kafka", {
    subscribe: "a",
    "kafka.sasl.jaas.config": 'PlainLoginModule required username="u" password="hidden";',
    "kafka.ssl.keystore.password": "hidden",
    url: "postgres://user:hidden@host/db",
  });
  const text = explainPlan(analyze(kafka, contextOf({})));
  assert.match(text, /subscribe=a/);
  assert.match(text, /postgres:\/\/user:\*\*\*@host/);
  assert.doesNotMatch(text, /hidden/);
});
