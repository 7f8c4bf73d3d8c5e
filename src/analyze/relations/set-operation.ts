/** UNION, INTERSECT and EXCEPT, by position and by name. */

import { SluiceError } from "../../errors/error.ts";
import { SetOperation_SetOpType as Kind, type SetOperation } from "../../plan/messages.ts";
import { widerType } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import { LONG, sameType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { Block } from "../block.ts";
import { aggregateCall, callNamed, lookup } from "../calls.ts";
import type { Session } from "../context.ts";
import type { Attribute, NamedExpression, TypedExpression } from "../expression.ts";
import { cast } from "../expressions.ts";
import { quoted } from "../identifier.ts";
import { constant } from "../literal.ts";
import type { AggregateNode, PlanNode } from "../plan.ts";
import { analyzeRelation, blockOver, type Place } from "../relation.ts";
import { mergePlanIds, type Resolved, scopeOf } from "../scope.ts";
import { only } from "./filter.ts";

export function setOperation(place: Place, message: SetOperation): Resolved {
  const left = analyzeRelation(place, message.leftInput);
  const right = analyzeRelation(place, message.rightInput);
  const { session } = place;
  const [a, b] = message.byName
    ? byName(session, left, right, message.allowMissingColumns === true)
    : [left.plan, right.plan];
  const name = message.setOpType === Kind.UNION ? "UNION" : message.setOpType === Kind.EXCEPT ? "EXCEPT" : "INTERSECT";
  if (a.output.length !== b.output.length) {
    throw new SluiceError("NUM_COLUMNS_MISMATCH", {
      operator: name,
      firstNumColumns: a.output.length,
      invalidOrdinalNum: "second",
      invalidNumColumns: b.output.length,
    });
  }
  const [first, second] = sameTypes(session, name, a, b);
  const planIds = mergePlanIds([left.planIds, right.planIds]);
  const finish = (plan: PlanNode): Resolved => ({
    plan,
    output: plan.output.map((o) => ({ ...o, qualifier: [] })),
    planIds,
  });
  const isAll = message.isAll === true;
  const block = blockOver(place, scopeOf({ plan: first, output: first.output, planIds }, place.outer));
  switch (message.setOpType) {
    case Kind.UNION: {
      const union = unionOf(first, second);
      return finish(isAll ? union : distinct(union));
    }
    case Kind.INTERSECT:
    case Kind.EXCEPT: {
      const joinType = message.setOpType === Kind.INTERSECT ? "leftsemi" : "leftanti";
      return finish(isAll ? countedRows(block, first, second, joinType) : matchedRows(first, second, joinType));
    }
    default:
      throw new SluiceError("INTERNAL_ERROR", { message: "A set operation of no kind." });
  }
}

function distinct(input: PlanNode): PlanNode {
  return {
    kind: "deduplicate",
    output: input.output,
    input,
    keys: input.output,
    withinWatermark: false,
    operatorId: undefined,
  };
}

/** Rows of both. Nested unions become one. */
function unionOf(first: PlanNode, second: PlanNode): PlanNode {
  const inputs = [first, second].flatMap((p) => (p.kind === "union" ? p.inputs : [p]));
  const output = first.output.map((a, i): Attribute => {
    const b = second.output[i];
    const { metadata: _, watermarkDelayUs: delay, isPresent = false, ...rest } = a;
    return {
      ...rest,
      // The same but for nulls inside arrays, maps and structs, which either side may bring.
      type: widerType(a.type, b.type) ?? a.type,
      nullable: a.nullable || b.nullable,
      ...(isPresent && (b.isPresent || !b.nullable) && { isPresent }),
      ...(a.metadata === undefined ? {} : { metadata: a.metadata }),
      ...(delay === undefined ? {} : { watermarkDelayUs: Math.max(delay, b.watermarkDelayUs ?? delay) }),
    };
  });
  return { kind: "union", output, inputs };
}

/** The right side's columns in the left side's order; missing ones are null where that is allowed. */
function byName(session: Session, left: Resolved, right: Resolved, allowMissing: boolean): [PlanNode, PlanNode] {
  for (const side of [left, right]) {
    side.output.forEach((a, i) => {
      if (side.output.slice(0, i).some((b) => session.sameName(a.name, b.name))) {
        throw new SluiceError("COLUMN_ALREADY_EXISTS", { columnName: quoted(a.name.toLowerCase()) });
      }
    });
  }
  const nullOf = (a: Attribute): NamedExpression => ({
    expression: constant(a.type, null),
    output: session.attribute(a.name, a.type, true),
  });
  const self = (a: Attribute): NamedExpression => ({ expression: a, output: a });
  const rightItems = left.output.map((a): NamedExpression => {
    const b = right.output.find((o) => session.sameName(o.name, a.name));
    if (b !== undefined) return self(b);
    if (allowMissing) return nullOf(a);
    throw new SluiceError("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", {
      colName: quoted(a.name),
      fieldNames: right.output.map((o) => o.name).join(", "),
    });
  });
  const extra = right.output.filter((b) => !left.output.some((a) => session.sameName(a.name, b.name)));
  if (extra.length > 0 && !allowMissing) {
    throw new SluiceError("NUM_COLUMNS_MISMATCH", {
      operator: "UNION",
      firstNumColumns: left.output.length,
      invalidOrdinalNum: "second",
      invalidNumColumns: right.output.length,
    });
  }
  const leftItems = [...left.output.map(self), ...extra.map(nullOf)];
  return [projectOf(left.plan, leftItems), projectOf(right.plan, [...rightItems, ...extra.map(self)])];
}

function projectOf(input: PlanNode, expressions: readonly NamedExpression[]): PlanNode {
  const isSame =
    expressions.length === input.output.length &&
    expressions.every((n, i) => n.expression === n.output && n.output.id === input.output[i].id);
  if (isSame) return input;
  return { kind: "project", output: expressions.map((n) => n.output), input, expressions };
}

/** Both sides cast to the types they have in common. */
function sameTypes(session: Session, operator: string, a: PlanNode, b: PlanNode): [PlanNode, PlanNode] {
  const types = a.output.map((x, i) => {
    const y = b.output[i];
    const type = widerType(x.type, y.type);
    if (type !== undefined) return type;
    throw new SluiceError("INCOMPATIBLE_COLUMN_TYPE", {
      operator,
      columnOrdinalNumber: `${i + 1}.`,
      tableOrdinalNumber: "second",
      dataType1: `"${sqlType(y.type)}"`,
      dataType2: `"${sqlType(x.type)}"`,
    });
  });
  const casted = (plan: PlanNode): PlanNode =>
    projectOf(
      plan,
      plan.output.map((x, i): NamedExpression => {
        if (sameType(x.type, types[i])) return { expression: x, output: x };
        const expression = cast(x, types[i], "implicit");
        return { expression, output: session.attribute(x.name, types[i], expression.nullable) };
      }),
    );
  return [casted(a), casted(b)];
}

/** INTERSECT and EXCEPT: distinct rows of the first that have, or lack, an equal row in the second. Null equals null. */
function matchedRows(left: PlanNode, right: PlanNode, joinType: "leftsemi" | "leftanti"): PlanNode {
  return distinct({
    kind: "join",
    output: left.output,
    left,
    right,
    joinType,
    keys: left.output.map((a, i) => ({ left: a, right: right.output[i], nullSafe: true })),
    residual: undefined,
    operatorId: undefined,
  });
}

const COPIES_MAX = 100_000_000;

/** As many empty rows as the first argument says: a generator that repeats its input's row. */
function copies(args: readonly Value[]): Value[][] {
  const count = Number(args[0] ?? 0);
  if (count > COPIES_MAX) throw new RangeError(`${count} equal rows are more than a set operation can hold`);
  return Array.from({ length: Math.max(0, count) }, () => []);
}

/** INTERSECT ALL and EXCEPT ALL: rows counted on both sides, then repeated min(l, r) or l − r times. */
function countedRows(block: Block, left: PlanNode, right: PlanNode, joinType: "leftsemi" | "leftanti"): PlanNode {
  const { session } = block;
  const inLeft = session.attribute("inLeft", LONG, false);
  const inRight = session.attribute("inRight", LONG, false);
  const one: TypedExpression = constant(LONG, 1);
  const none: TypedExpression = constant(LONG, 0);
  const side = (plan: PlanNode, l: TypedExpression, r: TypedExpression): PlanNode =>
    projectOf(plan, [
      ...plan.output.map((a) => ({ expression: a, output: a })),
      { expression: l, output: inLeft },
      { expression: r, output: inRight },
    ]);
  const union = unionOf(side(left, one, none), side(right, none, one));
  const keys = union.output.slice(0, left.output.length);
  const sum = lookup("sum");
  if (sum.kind !== "aggregate") throw new SluiceError("INTERNAL_ERROR", { message: "sum is not an aggregate." });
  const aggregates = [inLeft, inRight].map((a) => {
    const call = aggregateCall(block, sum, "sum", [a], false);
    return { call, output: session.attribute(a.name, call.type, call.nullable) };
  });
  const counted: AggregateNode = {
    kind: "aggregate",
    output: [...keys, ...aggregates.map((a) => a.output)],
    input: union,
    grouping: keys.map((a) => ({ expression: a, output: a })),
    aggregates,
    sessionColumn: undefined,
    operatorId: undefined,
  };
  const [l, r] = aggregates.map((a) => a.output);
  const count = joinType === "leftsemi" ? callNamed(block, "least", l, r) : callNamed(block, "-", l, r);
  const repeated: PlanNode = {
    kind: "generate",
    output: counted.output,
    input: counted,
    args: [count],
    generate: copies,
    outer: false,
    generated: [],
  };
  return only(repeated, keys);
}
