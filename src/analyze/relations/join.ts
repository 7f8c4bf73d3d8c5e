/** Joins: by condition, by columns of the same name, natural, and lateral with a table function. */
import { SluiceError } from "../../errors/error.ts";
import { type Expression, type Join, Join_JoinType, type LateralJoin, type Relation } from "../../plan/messages.ts";
import { type Block, refusePending, withScope } from "../block.ts";
import { callNamed } from "../calls.ts";
import { type Attribute, asNullable, type NamedExpression, type TypedExpression } from "../expression.ts";
import { condition } from "../expressions.ts";
import { quoted } from "../identifier.ts";
import type { JoinNode, JoinType, PlanNode } from "../plan.ts";
import { analyzeRelation, blockOver, type Place } from "../relation.ts";
import { mergePlanIds, type Resolved, scopeOf } from "../scope.ts";
import { isDeterministic, referencesOf } from "../walk.ts";
import { allOf } from "./filter.ts";
import { lateralJoin } from "./table-function.ts";

const TYPES: Readonly<Record<Join_JoinType, JoinType>> = {
  [Join_JoinType.UNSPECIFIED]: "inner",
  [Join_JoinType.INNER]: "inner",
  [Join_JoinType.FULL_OUTER]: "full",
  [Join_JoinType.LEFT_OUTER]: "left",
  [Join_JoinType.RIGHT_OUTER]: "right",
  [Join_JoinType.LEFT_ANTI]: "leftanti",
  [Join_JoinType.LEFT_SEMI]: "leftsemi",
  [Join_JoinType.CROSS]: "cross",
};

export function joinTypeOf(message: Join | LateralJoin): JoinType {
  return TYPES[message.joinType] ?? "inner";
}

export function joinRelation(place: Place, message: Relation): Resolved {
  const r = message.relType;
  if (r.case === "lateralJoin") return lateralJoin(place, r.value);
  if (r.case !== "join") throw new SluiceError("INTERNAL_ERROR", { message: "No join." });
  const left = analyzeRelation(place, r.value.left);
  const right = analyzeRelation(place, r.value.right);
  return joined(place, left, right, r.value);
}

function joined(place: Place, left: Resolved, right: Resolved, message: Join): Resolved {
  const joinType = joinTypeOf(message);
  const planIds = mergePlanIds([left.planIds, right.planIds]);
  const both = scopeOf({ plan: left.plan, output: [...left.output, ...right.output], planIds }, place.outer);
  const block = blockOver(place, both, { refusedIn: "JOIN" });
  const natural = isNatural(message.joinCondition);
  if (natural || message.usingColumns.length > 0) {
    const names = natural ? commonNames(block, left, right) : message.usingColumns;
    return usingJoin(withScope(block, {}), left, right, joinType, names);
  }
  const conditions = message.joinCondition ? [condition(block, message.joinCondition, "join condition")] : [];
  refusePending(block, "a join's condition");
  const node = joinNode(block, left.plan, right.plan, joinType, conditions);
  const visible = nullableSides(joinType, left.output, right.output);
  return { plan: node, output: visible, planIds };
}

function isNatural(message: Expression | undefined): boolean {
  const e = message?.exprType;
  return e?.case === "unresolvedFunction" && e.value.isInternal === true && e.value.functionName === "natural_join";
}

function commonNames(block: Block, left: Resolved, right: Resolved): string[] {
  const names = left.output.map((a) => a.name);
  return names.filter((name) => right.output.some((a) => block.session.sameName(a.name, name)));
}

/** The output of a join, from its sides' columns: a side that may be missing is nullable. */
function nullableSides(joinType: JoinType, left: readonly Attribute[], right: readonly Attribute[]): Attribute[] {
  switch (joinType) {
    case "leftsemi":
    case "leftanti":
      return [...left];
    case "left":
      return [...left, ...right.map(asNullable)];
    case "right":
      return [...left.map(asNullable), ...right];
    case "full":
      return [...left.map(asNullable), ...right.map(asNullable)];
    default:
      return [...left, ...right];
  }
}

export function joinNode(
  block: Block,
  left: PlanNode,
  right: PlanNode,
  joinType: JoinType,
  conditions: readonly TypedExpression[],
): JoinNode {
  const { keys, residual } = splitCondition(block, conditions.flatMap(andParts), left, right);
  return {
    kind: "join",
    output: nullableSides(joinType, left.output, right.output),
    left,
    right,
    joinType: joinType === "cross" && (keys.length > 0 || residual !== undefined) ? "inner" : joinType,
    keys,
    residual,
    operatorId: undefined,
  };
}

