/**
 * When a stream-stream join may forget the rows that it keeps, derived from the join's keys and condition as Spark derives
 * it (StreamingJoinHelper).
 */
import type { Attribute, TypedExpression } from "./expression.ts";
import type { JoinNode } from "./plan.ts";
import { andParts } from "./relations/join.ts";
import { partsOf } from "./walk.ts";

/**
 * Until when one side's rows are kept. With `watermarkUs` the query's watermark (for eviction: the current one):
 *
 * - `key`: the row goes when the join key with this index is `<= watermarkUs`;
 * - `value`: the row goes when `attribute` is `<= watermarkUs + offsetUs`.
 *
 * With `isWindow`, the compared value is the `end` of the window (field 1 of the struct). A null is never old.
 */
export type StateWatermark =
  | { readonly kind: "key"; readonly ordinal: number; readonly isWindow: boolean }
  | { readonly kind: "value"; readonly attribute: Attribute; readonly offsetUs: number; readonly isWindow: boolean };

export interface JoinStateWatermarks {
  /** For the rows of the left input that are kept for rows of the right to come. Undefined: they are kept for ever. */
  readonly left: StateWatermark | undefined;
  readonly right: StateWatermark | undefined;
}

/**
 * What a stream-stream join may forget.
 *
 * @example
 * // l.t has a watermark of 10 s, r.t one of 20 s; ON l.k = r.k AND r.t >= l.t AND r.t <= l.t + INTERVAL 1 HOUR
 * joinStateWatermarks(join)
 * // left:  value l.t, offsetUs −1 h − 1 ms: r.t <= l.t + 1 h says l.t >= r.t − 1 h, so older ones can't match any more
 * // right: value r.t, offsetUs −1 ms: r.t >= l.t
 */
export function joinStateWatermarks(join: JoinNode): JoinStateWatermarks {
  const ordinal = keyWithWatermark(join);
  if (ordinal !== undefined) {
    const key = join.keys[ordinal];
    const predicate: StateWatermark = { kind: "key", ordinal, isWindow: key.left.type.kind === "struct" };
    return { left: predicate, right: predicate };
  }
  return {
    left: valueWatermark(join, join.left.output, join.right.output),
    right: valueWatermark(join, join.right.output, join.left.output),
  };
}

/** The first key that is an event-time column on either side. */
export function keyWithWatermark(join: JoinNode): number | undefined {
  for (const side of ["left", "right"] as const) {
    const columns = side === "left" ? join.left.output : join.right.output;
    const at = join.keys.findIndex((k) => {
      const e = k[side];
      return e.kind === "attribute" && columns.some((a) => a.id === e.id && a.watermarkDelayUs !== undefined);
    });
    if (at >= 0) return at;
  }
  return undefined;
}

function valueWatermark(
  join: JoinNode,
  own: readonly Attribute[],
  other: readonly Attribute[],
): StateWatermark | undefined {
  const attribute = own.find((a) => a.watermarkDelayUs !== undefined);
  if (attribute === undefined) return undefined;
  const offsets = lowerBounds(join, own, other).flatMap((b) => (b.attribute.id === attribute.id ? [b.offsetUs] : []));
  if (offsets.length === 0) return undefined;
  return {
    kind: "value",
    attribute,
    offsetUs: Math.max(...offsets),
    isWindow: attribute.type.kind === "struct",
  };
}

/** Whether the condition keeps rows of this side from matching once the other side's watermark has passed them. */
export function hasTimeBound(join: JoinNode, side: "left" | "right"): boolean {
  const [own, other] = side === "left" ? [join.left, join.right] : [join.right, join.left];
  return lowerBounds(join, own.output, other.output).length > 0;
}

/**
 * The watermark that operators above a stream-stream join have, from the one that it has itself: a join with a bound on
 * time puts out rows that are older than its own watermark by up to that bound. Microseconds.
 */
export function joinOutputWatermarkUs(join: JoinNode, inputUs: number): number {
  const of = (w: StateWatermark | undefined): number => (w?.kind === "value" ? inputUs + w.offsetUs : inputUs);
  const { left, right } = joinStateWatermarks(join);
  return Math.min(of(left), of(right));
}

