/** Constants and types of the unresolved plan in this project's form. */
import { literalValue, typeOf } from "../plan/literals.ts";
import type { Expression_Literal } from "../plan/messages.ts";
import type { DataType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import type { Literal } from "./expression.ts";

export { typeOf };

/** A field's or an alias's metadata, which travels as JSON text; undefined when there is none. */
export function metadataOf(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (!text) return undefined;
  const parsed: unknown = JSON.parse(text);
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) return undefined;
  return Object.keys(parsed).length === 0 ? undefined : (parsed as Record<string, unknown>);
}

/** A constant. */
export function constant(type: DataType, value: Value): Literal {
  return { kind: "literal", type, value, nullable: value === null };
}

/** A constant. */
export function literalOf(message: Expression_Literal): Literal {
  const { type, value } = literalValue(message);
  return constant(type, value);
}
