/** The unresolved plan as an indented tree, one line a relation. */

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { type Fields, valueOf } from "./children.ts";
import {
  type Expression,
  type Expression_Literal,
  type Expression_SortOrder,
  Expression_SortOrderSchema,
  ExpressionSchema,
  type Relation,
  RelationSchema,
} from "./messages.ts";
import { literalText, sortText, sqlText } from "./sql-text.ts";
import { inputsOf } from "./walk.ts";

export { sqlText } from "./sql-text.ts";

const LITERAL = "spark.connect.Expression.Literal";
/** Fields whose value says enough without their name. */
const UNNAMED = new Set(["named_table", "unparsed_identifier", "data_source", "format", "order"]);

/**
 * The plan as text. Options are shown by name only: their values may hold secrets.
 *
 * @example
 * printPlan(parseQuery("SELECT a FROM t WHERE b > 1"))
 * // Project [a]
 * // +- Filter (b > 1)
 * //    +- Read named_table=[t]
 */
export function printPlan(plan: Relation): string {
  const lines: string[] = [];
  print(plan, "", "", lines);
  return lines.join("\n");
}

function print(relation: Relation, first: string, rest: string, lines: string[]): void {
  lines.push(first + describe(relation));
  const inputs = inputsOf(relation);
  for (const [i, input] of inputs.entries()) {
    const last = i === inputs.length - 1;
    print(input, `${rest}${last ? "+- " : ":- "}`, `${rest}${last ? "   " : ":  "}`, lines);
  }
}

/** One relation without its inputs: its kind, and its fields as far as they are set. */
export function describe(relation: Relation): string {
  const { relType } = relation;
  if (relType.case === undefined) return "Unknown";
  const field = RelationSchema.field[relType.case];
  const name = field.message?.name ?? relType.case;
  const parts = field.message ? fieldTexts(relType.value as unknown as Fields, field.message) : [];
  return [name, ...parts].join(" ");
}

function fieldTexts(message: Fields, schema: DescMessage): string[] {
  const parts: string[] = [];
  for (const field of schema.fields) {
    const value = valueOf(message, field);
    if (value === undefined || isUnset(value)) continue;
    const text = valueText(field, value);
    if (text === undefined) continue;
    const isExpression = field.message?.typeName === ExpressionSchema.typeName;
    parts.push(isExpression || UNNAMED.has(field.name) ? text : `${field.name}=${text}`);
  }
  return parts;
}

function isUnset(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.keys(value).length === 0;
  }
  return value === false || value === 0 || value === "";
}

function valueText(field: DescField, value: unknown): string | undefined {
  if (field.fieldKind === "enum")
    return field.enum.value[value as number]?.name.replace(/^.*?_TYPE_/, "") ?? String(value);
  if (field.fieldKind === "map")
    return `[${Object.keys(value as object)
      .sort()
      .join(", ")}]`;
  if (field.message?.typeName === RelationSchema.typeName) return undefined;
  if (field.fieldKind === "list") {
    const texts = (value as unknown[]).map((item) => itemText(field.message, item));
    return `[${texts.join(", ")}]`;
  }
  return itemText(field.message, value);
}

function itemText(schema: DescMessage | undefined, value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (!schema) return String(value);
  if (schema.typeName === ExpressionSchema.typeName) return sqlText(value as Expression);
  if (schema.typeName === Expression_SortOrderSchema.typeName) return sortText(value as Expression_SortOrder);
  if (schema.typeName === LITERAL) return literalText(value as Expression_Literal);
  return `[${fieldTexts(value as Fields, schema).join(" ")}]`;
}
