import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../src/errors/error.ts";
import { parseExpression, parseQuery, parseStatement } from "../../src/sql/index.ts";

function errorOf(work: () => unknown): SluiceError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof SluiceError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "no error" });
}

/** The text, its condition, and the part that is underlined. */
const cases: [string, string, string][] = [
  ["select a,, b", "PARSE_SYNTAX_ERROR", ","],
  ["select a from t wehre a > 1", "PARSE_SYNTAX_ERROR", "a"],
  ["select a from t where a = 1 where b", "PARSE_SYNTAX_ERROR", "where"],
  ["select (1", "PARSE_SYNTAX_ERROR", ""],
  ["select 'abc", "PARSE_SYNTAX_ERROR", "'"],
  ["select /* a", "UNCLOSED_BRACKETED_COMMENT", "/*"],
  ["select cast(a as strng)", "UNSUPPORTED_DATATYPE", "strng"],
  ["select cast(a as decimal(40))", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "decimal(40)"],
  ["select cast(a as array)", "INCOMPLETE_TYPE_DEFINITION.ARRAY", "array"],
  ["select date '2024-02-30'", "INVALID_TYPED_LITERAL", "date '2024-02-30'"],
  ["select 200Y", "INVALID_NUMERIC_LITERAL_RANGE", "200Y"],
  ["select interval 1 month 1 day", "INVALID_INTERVAL_FORMAT", "interval 1 month 1 day"],
  ["select rank() over w from t", "MISSING_WINDOW_SPECIFICATION", "w"],
  ["select a from t where b > :x", "UNBOUND_SQL_PARAMETER", ":x"],
  ["select a from t limit -1", "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", "-1"],
  ["select a from t limit b", "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", "b"],
  ["select * from my-topic", "INVALID_IDENTIFIER", "my-topic"],
  ["select größe from t", "INVALID_IDENTIFIER", "größe"],
  ["select a in ()", "INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE", "()"],
  ["values (1), (2, 3)", "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", "(2, 3)"],
  ["with a as (select 1), A as (select 2) select 1", "DUPLICATED_CTE_NAMES", "A"],
  ["insert into t values (1)", "UNSUPPORTED_FEATURE", "insert"],
];

test("errors name the condition and underline the place", () => {
  for (const [text, condition, place] of cases) {
    const error = errorOf(() => parseStatement(text));
    assert.equal(error.condition, condition, `${text}: ${error.message}`);
    assert.ok(error.context, text);
    assert.equal(text.slice(error.context.start, error.context.stop), place, text);
  }
});

test("a misspelt keyword is named", () => {
  const hints: [string, RegExp][] = [
    ["selec 1", /SELECT instead of selec/],
    ["select a form t x", /FROM instead of form/],
    ["select a from t wehre a > 1", /WHERE instead of wehre/],
    ["select a from t gruop by a", /GROUP instead of gruop/],
    ["select a from t order by a limt 3", /LIMIT instead of limt/],
  ];
  for (const [text, hint] of hints) assert.match(errorOf(() => parseStatement(text)).message, hint, text);
});

test("nothing to parse", () => {
  for (const text of ["", "  \n", "-- only a comment", "/* and this */"]) {
    assert.equal(errorOf(() => parseStatement(text)).condition, "PARSE_EMPTY_STATEMENT");
    assert.equal(errorOf(() => parseExpression(text)).condition, "PARSE_EMPTY_STATEMENT");
  }
});

test("nesting without end is refused before the stack ends", () => {
  const deep = 20_000;
  for (const text of [
    `${"(".repeat(deep)}1${")".repeat(deep)}`,
    `${"not ".repeat(deep)}a`,
    `${"- ".repeat(deep)}a`,
    `${"f(".repeat(deep)}1${")".repeat(deep)}`,
    `a${"[b".repeat(deep)}${"]".repeat(deep)}`,
    `a${"[1]".repeat(deep)}`,
    `1${" + 1".repeat(deep)}`,
    `a${" or a".repeat(deep)}`,
    `${"case when ".repeat(deep)}`,
    `${"x -> ".repeat(deep)}x`,
    `cast(a as ${"array<".repeat(deep)}int${">".repeat(deep)})`,
  ]) {
    assert.equal(errorOf(() => parseExpression(text)).condition, "FAILED_TO_PARSE_TOO_COMPLEX", text.slice(0, 30));
  }
  const subqueries = `${"select * from (".repeat(deep)}select 1${")".repeat(deep)}`;
  assert.equal(errorOf(() => parseQuery(subqueries)).condition, "FAILED_TO_PARSE_TOO_COMPLEX");
});

test("common table expressions that double have a bound", () => {
  const steps = Array.from(
    { length: 40 },
    (_, i) => `c${i + 1} as (select * from c${i} union all select * from c${i})`,
  );
  const text = `with c0 as (select 1), ${steps.join(", ")} select * from c40`;
  assert.equal(errorOf(() => parseQuery(text)).condition, "FAILED_TO_PARSE_TOO_COMPLEX");
});

test("a subquery in a string expression is refused with the way out", () => {
  assert.match(errorOf(() => parseExpression("a in (select 1)")).message, /spark\.sql/);
});
