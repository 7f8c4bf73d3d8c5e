/** The expressions of one SELECT, WHERE or GROUP BY while they are resolved. */
import { SluiceError } from "../errors/error.ts";
import type { GeneratorFunction } from "../functions/definition.ts";
import type { Session, WindowFrame } from "./context.ts";
import type { AggregateCall, Attribute, TypedExpression } from "./expression.ts";
import type { JoinNode, PlanNode, SortOrder, WindowNode } from "./plan.ts";
import type { Scope } from "./scope.ts";

/** `window(ts, …)` or `session_window(ts, …)`: becomes a column below the expressions that read it. */
export interface TimeWindowUse {
  readonly output: Attribute;
  readonly time: TypedExpression;
  readonly kind: "time" | "session";
  /** Microseconds; for a session `sizeUs` is the gap. */
  readonly sizeUs: number;
  readonly slideUs: number;
  readonly startUs: number;
  /** A session's gap when it isn't constant: an interval for each row. */
  readonly gap?: TypedExpression;
}

/** explode and friends. */
export interface GeneratorUse {
  readonly fn: GeneratorFunction;
  readonly args: readonly TypedExpression[];
  readonly generate: ReturnType<GeneratorFunction["resolve"]>["generate"];
  readonly outer: boolean;
  readonly outputs: readonly Attribute[];
}

/** `f(…) OVER (…)`. */
export interface WindowUse {
  readonly output: Attribute;
  readonly partition: readonly TypedExpression[];
  readonly order: readonly SortOrder[];
  readonly args: readonly TypedExpression[];
  readonly compute: WindowNode["functions"][number]["compute"] | undefined;
  /** For an aggregate: `compute` is made when its arguments are final. */
  readonly call?: AggregateCall;
  readonly frame?: WindowFrame;
}

/** A scalar subquery with the columns that it is tied by to the query around it. */
export interface ScalarJoin {
  readonly right: PlanNode;
  readonly keys: JoinNode["keys"];
}

/** Columns that expressions asked for and that must be made below them. */
export interface Pending {
  readonly timeWindows: TimeWindowUse[];
  readonly generators: GeneratorUse[];
  readonly windows: WindowUse[];
  readonly joins: ScalarJoin[];
}

export function noPending(): Pending {
  return { timeWindows: [], generators: [], windows: [], joins: [] };
}

/** Throws when expressions asked for columns that can't be made at this place. */
export function refusePending({ pending }: Block, place: string): void {
  const { timeWindows, generators, windows, joins } = pending;
  const what =
    joins.length > 0
      ? "A subquery tied to the query around it, or IN or EXISTS inside a larger expression,"
      : windows.length > 0
        ? "A window function"
        : generators.length > 0
          ? "A generator such as explode"
          : timeWindows.length > 0
            ? "A window of time"
            : undefined;
  if (what === undefined) return;
  throw new SluiceError("UNSUPPORTED_FEATURE", {
    feature: what,
    where: ` in ${place}`,
    hint: "Select it first, with a name, and use that name here.",
  });
}

/** Analyses the relation that a subquery expression refers to; `outer` is what it may see of the query around it. */
export type AnalyzeSubquery = (planId: bigint, outer: Scope) => PlanNode;

export interface Block {
  readonly session: Session;
  readonly scope: Scope;
  readonly pending: Pending;
  readonly subquery: AnalyzeSubquery;
  /** How aggregate functions are met: taken as they are, or refused with the name of the clause. */
  readonly aggregates: "allowed" | { readonly refusedIn: string };
}

export function withScope(block: Block, scope: Partial<Scope>): Block {
  return { ...block, scope: { ...block.scope, ...scope } };
}
