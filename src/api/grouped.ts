/** Rows in groups, made by `groupBy`, `rollup` or `cube`; aggregates make it a DataFrame again. */

import { SluiceError } from "../errors/error.ts";
import type { Expression, Expression_Literal } from "../plan/messages.ts";
import { Column, type ColumnOrName, columnExpression } from "./column.ts";
import { DataFrame } from "./dataframe.ts";
import { attribute, call, plain } from "./expression.ts";
import { type LiteralValue, literal } from "./literal.ts";
import { relation } from "./relation.ts";

const GROUP_TYPES = { groupBy: 1, rollup: 2, cube: 3, pivot: 4 } as const;

interface Pivot {
  readonly col: Expression;
  readonly values: Expression_Literal[];
}

export class GroupedData {
  readonly #df: DataFrame;
  readonly #kind: keyof typeof GROUP_TYPES;
  readonly #grouping: readonly Expression[];
  readonly #pivot: Pivot | undefined;

  constructor(df: DataFrame, kind: keyof typeof GROUP_TYPES, grouping: readonly Expression[], pivot?: Pivot) {
    this.#df = df;
    this.#kind = kind;
    this.#grouping = grouping;
    this.#pivot = pivot;
  }

  /** Aggregates as columns, `agg(avg("celsius"), count("*").alias("n"))`, or by name, `agg({ celsius: "avg" })`. */
  agg(...aggregates: Column[] | [Readonly<Record<string, string>>]): DataFrame {
    const expressions = aggregates.flatMap((aggregate) =>
      aggregate instanceof Column
        ? [aggregate.expression]
        : Object.entries(aggregate).map(([name, fn]) => call(fn, [attribute(name)])),
    );
    return this.#aggregate("agg", expressions);
  }

  /** Rows in each group, as `count`. */
  count(): DataFrame {
    const one = plain({ case: "literal", value: literal(1) });
    return this.#aggregate("count", [new Column(call("count", [one])).alias("count").expression]);
  }

  sum(...columns: ColumnOrName[]): DataFrame {
    return this.#each("sum", columns);
  }
  avg(...columns: ColumnOrName[]): DataFrame {
    return this.#each("avg", columns);
  }
  mean(...columns: ColumnOrName[]): DataFrame {
    return this.#each("avg", columns);
  }
  min(...columns: ColumnOrName[]): DataFrame {
    return this.#each("min", columns);
  }
  max(...columns: ColumnOrName[]): DataFrame {
    return this.#each("max", columns);
  }

  /** The values of a column become columns. Name the values: without them the engine has to look for them first. */
  pivot(column: ColumnOrName, values: readonly LiteralValue[] = []): GroupedData {
    if (this.#kind !== "groupBy") {
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `pivot() after ${this.#kind}()`,
        where: "",
        hint: "Use groupBy(…).pivot(…).",
      });
    }
    const pivot = { col: columnExpression(column), values: values.map((v) => literal(v)) };
    return new GroupedData(this.#df, "pivot", this.#grouping, pivot);
  }

  #each(name: string, columns: readonly ColumnOrName[]): DataFrame {
    if (columns.length === 0) {
      throw new SluiceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
        functionName: `\`${name}\``,
        expectedNum: "> 0",
        actualNum: 0,
        args: "column, …",
      });
    }
    return this.#aggregate(
      name,
      columns.map((column) => call(name, [columnExpression(column)])),
    );
  }

  #aggregate(fragment: string, aggregateExpressions: Expression[]): DataFrame {
    const value = {
      input: this.#df.relation,
      groupType: GROUP_TYPES[this.#kind],
      groupingExpressions: [...this.#grouping],
      aggregateExpressions,
      ...(this.#pivot && { pivot: this.#pivot }),
    };
    return new DataFrame(this.#df.sparkSession, relation(fragment, { case: "aggregate", value }));
  }
}