interface LowerBound {
  readonly attribute: Attribute;
  readonly offsetUs: number;
}

/** Every `attribute > other's event time + offset` that the condition says. */
function lowerBounds(join: JoinNode, own: readonly Attribute[], other: readonly Attribute[]): LowerBound[] {
  if (join.residual === undefined) return [];
  return boundsIn(join.residual).flatMap((b) => lowerBound(b, own, other) ?? []);
}

/** `less < more`, or `less <= more`. */
interface Bound {
  readonly less: TypedExpression;
  readonly more: TypedExpression;
  readonly orEqual: boolean;
}

function boundsIn(condition: TypedExpression): Bound[] {
  return andParts(condition).flatMap((e): Bound[] => {
    if (e.kind !== "call") return [];
    const [a, b, c] = e.args;
    switch (e.fn.name) {
      case "<":
      case "<=":
        return [{ less: a, more: b, orEqual: e.fn.name === "<=" }];
      case ">":
      case ">=":
        return [{ less: b, more: a, orEqual: e.fn.name === ">=" }];
      case "between":
        return [
          { less: b, more: a, orEqual: true },
          { less: a, more: c, orEqual: true },
        ];
      default:
        return [];
    }
  });
}

/** A millisecond: Spark's watermarks count in these, so `>=` leaves one. */
const MILLISECOND_US = 1000;

function lowerBound(bound: Bound, own: readonly Attribute[], other: readonly Attribute[]): LowerBound | undefined {
  const sum: LinearSum = { constantUs: 0, coefficients: new Map() };
  if (!addTerms(bound.more, 1, sum) || !addTerms(bound.less, -1, sum)) return undefined;
  const terms = [...sum.coefficients].filter(([, count]) => count !== 0);
  const [mine, theirs] = [own, other].map((side) => terms.filter(([id]) => side.some((a) => a.id === id)));
  if (mine.length !== 1 || theirs.length !== 1 || terms.length !== 2) return undefined;
  const event = other.find((a) => a.id === theirs[0][0]);
  if (event?.watermarkDelayUs === undefined || mine[0][1] !== 1 || theirs[0][1] !== -1) return undefined;
  const attribute = own.find((a) => a.id === mine[0][0]) as Attribute;
  return { attribute, offsetUs: -sum.constantUs - (bound.orEqual ? MILLISECOND_US : 0) };
}

interface LinearSum {
  constantUs: number;
  readonly coefficients: Map<number, number>;
}

/** Adds `sign × e` to the sum; false when `e` is more than columns and constants added and subtracted. */
function addTerms(e: TypedExpression, sign: 1 | -1, sum: LinearSum): boolean {
  switch (e.kind) {
    case "attribute":
      sum.coefficients.set(e.id, (sum.coefficients.get(e.id) ?? 0) + sign);
      return true;
    case "literal":
      return addConstant(e, sign, sum);
    case "cast":
      return sameUnit(e.type.kind, e.child.type.kind) && addTerms(e.child, sign, sum);
    case "call": {
      const [a, b] = partsOf(e);
      if (e.fn.name === "+" && b !== undefined) return addTerms(a, sign, sum) && addTerms(b, sign, sum);
      if (e.fn.name === "-" && b !== undefined) return addTerms(a, sign, sum) && addTerms(b, sign === 1 ? -1 : 1, sum);
      if (e.fn.name === "negative") return addTerms(a, sign === 1 ? -1 : 1, sum);
      return false;
    }
    default:
      return false;
  }
}

function addConstant(e: Extract<TypedExpression, { kind: "literal" }>, sign: 1 | -1, sum: LinearSum): boolean {
  const isTime = e.type.kind === "daytime_interval" || e.type.kind === "timestamp" || e.type.kind === "timestamp_ntz";
  if (!isTime || (typeof e.value !== "number" && typeof e.value !== "bigint")) return false;
  sum.constantUs += sign * Number(e.value);
  return true;
}

function sameUnit(a: string, b: string): boolean {
  const isTime = (kind: string): boolean => kind === "timestamp" || kind === "timestamp_ntz";
  return a === b || (isTime(a) && isTime(b));
}
