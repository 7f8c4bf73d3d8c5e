/** What can be done about nulls: `df.na`. */
import { DataFrame } from "./dataframe.ts";
import { type LiteralValue, literal } from "./literal.ts";
import { relation } from "./relation.ts";

export type FillValue = boolean | number | bigint | string;

export class NullFunctions {
  readonly #df: DataFrame;

  constructor(df: DataFrame) {
    this.#df = df;
  }

  /** Replaces nulls in the columns that hold values of that type; or by column: `fill({ celsius: 0, site: "?" })`. */
  fill(value: FillValue | Readonly<Record<string, FillValue>>, subset?: string | readonly string[]): DataFrame {
    const byColumn = typeof value === "object";
    const cols = byColumn ? Object.keys(value) : subset === undefined ? [] : [subset].flat();
    const values = (byColumn ? Object.values(value) : [value]).map(fillLiteral);
    const init = { case: "fillNa", value: { input: this.#df.relation, cols, values } } as const;
    return new DataFrame(this.#df.sparkSession, relation("fill", init));
  }

  /** Drops rows with any (or only) nulls in the columns; `thresh`: with fewer than so many values. */
  drop(how: "any" | "all" = "any", options: { thresh?: number; subset?: string | readonly string[] } = {}): DataFrame {
    const cols = options.subset === undefined ? [] : [options.subset].flat();
    const least = options.thresh ?? (how === "all" ? 1 : undefined);
    const minNonNulls = least === undefined ? {} : { minNonNulls: least };
    const init = { case: "dropNa", value: { input: this.#df.relation, cols, ...minNonNulls } } as const;
    return new DataFrame(this.#df.sparkSession, relation("drop", init));
  }

  /** Replaces values by others. */
  replace(replacements: ReadonlyMap<LiteralValue, LiteralValue>, subset?: string | readonly string[]): DataFrame {
    return this.#df.replace(replacements, subset);
  }
}

/** Spark takes BIGINT here, not INT. */
function fillLiteral(value: FillValue) {
  return literal(Number.isSafeInteger(value) ? BigInt(value as number) : value);
}
