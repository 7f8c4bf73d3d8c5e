/** Columns to rows: one row for each value column, with its name. */

import { SluiceError } from "../../errors/error.ts";
import type { Unpivot } from "../../plan/messages.ts";
import { commonType } from "../../types/coercion.ts";
import { STRING } from "../../types/types.ts";
import { refusePending } from "../block.ts";
import type { TypedExpression } from "../expression.ts";
import { cast, resolveItem } from "../expressions.ts";
import { constant } from "../literal.ts";
import type { ExpandNode } from "../plan.ts";
import { analyzeRelation, blockOf, type Place } from "../relation.ts";
import type { Resolved } from "../scope.ts";

export function unpivot(place: Place, message: Unpivot): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const ids = message.ids.flatMap((m) => resolveItem(block, m));
  const values =
    message.values === undefined
      ? input.output.filter((a) => !ids.some((n) => n.output.id === a.id)).map((a) => ({ expression: a, output: a }))
      : message.values.values.flatMap((m) => resolveItem(block, m));
  const type = commonType(values.map((v) => v.expression.type));
  if (values.length === 0 || type === undefined) {
    throw new SluiceError("UNPIVOT_VALUES", {
      reason: values.length === 0 ? "there is no value column" : "the value columns have no type in common",
      columns: values.map((v) => v.output.name).join(", "),
    });
  }
  refusePending(block, "unpivot");
  const { session } = place;
  const generated = [
    session.attribute(message.variableColumnName, STRING, false),
    session.attribute(
      message.valueColumnName,
      type,
      values.some((v) => v.expression.nullable),
    ),
  ];
  const idOutputs = ids.map((n) => session.attribute(n.output.name, n.output.type, n.output.nullable));
  const output = [...idOutputs, ...generated];
  const projections = values.map((v): TypedExpression[] => [
    ...ids.map((n) => n.expression),
    constant(STRING, v.output.name),
    cast(v.expression, type, "implicit"),
  ]);
  const plan: ExpandNode = { kind: "expand", output, input: input.plan, projections };
  return { plan, output, planIds: input.planIds };
}
