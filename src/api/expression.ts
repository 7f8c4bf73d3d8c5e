/** Makes the expressions of a plan. Everything above is written with these few. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Expression,
  type Expression_SortOrder,
  Expression_SortOrderSchema,
  ExpressionSchema,
} from "../plan/messages.ts";
import { originOf } from "./origin.ts";

export type ExpressionInit = NonNullable<MessageInitShape<typeof ExpressionSchema>["exprType"]>;

/** An expression without a place. */
export function plain(exprType: ExpressionInit): Expression {
  return create(ExpressionSchema, { exprType });
}

/** An expression that knows which call of the user's made it. */
export function placed(fragment: string, exprType: ExpressionInit): Expression {
  return create(ExpressionSchema, { common: { origin: originOf(fragment) }, exprType });
}

/** A column by name; `*` and `e.*` are all columns. `planId` ties it to one relation. */
export function attribute(name: string, planId?: bigint): Expression {
  if (name === "*") return placed("col", { case: "unresolvedStar", value: { planId } });
  if (name.endsWith(".*")) return placed("col", { case: "unresolvedStar", value: { unparsedTarget: name, planId } });
  return placed("col", { case: "unresolvedAttribute", value: { unparsedIdentifier: name, planId } });
}

/** A call by Spark's name: a function's, or an operator's (`+`, `==`, `and`, …). */
export function call(name: string, args: readonly Expression[], isDistinct = false, fragment = name): Expression {
  return placed(fragment, {
    case: "unresolvedFunction",
    value: { functionName: name, arguments: [...args], isDistinct },
  });
}

/** SQL text, parsed where the plan is analysed. */
export function sqlText(expression: string): Expression {
  return placed("expr", { case: "expressionString", value: { expression } });
}

/** The expression as a sort key: itself when it is one, ascending with nulls first otherwise. */
export function sortOrder(expression: Expression): Expression_SortOrder {
  if (expression.exprType.case === "sortOrder") return expression.exprType.value;
  return create(Expression_SortOrderSchema, { child: expression, direction: 1, nullOrdering: 1 });
}
