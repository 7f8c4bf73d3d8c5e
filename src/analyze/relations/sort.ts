/** ORDER BY: by columns of the result, by ordinals, by what is below the result, and by aggregates. */
import { SluiceError } from "../../errors/error.ts";
import type { Expression, Expression_SortOrder, Sort } from "../../plan/messages.ts";
import { sqlType } from "../../types/print.ts";
import { type Block, noPending, refusePending } from "../block.ts";
import type { NamedExpression, TypedExpression } from "../expression.ts";
import { needed, resolve } from "../expressions.ts";
import { at } from "../place.ts";
import type { PlanNode, SortOrder } from "../plan.ts";
import { prettyName } from "../print.ts";
import { analyzeRelation, blockOver, type Place } from "../relation.ts";
import { deepScopeOf, type Resolved } from "../scope.ts";
import { referencesOf } from "../walk.ts";
import { applyWindows, sortOrderOf } from "../window-function.ts";
import { asUnresolved, needsBelow, only, overInput } from "./filter.ts";
import { expose } from "./project.ts";
import { applyScalarJoins } from "./scalar-join.ts";

export function sortRelation(place: Place, message: Sort): Resolved {
  const input = analyzeRelation(place, message.input);
  const aggregates = input.aggregate ? "allowed" : ({ refusedIn: "ORDER BY" } as const);
  const block: Block = { ...blockOver(place, deepScopeOf(input, place.outer), aggregates), pending: noPending() };
  const { session } = place;
  session.grouping = input.aggregate?.grouping;
  const order = message.order.flatMap((o) => orderItems(block, input, o));
  session.grouping = undefined;
  for (const o of order) checkOrderable(block, o.expression);
  return { ...input, plan: sorted(block, input, order) };
}

function orderItems(block: Block, input: Resolved, message: Expression_SortOrder): SortOrder[] {
  const child = needed(message.child);
  const literal = child.exprType.case === "literal" ? child.exprType.value.literalType : undefined;
  if (literal?.case === "integer") {
    return at(child, () => {
      const column = input.output[literal.value - 1];
      if (column === undefined) {
        throw new SluiceError("ORDER_BY_POS_OUT_OF_RANGE", { index: literal.value, size: input.output.length });
      }
      return [sortOrderOf(column, message)];
    });
  }
  if (isAll(block, input, child)) return input.output.map((a) => sortOrderOf(a, message));
  return [sortOrderOf(resolve(block, child), message)];
}

function isAll(block: Block, input: Resolved, message: Expression): boolean {
  const e = message.exprType;
  if (e.case !== "unresolvedAttribute" || e.value.unparsedIdentifier.toLowerCase() !== "all") return false;
  return !input.output.some((a) => block.session.sameName(a.name, "all"));
}

function checkOrderable(block: Block, expression: TypedExpression): void {
  if (expression.type.kind !== "map") return;
  throw new SluiceError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", {
    sqlExpr: `"${prettyName(expression, block.session)}"`,
    functionName: "ORDER BY",
    dataType: `"${sqlType(expression.type)}"`,
  });
}

function sorted(block: Block, input: Resolved, order: readonly SortOrder[]): PlanNode {
  const { aggregate } = input;
  if (aggregate !== undefined && order.some((o) => needsBelow(input, o.expression))) {
    refusePending(block, "an order of groups");
    const extra: NamedExpression[] = [];
    const rewritten = order.map((o): SortOrder => {
      if (!needsBelow(input, o.expression)) return o;
      const expression = overInput(aggregate.items, o.expression);
      const output = block.session.attribute("order", expression.type, expression.nullable);
      extra.push({ expression, output });
      return { ...o, expression: output };
    });
    const plan = asUnresolved(input, () => aggregate.extend(extra));
    return only({ kind: "sort", output: plan.output, input: plan, order: rewritten }, input.plan.output);
  }
  const wanted = new Set(order.flatMap((o) => [...referencesOf(o.expression)]));
  const { pending } = block;
  const exposed = expose(input.plan, wanted) ?? input.plan;
  const source = applyWindows(block, applyScalarJoins(exposed, pending.joins), pending.windows);
  const sort: PlanNode = { kind: "sort", output: source.output, input: source, order };
  return source === input.plan ? sort : only(sort, input.plan.output);
}
