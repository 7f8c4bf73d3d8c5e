/** Relations that add, rename, drop or cast columns. */

import { SluiceError } from "../../errors/error.ts";
import { fromProtoType } from "../../plan/data-types.ts";
import type { Drop, ToDF, ToSchema, WithColumns, WithColumnsRenamed } from "../../plan/messages.ts";
import { canCast, canUpCast } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import { type StructField, sameType } from "../../types/types.ts";
import type { Block } from "../block.ts";
import type { Session } from "../context.ts";
import type { NamedExpression } from "../expression.ts";
import { alias, cast, needed, resolve } from "../expressions.ts";
import { quoted } from "../identifier.ts";
import { constant, metadataOf } from "../literal.ts";
import { at } from "../place.ts";
import { analyzeRelation, blockOf, type Place } from "../relation.ts";
import type { Resolved } from "../scope.ts";
import { projected } from "./project.ts";

const self = (a: Resolved["output"][number]): NamedExpression => ({ expression: a, output: a });

export function withColumns(place: Place, message: WithColumns): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const { session } = place;
  const made = message.aliases.map((a) => {
    const expression = resolve(block, needed(a.expr));
    return alias(block, expression, a.name[0], metadataOf(a.metadata));
  });
  refuseDuplicates(
    session,
    made.map((n) => n.output.name),
  );
  const replaced = input.output.map((a) => made.find((n) => session.sameName(n.output.name, a.name)) ?? self(a));
  const added = made.filter((n) => !input.output.some((a) => session.sameName(n.output.name, a.name)));
  return projected(block, input, [...unshared(block, replaced), ...added]);
}

/** Two columns of one name that are both replaced by one expression need an attribute each. */
function unshared(block: Block, items: readonly NamedExpression[]): NamedExpression[] {
  const seen = new Set<number>();
  return items.map((n) => {
    if (!seen.has(n.output.id)) {
      seen.add(n.output.id);
      return n;
    }
    return alias(block, n.expression, n.output.name, n.output.metadata);
  });
}

function refuseDuplicates(session: Session, names: readonly string[]): void {
  names.forEach((name, i) => {
    if (!names.slice(0, i).some((other) => session.sameName(name, other))) return;
    throw new SluiceError("COLUMN_ALREADY_EXISTS", { columnName: quoted(name.toLowerCase()) });
  });
}

export function renameColumns(place: Place, message: WithColumnsRenamed): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const { session } = place;
  const renames =
    message.renames.length > 0
      ? message.renames.map((r) => [r.colName, r.newColName] as const)
      : Object.entries(message.renameColumnsMap);
  const items = input.output.map((a) => {
    const name = renames.reduce((current, [from, to]) => (session.sameName(current, from) ? to : current), a.name);
    return name === a.name ? self(a) : alias(block, a, name);
  });
  return projected(block, input, items);
}

export function toDF(place: Place, message: ToDF): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const { columnNames } = message;
  if (columnNames.length !== input.output.length) {
    throw new SluiceError("ASSIGNMENT_ARITY_MISMATCH", {
      numTarget: columnNames.length,
      numExpr: input.output.length,
    });
  }
  return projected(
    block,
    input,
    input.output.map((a, i) => (a.name === columnNames[i] ? self(a) : alias(block, a, columnNames[i]))),
  );
}

export function dropColumns(place: Place, message: Drop): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const { session } = place;
  const ids = new Set<number>();
  for (const column of message.columns) {
    try {
      const expression = resolve(block, column);
      if (expression.kind === "attribute") ids.add(expression.id);
    } catch (error) {
      // Dropping what isn't there does nothing, as in Spark.
      if (!(error instanceof SluiceError) || !/^(UNRESOLVED_COLUMN|CANNOT_RESOLVE_DATAFRAME)/.test(error.condition))
        throw error;
    }
  }
  const dropped = (name: string): boolean => message.columnNames.some((n) => session.sameName(n, name));
  const kept = input.output.filter((a) => !ids.has(a.id) && !dropped(a.name));
  if (kept.length === input.output.length) return input;
  return projected(block, input, kept.map(self));
}

export function toSchema(place: Place, message: ToSchema): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const type = at(message.input, () => fromProtoType(needed(message.schema)));
  if (type.kind !== "struct") throw new SluiceError("INTERNAL_ERROR", { message: "A schema that is not a struct." });
  return projected(
    block,
    input,
    type.fields.map((f) => toField(block, input, f)),
  );
}

function toField(block: Block, input: Resolved, field: StructField): NamedExpression {
  const { session } = block;
  const found = input.output.filter((a) => session.sameName(a.name, field.name));
  if (found.length > 1) {
    throw new SluiceError("AMBIGUOUS_REFERENCE", {
      name: quoted(field.name),
      referenceNames: `[${found.map((a) => quoted(a.name)).join(", ")}]`,
    });
  }
  const [column] = found;
  if (column === undefined) {
    if (!field.nullable) {
      throw new SluiceError("UNRESOLVED_COLUMN.WITH_SUGGESTION", {
        objectName: quoted(field.name),
        proposal: input.output.map((a) => quoted(a.name)).join(", "),
      });
    }
    return alias(block, constant(field.type, null), field.name, field.metadata);
  }
  if (column.nullable && !field.nullable) {
    throw new SluiceError("NULLABLE_COLUMN_OR_FIELD", { name: quoted(field.name) });
  }
  if (!canUpCast(column.type, field.type) && !canCast(column.type, field.type)) {
    throw new SluiceError("INVALID_COLUMN_OR_FIELD_DATA_TYPE", {
      name: quoted(field.name),
      type: `"${sqlType(column.type)}"`,
      expectedType: `"${sqlType(field.type)}"`,
    });
  }
  if (column.name === field.name && sameType(column.type, field.type) && !field.metadata) return self(column);
  return alias(block, cast(column, field.type, "implicit"), field.name, field.metadata ?? column.metadata);
}
