/** Filters as near to the sources as their meaning allows. */

import type { ScalarFunction } from "../../functions/definition.ts";
import { lookupFunction } from "../../functions/registry.ts";
import { BOOLEAN } from "../../types/types.ts";
import type { TypedExpression } from "../expression.ts";
import type { OptimizeContext } from "../optimize.ts";
import type { JoinNode, PlanNode } from "../plan.ts";
import { andParts, equalities } from "../relations/join.ts";
import { expressionsIn, isDeterministic, mapInputs, referencesOf } from "../walk.ts";
import { replaceAttributes } from "./collapse.ts";
import { passing } from "./prune.ts";

export function pushFilters(plan: PlanNode, context: OptimizeContext): PlanNode {
  const push = (node: PlanNode): PlanNode => {
    if (node.kind === "filter") return pushInto(node.input, andParts(node.condition), push, context);
    if (node.kind === "join") return pushSides(node, [], push, context);
    return mapInputs(node, push);
  };
  return push(plan);
}

type Push = (node: PlanNode) => PlanNode;

/** The plan filtered by all of these, each as far down as it goes. */
function pushInto(
  plan: PlanNode,
  conditions: readonly TypedExpression[],
  push: Push,
  context: OptimizeContext,
): PlanNode {
  if (conditions.length === 0) return push(plan);
  const through = (input: PlanNode, down: readonly TypedExpression[]): PlanNode => pushInto(input, down, push, context);
  switch (plan.kind) {
    case "filter":
      return through(plan.input, [...andParts(plan.condition), ...conditions]);
    case "project": {
      const made = new Map(plan.expressions.map((n) => [n.output.id, n.expression]));
      const { down, stay } = split(conditions, (c) => [...referencesOf(c)].every((id) => isMovable(made.get(id))));
      const input = through(
        plan.input,
        down.map((c) => replaceAttributes(c, made)),
      );
      return filtered({ ...plan, input }, stay, context);
    }
    case "watermark": {
      const { down, stay } = split(conditions, (c) => !referencesOf(c).has(plan.column.id));
      return filtered(passing(plan, through(plan.input, down)), stay, context);
    }
    case "sort":
      return passing(plan, through(plan.input, conditions));
    case "generate":
    case "expand":
    case "jsonDecode": {
      const below = new Set(plan.input.output.map((a) => a.id));
      const { down, stay } = split(conditions, (c) => readsOnly(c, below));
      return filtered({ ...plan, input: through(plan.input, down) }, stay, context);
    }
    case "aggregate": {
      const keys = plan.grouping.filter((_, i) => i !== plan.sessionColumn);
      const made = new Map(keys.map((g) => [g.output.id, g.expression]));
      const { down, stay } = split(conditions, (c) => readsOnly(c, new Set(made.keys())) && referencesOf(c).size > 0);
      return filtered(
        {
          ...plan,
          input: through(
            plan.input,
            down.map((c) => replaceAttributes(c, made)),
          ),
        },
        stay,
        context,
      );
    }
    case "union":
      return pushUnion(plan, conditions, through, context);
    case "join":
      return pushSides(plan, conditions, push, context);
    default:
      return filtered(push(plan), conditions, context);
  }
}

function pushUnion(
  plan: Extract<PlanNode, { kind: "union" }>,
  conditions: readonly TypedExpression[],
  through: (input: PlanNode, down: readonly TypedExpression[]) => PlanNode,
  context: OptimizeContext,
): PlanNode {
  const { down, stay } = split(conditions, () => true);
  const inputs = plan.inputs.map((input) => {
    const made = new Map(plan.output.map((a, i): [number, TypedExpression] => [a.id, input.output[i]]));
    return through(
      input,
      down.map((c) => replaceAttributes(c, made)),
    );
  });
  return filtered({ ...plan, inputs }, stay, context);
}

/** Conditions on one side of a join go below it, the join's own included; an outer join's other side stays whole. */
function pushSides(
  plan: JoinNode,
  conditions: readonly TypedExpression[],
  push: Push,
  context: OptimizeContext,
): PlanNode {
  const { joinType } = plan;
  const leftIds = new Set(plan.left.output.map((a) => a.id));
  const rightIds = new Set(plan.right.output.map((a) => a.id));
  const keepsLeft = ["inner", "cross", "left", "leftsemi", "leftanti"].includes(joinType);
  const keepsRight = ["inner", "cross", "right"].includes(joinType);
  const left: TypedExpression[] = [];
  const right: TypedExpression[] = [];
  const { stay } = split(conditions, (c) => {
    const references = referencesOf(c);
    if (references.size === 0) return false;
    if (keepsLeft && readsOnly(c, leftIds)) return left.push(c) > 0;
    if (keepsRight && readsOnly(c, rightIds)) return right.push(c) > 0;
    return false;
  });
  const own = plan.residual ? andParts(plan.residual) : [];
  const intoLeft = ["inner", "cross", "right", "leftsemi"].includes(joinType);
  const intoRight = ["inner", "cross", "left", "leftsemi", "leftanti"].includes(joinType) && !plan.nullAware;
  const { stay: residual } = split(own, (c) => {
    const references = referencesOf(c);
    if (references.size === 0) return false;
    if (intoLeft && readsOnly(c, leftIds)) return left.push(c) > 0;
    if (intoRight && readsOnly(c, rightIds)) return right.push(c) > 0;
    return false;
  });
  if (intoLeft) left.push(...keysNotNull(plan, "left", context));
  if (intoRight) right.push(...keysNotNull(plan, "right", context));
  const joined: JoinNode = {
    ...plan,
    left: pushInto(plan.left, left, push, context),
    right: pushInto(plan.right, right, push, context),
    residual: allOf(residual, context),
  };
  if (joinType !== "inner" && joinType !== "cross") return filtered(joined, stay, context);
  return intoJoin(joined, stay, context);
}

