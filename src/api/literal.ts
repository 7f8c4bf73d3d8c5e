/** TypeScript values to the literals of a plan. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import { type Expression_Literal, Expression_LiteralSchema } from "../plan/messages.ts";
import { Decimal } from "./decimal.ts";
import { Timestamp } from "./timestamp.ts";

type LiteralInit = NonNullable<MessageInitShape<typeof Expression_LiteralSchema>["literalType"]>;

/** What stands for a constant: see `lit` for the type that each becomes. */
export type LiteralValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | Decimal
  | readonly LiteralValue[];

const INT_MAX = 2147483647;

/** The literal of a value. Throws UNSUPPORTED_FEATURE for values that are no constant. */
export function literal(value: LiteralValue): Expression_Literal {
  return create(Expression_LiteralSchema, { literalType: literalType(value) });
}

function literalType(value: LiteralValue): LiteralInit {
  if (value === null || value === undefined) return { case: "null", value: { kind: { case: "null", value: {} } } };
  switch (typeof value) {
    case "boolean":
      return { case: "boolean", value };
    case "string":
      return { case: "string", value };
    case "bigint":
      return longOrDecimal(value);
    case "number":
      return numberLiteral(value);
  }
  if (value instanceof Uint8Array) return { case: "binary", value };
  if (value instanceof Date) return { case: "timestamp", value: Timestamp.from(value).epochMicros };
  if (value instanceof Decimal) {
    return {
      case: "decimal",
      value: { value: value.toString(), precision: Math.max(value.precision, 1), scale: value.scale },
    };
  }
  throw new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `A literal of ${Object.prototype.toString.call(value)}`,
    where: "",
    hint: "Use null, boolean, number, bigint, string, Date, Decimal, Uint8Array or an array of these.",
  });
}

function numberLiteral(value: number): LiteralInit {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return { case: "double", value };
  if (Math.abs(value) <= INT_MAX) return { case: "integer", value };
  return { case: "long", value: BigInt(value) };
}

function longOrDecimal(value: bigint): LiteralInit {
  if (BigInt.asIntN(64, value) === value) return { case: "long", value };
  const decimal = new Decimal(value, 0);
  return { case: "decimal", value: { value: value.toString(), precision: decimal.precision, scale: 0 } };
}