/** The operands of nested ANDs. */
export function andParts(e: TypedExpression): TypedExpression[] {
  return e.kind === "call" && e.fn.name === "and" ? e.args.flatMap(andParts) : [e];
}

const EQUALITY = new Set(["=", "==", "<=>"]);

/** Equalities between the two sides become keys; the rest stays a condition. */
export function splitCondition(
  block: Block,
  conditions: readonly TypedExpression[],
  left: PlanNode,
  right: PlanNode,
): Pick<JoinNode, "keys" | "residual"> {
  const { keys, rest } = equalities(conditions, left, right);
  return { keys, residual: allOf(block, rest) };
}

/** The equalities with one side of the join on each of their sides, and the other conditions. */
export function equalities(
  conditions: readonly TypedExpression[],
  left: PlanNode,
  right: PlanNode,
): { keys: JoinNode["keys"]; rest: TypedExpression[] } {
  const leftIds = new Set(left.output.map((a) => a.id));
  const rightIds = new Set(right.output.map((a) => a.id));
  const within = (e: TypedExpression, ids: ReadonlySet<number>): boolean => {
    const references = referencesOf(e);
    return references.size > 0 && [...references].every((id) => ids.has(id)) && isDeterministic(e);
  };
  const keys: JoinNode["keys"][number][] = [];
  const rest: TypedExpression[] = [];
  for (const e of conditions) {
    if (e.kind === "call" && EQUALITY.has(e.fn.name)) {
      const [a, b] = e.args;
      const nullSafe = e.fn.name === "<=>";
      if (within(a, leftIds) && within(b, rightIds)) {
        keys.push({ left: a, right: b, nullSafe });
        continue;
      }
      if (within(b, leftIds) && within(a, rightIds)) {
        keys.push({ left: b, right: a, nullSafe });
        continue;
      }
    }
    rest.push(e);
  }
  return { keys, rest };
}

/** JOIN … USING: the columns of that name stand once, first; the other side's can still be named with a qualifier. */
function usingJoin(
  block: Block,
  left: Resolved,
  right: Resolved,
  joinType: JoinType,
  names: readonly string[],
): Resolved {
  const same = (a: string, b: string): boolean => block.session.sameName(a, b);
  const find = (side: Resolved, which: string, name: string): Attribute => {
    const found = side.output.find((a) => same(a.name, name));
    if (found !== undefined) return found;
    throw new SluiceError("UNRESOLVED_USING_COLUMN_FOR_JOIN", {
      colName: quoted(name),
      side: which,
      suggestion: `[${side.output.map((a) => quoted(a.name)).join(", ")}]`,
    });
  };
  const pairs = names.map((name) => ({ left: find(left, "left", name), right: find(right, "right", name) }));
  const conditions = pairs.map((p) => callNamed(block, "==", p.left, p.right));
  const node = joinNode(block, left.plan, right.plan, joinType, conditions);
  const planIds = mergePlanIds([left.planIds, right.planIds]);
  const visible = nullableSides(joinType, left.output, right.output);
  const seen = (a: Attribute): Attribute => visible.find((v) => v.id === a.id) ?? a;
  const keyIds = new Set(pairs.flatMap((p) => [p.left.id, p.right.id]));
  const others = visible.filter((a) => !keyIds.has(a.id));
  const passed = (a: Attribute): NamedExpression => ({ expression: a, output: a });
  const keys = pairs.map((p): NamedExpression => {
    if (joinType === "right") return passed(seen(p.right));
    if (joinType !== "full") return passed(seen(p.left));
    const merged = callNamed(block, "coalesce", seen(p.left), seen(p.right));
    return { expression: merged, output: block.session.attribute(p.left.name, merged.type, merged.nullable) };
  });
  const expressions = [...keys, ...others.map(passed)];
  const output = expressions.map((n) => n.output);
  const hidden = visible.filter((a) => keyIds.has(a.id) && !output.some((o) => o.id === a.id));
  const plan: PlanNode = { kind: "project", output, input: node, expressions };
  return { plan, output, planIds, hidden };
}
