/** Names to attributes. */
import { nearest, SluiceError } from "../errors/error.ts";
import type { Session } from "./context.ts";
import type { Attribute, LambdaVariable, NamedExpression } from "./expression.ts";
import { quotedName } from "./identifier.ts";
import type { PlanNode } from "./plan.ts";

/**
 * For each plan id of a subtree, the columns that the relation with this id puts out. One id can stand for several
 * relations, when the same DataFrame is used twice.
 */
export type PlanIds = ReadonlyMap<bigint, readonly (readonly Attribute[])[]>;

export const NO_PLAN_IDS: PlanIds = new Map();

export function mergePlanIds(all: readonly PlanIds[]): PlanIds {
  if (all.length === 1) return all[0];
  const merged = new Map<bigint, (readonly Attribute[])[]>();
  for (const ids of all) {
    for (const [id, outputs] of ids) merged.set(id, [...(merged.get(id) ?? []), ...outputs]);
  }
  return merged;
}

/** A relation whose names are resolved. */
export interface Resolved {
  readonly plan: PlanNode;
  /** The visible columns, in order, with the qualifiers that they have here. Same ids as `plan.output`'s. */
  readonly output: readonly Attribute[];
  readonly planIds: PlanIds;
  /** Columns that can be named with a qualifier or a plan id only: the other side's columns of JOIN … USING. */
  readonly hidden?: readonly Attribute[];
  /** The relation under a projection: ORDER BY and HAVING may name its columns too. */
  readonly below?: Resolved;
  /** Set for an aggregation: adds expressions over its input that ORDER BY and HAVING ask for. */
  readonly aggregate?: AggregateBlock;
}

/** An aggregation that can be asked for more results. */
export interface AggregateBlock {
  /** What the aggregation reads. */
  readonly input: Resolved;
  /** What was asked for so far. */
  readonly items: readonly NamedExpression[];
  /** What grouping() and grouping_id() mean, for grouping sets. */
  readonly grouping?: Session["grouping"];
  /** The aggregation again, with these results (over `input`) after the ones it has. */
  extend(extra: readonly NamedExpression[]): PlanNode;
}

/** What a name can mean where an expression stands. */
export interface Scope {
  readonly attributes: readonly Attribute[];
  readonly hidden: readonly Attribute[];
  readonly planIds: PlanIds;
  /** Attributes that exist below, which a plan id may point at though they aren't visible here. */
  readonly reachable: ReadonlySet<number>;
  readonly variables: readonly LambdaVariable[];
  /** Results of the same SELECT that stand before this one, newest last. */
  readonly lateral: readonly NamedExpression[];
  /** The query around this subquery. */
  readonly outer: Scope | undefined;
  /** Looked at when a name isn't here: what a projection or an aggregation reads, for ORDER BY and HAVING. */
  readonly below?: Scope | undefined;
  /** Where the arguments of aggregate functions are looked up, when that isn't here. */
  readonly inAggregates?: Scope | undefined;
}

export function scopeOf(resolved: Resolved, outer?: Scope): Scope {
  const hidden = resolved.hidden ?? [];
  return {
    attributes: resolved.output,
    hidden,
    planIds: resolved.planIds,
    reachable: new Set([...resolved.output, ...hidden].map((a) => a.id)),
    variables: [],
    lateral: [],
    outer,
  };
}

/** As scopeOf, and what is under projections and aggregations too: for ORDER BY and HAVING. */
export function deepScopeOf(resolved: Resolved, outer?: Scope): Scope {
  const scope = scopeOf(resolved, outer);
  const deeper = resolved.aggregate?.input ?? resolved.below;
  if (deeper === undefined) return scope;
  const below = resolved.aggregate ? scopeOf(deeper, outer) : deepScopeOf(deeper, outer);
  return { ...scope, below, ...(resolved.aggregate ? { inAggregates: below } : {}) };
}

type SameName = (a: string, b: string) => boolean;

export interface Match {
  readonly attribute: Attribute;
  /** Fields of a struct that are still to be taken, outermost first. */
  readonly nested: readonly string[];
}

/** What the name can be among these attributes: with the longest qualifier first, as Spark looks. */
export function candidates(parts: readonly string[], attributes: readonly Attribute[], same: SameName): Match[] {
  for (let qualifiers = Math.min(3, parts.length - 1); qualifiers >= 0; qualifiers--) {
    const found: Match[] = [];
    for (const attribute of attributes) {
      if (!same(attribute.name, parts[qualifiers])) continue;
      if (qualifiers > 0 && !qualifiedBy(attribute, parts.slice(0, qualifiers), same)) continue;
      if (!found.some((m) => m.attribute.id === attribute.id)) {
        // The column goes by the name as it was written, as in Spark: SELECT ID FROM … makes a column ID.
        const name = parts[qualifiers];
        const written = attribute.name === name ? attribute : { ...attribute, name };
        found.push({ attribute: written, nested: parts.slice(qualifiers + 1) });
      }
    }
    if (found.length > 0) return found;
  }
  return [];
}

/** True when the name's parts before the column are the end of the attribute's qualifier. */
export function qualifiedBy(attribute: Attribute, parts: readonly string[], same: SameName): boolean {
  const { qualifier } = attribute;
  if (parts.length > qualifier.length) return false;
  return parts.every((part, i) => same(part, qualifier[qualifier.length - parts.length + i]));
}

/** The one match; undefined when there is none. Throws AMBIGUOUS_REFERENCE. */
export function single(parts: readonly string[], matches: readonly Match[]): Match | undefined {
  if (matches.length <= 1) return matches[0];
  throw new SluiceError("AMBIGUOUS_REFERENCE", {
    name: quotedName(parts),
    referenceNames: `[${matches.map((m) => quotedName([...m.attribute.qualifier, m.attribute.name])).join(", ")}]`,
  });
}

/** The error for a name that nothing answers to, with the names that are near. */
export function unresolvedColumn(parts: readonly string[], attributes: readonly Attribute[]): SluiceError {
  const objectName = quotedName(parts);
  if (attributes.length === 0) return new SluiceError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", { objectName });
  return new SluiceError("UNRESOLVED_COLUMN.WITH_SUGGESTION", {
    objectName,
    proposal: proposals(parts, attributes).join(", "),
  });
}

/** At most five known columns, the nearest first. */
export function proposals(parts: readonly string[], attributes: readonly Attribute[]): string[] {
  const wanted = parts[parts.length - 1];
  const left = [...new Set(attributes.map((a) => a.name))];
  const ordered: string[] = [];
  while (ordered.length < 5 && left.length > 0) {
    const next = nearest(wanted, left) ?? left[0];
    left.splice(left.indexOf(next), 1);
    ordered.push(next);
  }
  const qualifiers = new Set(attributes.map((a) => a.qualifier.join(".")));
  return ordered.map((name) => {
    const attribute = attributes.find((a) => a.name === name) as Attribute;
    return quotedName(qualifiers.size > 1 || parts.length > 1 ? [...attribute.qualifier, name] : [name]);
  });
}
