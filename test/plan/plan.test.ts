import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { canonicalText, fingerprint } from "../../src/plan/fingerprint.ts";
import { ExpressionSchema, type Relation, RelationSchema } from "../../src/plan/messages.ts";
import { printPlan, sqlText } from "../../src/plan/print.ts";
import { rewrite } from "../../src/plan/rewrite.ts";
import { expressionsOf, inputsOf, walk } from "../../src/plan/walk.ts";
import { parseExpression, parseQuery } from "../../src/sql/index.ts";

const QUERY =
  "select site, avg(t) over (partition by site order by ts) from readings join devices using (id) where t > (select max(x) from u) order by site";

test("walk meets every relation and expression, outermost first", () => {
  const relations: string[] = [];
  const names: string[] = [];
  walk(parseQuery(QUERY), {
    relation: (r) => void relations.push(r.relType.case ?? ""),
    expression: (e) => {
      if (e.exprType.case === "unresolvedAttribute") names.push(e.exprType.value.unparsedIdentifier);
      return undefined;
    },
  });
  assert.deepEqual(relations, [
    "withRelations",
    "sort",
    "project",
    "filter",
    "join",
    "read",
    "read",
    "project",
    "read",
  ]);
  assert.deepEqual(names.sort(), ["site", "site", "site", "t", "t", "ts", "x"].sort());
});

test("walk leaves out what the visitor refuses", () => {
  let met = 0;
  walk(parseExpression("f(a) + g(b)"), {
    expression: (e) => {
      met++;
      return !(e.exprType.case === "unresolvedFunction" && e.exprType.value.functionName === "f");
    },
  });
  assert.equal(met, 4); // +, f, g, b
});

test("inputs and direct expressions", () => {
  const plan = parseQuery("select a + 1, b from t join u on t.x = u.x");
  const [join] = inputsOf(plan);
  assert.deepEqual(
    inputsOf(join).map((r) => r.relType.case),
    ["read", "read"],
  );
  assert.deepEqual(
    expressionsOf(plan).map((e) => sqlText(e)),
    ["(a + 1)", "b"],
  );
  assert.deepEqual(
    expressionsOf(expressionsOf(plan)[0]).map((e) => sqlText(e)),
    ["a", "1"],
  );
});

test("rewrite shares what stays and copies what changes", () => {
  const plan = parseQuery(QUERY);
  assert.equal(rewrite(plan, { expression: (e) => e, relation: (r) => r }), plan);
  const before = printPlan(plan);
  const changed = rewrite(plan, {
    expression: (e) =>
      e.exprType.case === "unresolvedAttribute" && e.exprType.value.unparsedIdentifier === "t"
        ? parseExpression("u")
        : e,
  });
  assert.equal(printPlan(plan), before);
  assert.equal(printPlan(changed), before.replace("avg(t)", "avg(u)").replace("(t >", "(u >"));
  assert.deepEqual(
    toBinary(RelationSchema, fromBinary(RelationSchema, toBinary(RelationSchema, changed))),
    toBinary(RelationSchema, changed),
  );
});

test("a plan's fingerprint is of what it does", () => {
  const one = parseQuery(QUERY);
  const same = [
    parseQuery(QUERY),
    parseQuery(`  ${QUERY.replace("where", "\nWHERE")}`),
    parseQuery(QUERY.replace("select", "SELECT")),
  ];
  for (const other of same) assert.equal(fingerprint(other), fingerprint(one));
  for (const other of [
    QUERY.replace("max(x)", "max(y)"),
    QUERY.replace("order by site", "order by site desc"),
    QUERY.replace(" > ", " >= "),
  ]) {
    assert.notEqual(fingerprint(parseQuery(other)), fingerprint(one));
  }
  assert.match(fingerprint(one), /^[0-9a-f]{64}$/);
});

function kafka(options: [string, string][], planId: bigint): Relation {
  return create(RelationSchema, {
    common: { planId },
    relType: {
      case: "read",
      value: {
        isStreaming: true,
        readType: { case: "dataSource", value: { format: "kafka", options: Object.fromEntries(options) } },
      },
    },
  });
}

test("the order of options and the numbers of nodes don't count", () => {
  const a = kafka(
    [
      ["subscribe", "x"],
      ["startingOffsets", "earliest"],
    ],
    7n,
  );
  const b = kafka(
    [
      ["startingOffsets", "earliest"],
      ["subscribe", "x"],
    ],
    12n,
  );
  assert.equal(canonicalText(a), canonicalText(b));
  assert.notEqual(
    canonicalText(a),
    canonicalText(
      kafka(
        [
          ["subscribe", "y"],
          ["startingOffsets", "earliest"],
        ],
        7n,
      ),
    ),
  );
  assert.notEqual(canonicalText(kafka([["__proto__", "x"]], 1n)), canonicalText(kafka([["__proto__", "y"]], 1n)));
});

test("a column's number is that of the node it points at", () => {
  const joined = (left: bigint, right: bigint, of: bigint) => {
    const column = (planId: bigint) =>
      create(ExpressionSchema, {
        exprType: { case: "unresolvedAttribute", value: { unparsedIdentifier: "id", planId } },
      });
    const call = { functionName: "==", arguments: [column(left), column(of)] };
    const joinCondition = create(ExpressionSchema, { exprType: { case: "unresolvedFunction", value: call } });
    const value = { left: kafka([], left), right: kafka([], right), joinCondition, joinType: 1 };
    return create(RelationSchema, { common: { planId: 99n }, relType: { case: "join", value } });
  };
  assert.equal(fingerprint(joined(1n, 2n, 2n)), fingerprint(joined(11n, 5n, 5n)));
  assert.notEqual(fingerprint(joined(1n, 2n, 2n)), fingerprint(joined(1n, 2n, 1n)));
});

test("a printed plan shows options by name only", () => {
  const text = printPlan(
    kafka(
      [
        ["kafka.sasl.jaas.config", "secret"],
        ["subscribe", "x"],
      ],
      1n,
    ),
  );
  assert.equal(text, "Read [kafka options=[kafka.sasl.jaas.config, subscribe]] is_streaming=true");
});
