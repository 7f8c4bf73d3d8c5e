/** df.na: fill, drop and replace. */

import { SluiceError } from "../../errors/error.ts";
import type { ScalarFunction } from "../../functions/definition.ts";
import type { NADrop, NAFill, NAReplace } from "../../plan/messages.ts";
import { BOOLEAN, type DataType, INT, isNumeric, STRING } from "../../types/types.ts";
import type { Block } from "../block.ts";
import { callNamed, scalarCall } from "../calls.ts";
import type { Attribute, NamedExpression, TypedExpression } from "../expression.ts";
import { alias, cast } from "../expressions.ts";
import { constant, literalOf } from "../literal.ts";
import { analyzeRelation, blockOf, type Place } from "../relation.ts";
import { type Resolved, unresolvedColumn } from "../scope.ts";
import { filterOver } from "./filter.ts";
import { projected } from "./project.ts";

function chosen(block: Block, input: Resolved, names: readonly string[]): Attribute[] {
  return names.map((name) => {
    const found = input.output.find((a) => block.session.sameName(a.name, name));
    if (found === undefined) throw unresolvedColumn([name], input.output);
    return found;
  });
}

/** A value fits columns of its own kind: numbers fill numbers, strings fill strings. */
function fits(value: DataType, column: DataType): boolean {
  if (isNumeric(value)) return isNumeric(column);
  return value.kind === column.kind;
}

export function fillMissing(place: Place, message: NAFill): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const columns = message.cols.length === 0 ? [...input.output] : chosen(block, input, message.cols);
  const values = message.values.map((v) => literalOf(v));
  const items = input.output.map((a): NamedExpression => {
    const at = columns.findIndex((c) => c.id === a.id);
    const value = at < 0 ? undefined : values.length === 1 ? values[0] : values[at];
    if (value === undefined || !fits(value.type, a.type)) return { expression: a, output: a };
    const isFloating = a.type.kind === "double" || a.type.kind === "float";
    const known = isFloating ? callNamed(block, "if", callNamed(block, "isnan", a), constant(a.type, null), a) : a;
    return alias(block, callNamed(block, "coalesce", known, cast(value, a.type, "implicit")), a.name);
  });
  return projected(block, input, items);
}

/** at_least_n_non_nulls(n, …): whether so many of the values are neither null nor NaN. */
const atLeastNonNulls: ScalarFunction = {
  kind: "scalar",
  name: "at_least_n_non_nulls",
  group: "predicate",
  doc: { summary: "Whether at least n of the values are neither null nor NaN.", args: "n, value, …", examples: [] },
  resolve: (args) => ({
    inputs: args.map((a) => a.type),
    output: BOOLEAN,
    nullable: false,
    evaluation: {
      nulls: "custom",
      emit(e, [minimum, ...values]) {
        const count = e.fresh("known");
        e.line(`let ${count} = 0;`);
        for (const value of values) {
          const { value: v, isNull } = value.emit();
          const isFloating = value.type.kind === "double" || value.type.kind === "float";
          e.line(`if (!(${isNull})${isFloating ? ` && ${v} === ${v}` : ""}) ${count}++;`);
        }
        return { value: `(${count} >= ${minimum.emit().value})`, isNull: "false" };
      },
    },
  }),
};

export function dropMissing(place: Place, message: NADrop): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const columns = message.cols.length === 0 ? [...input.output] : chosen(block, input, message.cols);
  const minimum = constant(INT, message.minNonNulls ?? columns.length);
  if (columns.length === 0) return input;
  const enough = scalarCall(block, atLeastNonNulls, "at_least_n_non_nulls", [minimum, ...columns]);
  return { ...input, plan: filterOver(input.plan, enough) };
}

export function replaceValues(place: Place, message: NAReplace): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const isAll = message.cols.length === 0 || (message.cols.length === 1 && message.cols[0] === "*");
  const columns = isAll ? [...input.output] : chosen(block, input, message.cols);
  const pairs = message.replacements.map((r) => {
    if (r.oldValue === undefined || r.newValue === undefined) {
      throw new SluiceError("INTERNAL_ERROR", { message: "A replacement without values." });
    }
    return { from: literalOf(r.oldValue), to: literalOf(r.newValue) };
  });
  const kind = pairs.find((p) => p.from.value !== null)?.from.type ?? STRING;
  const items = input.output.map((a): NamedExpression => {
    if (!columns.some((c) => c.id === a.id) || !fits(kind, a.type) || pairs.length === 0) {
      return { expression: a, output: a };
    }
    const branches = pairs.flatMap((p): TypedExpression[] => [
      callNamed(block, "=", a, cast(p.from, a.type, "implicit")),
      cast(p.to, a.type, "implicit"),
    ]);
    return alias(block, callNamed(block, "when", ...branches, a), a.name);
  });
  return projected(block, input, items);
}