/** A row whose key is null joins with nothing: where such rows don't come out either, they need not get to the join. */
function keysNotNull(plan: JoinNode, side: "left" | "right", context: OptimizeContext): TypedExpression[] {
  const isNotNull = lookupFunction("isnotnull") as ScalarFunction;
  return plan.keys.flatMap((k): TypedExpression[] => {
    const key = k[side];
    if (k.nullSafe || key.kind !== "attribute" || !key.nullable) return [];
    const argument = { type: key.type, nullable: true, sql: key.name };
    const resolution = isNotNull.resolve([argument], {
      settings: context.settings,
      name: "isnotnull",
      sql: "isnotnull",
    });
    return [
      { kind: "call", fn: isNotNull, resolution, args: [key], type: BOOLEAN, nullable: false, deterministic: true },
    ];
  });
}

/** `FROM a, b WHERE a.k = b.k`: conditions on both sides of an inner join are the join's own. */
function intoJoin(plan: JoinNode, conditions: readonly TypedExpression[], context: OptimizeContext): PlanNode {
  const firstOther = conditions.findIndex((c) => !isMovable(c));
  const own = firstOther < 0 ? conditions : conditions.slice(0, firstOther);
  const { keys, rest } = equalities(own, plan.left, plan.right);
  const residual = allOf([...(plan.residual ? [plan.residual] : []), ...rest], context);
  const isInner = plan.keys.length > 0 || keys.length > 0 || residual !== undefined;
  const joined: JoinNode = {
    ...plan,
    joinType: isInner ? "inner" : plan.joinType,
    keys: [...plan.keys, ...keys],
    residual,
  };
  return filtered(joined, conditions.slice(own.length), context);
}

function readsOnly(e: TypedExpression, ids: ReadonlySet<number>): boolean {
  return [...referencesOf(e)].every((id) => ids.has(id));
}

/** Can be computed again below its projection without another result. */
function isMovable(e: TypedExpression | undefined): boolean {
  return (
    e !== undefined &&
    isDeterministic(e) &&
    ![...expressionsIn(e)].some((p) => p.kind === "subquery" || p.kind === "inSubquery")
  );
}

/**
 * Which conditions go down. One that may fail on a row (a division, a cast) stays behind a condition that stays, since
 * that one may be there to keep the row from it.
 */
function split(
  conditions: readonly TypedExpression[],
  fits: (c: TypedExpression) => boolean,
): { down: TypedExpression[]; stay: TypedExpression[] } {
  const down: TypedExpression[] = [];
  const stay: TypedExpression[] = [];
  for (const c of conditions) {
    if (isMovable(c) && (stay.length === 0 || neverFails(c)) && fits(c)) down.push(c);
    else stay.push(c);
  }
  return { down, stay };
}

const NEVER_FAIL = new Set(
  (
    "and or not = == <=> < <= > >= isnull isnotnull isnan in between coalesce ifnull nvl when if lower upper trim ltrim rtrim " +
    "length concat like startswith endswith contains greatest least hash xxhash64"
  ).split(" "),
);

function neverFails(e: TypedExpression): boolean {
  for (const part of expressionsIn(e)) {
    if (part.kind === "call" && !NEVER_FAIL.has(part.fn.name)) return false;
    if (part.kind === "cast" && part.mode !== "try" && !isWidening(part.child, part)) return false;
    if (part.kind === "script" || part.kind === "subquery" || part.kind === "inSubquery") return false;
  }
  return true;
}

const WIDTH: Readonly<Record<string, number>> = { byte: 1, short: 2, integer: 3, long: 4, float: 5, double: 6 };

function isWidening(from: TypedExpression, to: TypedExpression): boolean {
  if (to.type.kind === "string") return true;
  const a = WIDTH[from.type.kind];
  const b = WIDTH[to.type.kind];
  return a !== undefined && b !== undefined && a <= b;
}

function filtered(input: PlanNode, conditions: readonly TypedExpression[], context: OptimizeContext): PlanNode {
  const condition = allOf(conditions, context);
  return condition === undefined ? input : { kind: "filter", output: input.output, input, condition };
}

function allOf(conditions: readonly TypedExpression[], context: OptimizeContext): TypedExpression | undefined {
  const and = lookupFunction("and") as ScalarFunction;
  return conditions.reduce<TypedExpression | undefined>((a, b) => {
    if (a === undefined) return b;
    const args = [a, b].map((e) => ({ type: BOOLEAN, nullable: e.nullable, sql: "" }));
    const resolution = and.resolve(args, { settings: context.settings, name: "and", sql: "and" });
    return {
      kind: "call",
      fn: and,
      resolution,
      args: [a, b],
      type: BOOLEAN,
      nullable: a.nullable || b.nullable,
      deterministic: true,
    };
  }, undefined);
}
