/** When two expressions mean the same: Spark's semanticEquals. */
import { sameType } from "../types/types.ts";
import { MapValue, type Value } from "../types/values.ts";
import type { TypedExpression } from "./expression.ts";
import { partsOf } from "./walk.ts";

/** True when both give the same value for every row. Calls that aren't deterministic are never the same. */
export function sameExpression(a: TypedExpression, b: TypedExpression): boolean {
  if (a === b) return a.kind !== "call" || a.deterministic;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case "attribute":
    case "variable":
      return a.id === (b as typeof a).id;
    case "literal":
      return sameType(a.type, b.type) && sameValue(a.value, (b as typeof a).value);
    case "call": {
      const other = b as typeof a;
      if (a.fn !== other.fn || !a.deterministic || !other.deterministic || !sameType(a.type, other.type)) return false;
      break;
    }
    case "cast":
      if (!sameType(a.type, b.type)) return false;
      break;
    case "field":
      if (a.ordinal !== (b as typeof a).ordinal) return false;
      break;
    case "aggregate": {
      const other = b as typeof a;
      if (a.fn !== other.fn || a.distinct !== other.distinct || !a.filter !== !other.filter) return false;
      break;
    }
    case "lambda": {
      const other = b as typeof a;
      if (a.parameters.some((p, i) => p.id !== other.parameters[i]?.id)) return false;
      break;
    }
    default:
      return false;
  }
  const left = partsOf(a);
  const right = partsOf(b);
  return left.length === right.length && left.every((part, i) => sameExpression(part, right[i]));
}

function sameValue(a: Value, b: Value): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => sameValue(x, b[i]));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (a instanceof MapValue && b instanceof MapValue) return sameValue(a.keys, b.keys) && sameValue(a.values, b.values);
  if (typeof a === "bigint" || typeof b === "bigint") {
    const whole = (x: Value): x is number | bigint => typeof x === "bigint" || Number.isInteger(x);
    return whole(a) && whole(b) && BigInt(a) === BigInt(b);
  }
  return false;
}
