/**
 * Rows with named, typed columns: a query that hasn't run yet. Methods make new DataFrames and run nothing; those that
 * answer with a promise (`collect`, `show`, `schema`, …) ask the engine.
 *
 * @example
 * const hot = readings.filter(col("celsius").gt(40)).groupBy("site").agg(count("*").alias("n"));
 * await hot.show();
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { toProtoType } from "../plan/data-types.ts";
import type { Expression, NAReplaceSchema, Relation } from "../plan/messages.ts";
import type { StructType } from "../types/types.ts";
import * as actions from "./actions.ts";
import { Column, type ColumnOrName, columnExpression } from "./column.ts";
import type { ExplainMode } from "./engine.ts";
import { attribute, call, plain, sortOrder, sqlText } from "./expression.ts";
import { GroupedData } from "./grouped.ts";
import { type JoinHow, joinInit } from "./join.ts";
import { type LiteralValue, literal } from "./literal.ts";
import { type FillValue, NullFunctions } from "./na.ts";
import { attachObservation, type Observation } from "./observation.ts";
import { type RelationInit, relation } from "./relation.ts";
import type { AnyColumns, Row, RowOf } from "./row.ts";
import type { SparkSession } from "./session.ts";
import { DataStreamWriter } from "./stream-writer.ts";
import { DataFrameWriter } from "./writer.ts";

export class DataFrame {
  readonly sparkSession: SparkSession;
  /** The plan's form of this DataFrame. */
  readonly relation: Relation;

  constructor(sparkSession: SparkSession, relation: Relation) {
    this.sparkSession = sparkSession;
    this.relation = relation;
  }

  // Columns

  /** A column of this DataFrame, also where another one has the same name (after a join). */
  col(name: string): Column {
    return new Column(attribute(name, this.relation.common?.planId));
  }

  select(...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): DataFrame {
    return this.#next("select", {
      case: "project",
      value: { input: this.relation, expressions: (columns.flat() as ColumnOrName[]).map(columnExpression) },
    });
  }

  /** Columns as SQL text: `selectExpr("device", "celsius * 1.8 + 32 AS fahrenheit")`. */
  selectExpr(...expressions: string[]): DataFrame {
    return this.#next("selectExpr", {
      case: "project",
      value: { input: this.relation, expressions: expressions.map(sqlText) },
    });
  }

  /** Adds a column, or replaces the one of that name. */
  withColumn(name: string, column: Column): DataFrame {
    return this.#withColumns("withColumn", { [name]: column });
  }

  withColumns(columns: Readonly<Record<string, Column>>): DataFrame {
    return this.#withColumns("withColumns", columns);
  }

  withColumnRenamed(existing: string, renamed: string): DataFrame {
    return this.#renamed("withColumnRenamed", { [existing]: renamed });
  }

  withColumnsRenamed(names: Readonly<Record<string, string>>): DataFrame {
    return this.#renamed("withColumnsRenamed", names);
  }

  /** All columns but these; a name that isn't there is ignored. */
  drop(...columns: ColumnOrName[]): DataFrame {
    const columnNames = columns.filter((c) => typeof c === "string");
    const expressions = columns.filter((c) => c instanceof Column).map((c) => c.expression);
    return this.#next("drop", { case: "drop", value: { input: this.relation, columnNames, columns: expressions } });
  }

  /** Names all columns anew, by position. */
  toDF(...columnNames: string[]): DataFrame {
    return this.#next("toDF", { case: "toDf", value: { input: this.relation, columnNames } });
  }

  /** Casts and reorders the columns to a schema. */
  to(schema: StructType): DataFrame {
    return this.#next("to", { case: "toSchema", value: { input: this.relation, schema: toProtoType(schema) } });
  }

  /** Gives the DataFrame a name: `col("name.column")`. */
  alias(name: string): DataFrame {
    return this.#next("alias", { case: "subqueryAlias", value: { input: this.relation, alias: name } });
  }

  // Rows

  /** The rows for which the condition, a column or SQL text, is true. */
  filter(condition: ColumnOrName): DataFrame {
    return this.#filter("filter", condition);
  }

  where(condition: ColumnOrName): DataFrame {
    return this.#filter("where", condition);
  }

  distinct(): DataFrame {
    return this.#next("distinct", { case: "deduplicate", value: { input: this.relation, allColumnsAsKeys: true } });
  }

  /** One row for each value of the named columns, or of all. In a stream, keys are kept until the watermark passes them. */
  dropDuplicates(...columns: readonly (string | readonly string[])[]): DataFrame {
    return this.#deduplicate("dropDuplicates", columns.flat() as string[], false);
  }

  /** One row for each value of the columns among rows whose event times differ by less than the watermark's delay. */
  dropDuplicatesWithinWatermark(...columns: readonly (string | readonly string[])[]): DataFrame {
    return this.#deduplicate("dropDuplicatesWithinWatermark", columns.flat() as string[], true);
  }

  /** Declares the event-time column, and how late behind the newest one a row may come: `"10 minutes"`. */
  withWatermark(eventTime: string, delayThreshold: string): DataFrame {
    return this.#next("withWatermark", {
      case: "withWatermark",
      value: { input: this.relation, eventTime, delayThreshold },
    });
  }

  orderBy(...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): DataFrame {
    return this.#sort("orderBy", columns.flat() as ColumnOrName[], true);
  }

  sort(...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): DataFrame {
    return this.#sort("sort", columns.flat() as ColumnOrName[], true);
  }

  sortWithinPartitions(...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): DataFrame {
    return this.#sort("sortWithinPartitions", columns.flat() as ColumnOrName[], false);
  }

  limit(limit: number): DataFrame {
    return this.#next("limit", { case: "limit", value: { input: this.relation, limit } });
  }

  offset(offset: number): DataFrame {
    return this.#next("offset", { case: "offset", value: { input: this.relation, offset } });
  }

  /** About `fraction` of the rows, chosen at random; the same rows for the same seed. */
  sample(fraction: number, options: { withReplacement?: boolean; seed?: number } = {}): DataFrame {
    const { withReplacement = false, seed = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER) } = options;
    const value = { input: this.relation, lowerBound: 0, upperBound: fraction, withReplacement, seed: BigInt(seed) };
    return this.#next("sample", { case: "sample", value });
  }

  // Groups

  groupBy(...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): GroupedData {
    return new GroupedData(this, "groupBy", (columns.flat() as ColumnOrName[]).map(columnExpression));
  }

  groupby(...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): GroupedData {
    return this.groupBy(...columns);
  }

  rollup(...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): GroupedData {
    return new GroupedData(this, "rollup", (columns.flat() as ColumnOrName[]).map(columnExpression));
  }

  cube(...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): GroupedData {
    return new GroupedData(this, "cube", (columns.flat() as ColumnOrName[]).map(columnExpression));
  }

  /** Aggregates over all rows. */
  agg(...aggregates: Column[] | [Readonly<Record<string, string>>]): DataFrame {
    return this.groupBy().agg(...aggregates);
  }

  /** Columns to rows: for each of `values` a row with the column's name and its value. */
  unpivot(
    ids: readonly ColumnOrName[],
    values: readonly ColumnOrName[] | null,
    variableColumnName: string,
    valueColumnName: string,
  ): DataFrame {
    const columns = values === null ? undefined : { values: values.map(columnExpression) };
    const value = {
      input: this.relation,
      ids: ids.map(columnExpression),
      values: columns,
      variableColumnName,
      valueColumnName,
    };
    return this.#next("unpivot", { case: "unpivot", value });
  }

  melt(
    ids: readonly ColumnOrName[],
    values: readonly ColumnOrName[] | null,
    variableColumnName: string,
    valueColumnName: string,
  ): DataFrame {
    return this.unpivot(ids, values, variableColumnName, valueColumnName);
  }

  // Several DataFrames

  /** Joins by the columns of the same name (one or several), or by a condition. `how` is Spark's: inner, left, … */
  join(
    other: DataFrame,
    on?: string | readonly string[] | Column | readonly Column[],
    how: JoinHow = "inner",
  ): DataFrame {
    return this.#next("join", { case: "join", value: joinInit(this.relation, other.relation, on, how) });
  }

  crossJoin(other: DataFrame): DataFrame {
    return this.#next("crossJoin", {
      case: "join",
      value: joinInit(this.relation, other.relation, undefined, "cross"),
    });
  }

  /** The rows of both, columns by position; keeps duplicates. */
  union(other: DataFrame): DataFrame {
    return this.#setOperation("union", other, 2, true);
  }

  unionAll(other: DataFrame): DataFrame {
    return this.#setOperation("unionAll", other, 2, true);
  }

  /** The rows of both, columns by name. */
  unionByName(other: DataFrame, options: { allowMissingColumns?: boolean } = {}): DataFrame {
    const { allowMissingColumns = false } = options;
    return this.#setOperation("unionByName", other, 2, true, { byName: true, allowMissingColumns });
  }

  intersect(other: DataFrame): DataFrame {
    return this.#setOperation("intersect", other, 1, false);
  }

  intersectAll(other: DataFrame): DataFrame {
    return this.#setOperation("intersectAll", other, 1, true);
  }

  /** The distinct rows that aren't in `other`. */
  subtract(other: DataFrame): DataFrame {
    return this.#setOperation("subtract", other, 3, false);
  }

  exceptAll(other: DataFrame): DataFrame {
    return this.#setOperation("exceptAll", other, 3, true);
  }

  // Nulls

  get na(): NullFunctions {
    return new NullFunctions(this);
  }

  fillna(value: FillValue | Readonly<Record<string, FillValue>>, subset?: string | readonly string[]): DataFrame {
    return this.na.fill(value, subset);
  }

  dropna(
    how: "any" | "all" = "any",
    options: { thresh?: number; subset?: string | readonly string[] } = {},
  ): DataFrame {
    return this.na.drop(how, options);
  }

  replace(replacements: ReadonlyMap<LiteralValue, LiteralValue>, subset?: string | readonly string[]): DataFrame {
    const value: MessageInitShape<typeof NAReplaceSchema> = {
      input: this.relation,
      cols: subset === undefined ? [] : [subset].flat(),
      replacements: [...replacements].map(([from, to]) => ({ oldValue: literal(from), newValue: literal(to) })),
    };
    return this.#next("replace", { case: "replace", value });
  }

  // For the optimiser, and for watching

  hint(name: string, ...parameters: LiteralValue[]): DataFrame {
    const values = parameters.map((p) => plain({ case: "literal", value: literal(p) }));
    return this.#next("hint", { case: "hint", value: { input: this.relation, name, parameters: values } });
  }

  repartition(numPartitions: number | ColumnOrName, ...columns: ColumnOrName[]): DataFrame {
    if (typeof numPartitions === "number" && columns.length === 0) {
      return this.#next("repartition", {
        case: "repartition",
        value: { input: this.relation, numPartitions, shuffle: true },
      });
    }
    const named = typeof numPartitions === "number" ? columns : [numPartitions, ...columns];
    const count = typeof numPartitions === "number" ? { numPartitions } : {};
    const value = { input: this.relation, partitionExprs: named.map(columnExpression), ...count };
    return this.#next("repartition", { case: "repartitionByExpression", value });
  }

  coalesce(numPartitions: number): DataFrame {
    return this.#next("coalesce", {
      case: "repartition",
      value: { input: this.relation, numPartitions, shuffle: false },
    });
  }

  /**
   * Aggregates of the rows that pass here. An `Observation` has them when the first action has ended; by name, a stream has them
   * in each progress under `observedMetrics`.
   *
   * @throws REUSE_OBSERVATION when the observation has been given to a DataFrame before
   */
  observe(observation: Observation | string, ...metrics: Column[]): DataFrame {
    const name = typeof observation === "string" ? observation : observation.name;
    const value = { input: this.relation, name, metrics: metrics.map((m) => m.expression) };
    const observed = this.#next("observe", { case: "collectMetrics", value });
    if (typeof observation !== "string") attachObservation(observation, observed.relation);
    return observed;
  }

  /** `f(this)`: for chaining your own functions. */
  transform<A extends unknown[], R>(f: (df: DataFrame, ...args: A) => R, ...args: A): R {
    return f(this, ...args);
  }

  // What it is

  async schema(): Promise<StructType> {
    return (await this.sparkSession.engine()).schema(this.relation);
  }

  async columns(): Promise<string[]> {
    return (await this.schema()).fields.map((field) => field.name);
  }

  /** Pairs of name and type, e.g. `["celsius", "double"]`. */
  async dtypes(): Promise<[name: string, type: string][]> {
    return actions.dtypes(await this.schema());
  }

  async isStreaming(): Promise<boolean> {
    return (await this.sparkSession.engine()).isStreaming(this.relation);
  }

  /** Prints the schema as a tree. */
  async printSchema(): Promise<void> {
    console.log(actions.schemaTree(await this.schema()));
  }

  /** Prints how the engine runs this: `"extended"` adds the logical plans, `"codegen"` the generated code. */
  async explain(mode: ExplainMode | boolean = "simple"): Promise<void> {
    const name = typeof mode === "boolean" ? (mode ? "extended" : "simple") : mode;
    console.log(await (await this.sparkSession.engine()).explain(this.relation, name));
  }

  // Running it

  /** All rows. `T` names the columns' types: `await df.collect<{ site: string; n: number }>()`. */
  async collect<T = AnyColumns>(): Promise<RowOf<T>[]> {
    return (await actions.collect(this)) as RowOf<T>[];
  }

  /** All rows, as plain objects. */
  async toArray<T = Record<string, unknown>>(): Promise<T[]> {
    return (await actions.collect(this)).map((row) => row.toObject() as T);
  }

  /** The rows one by one, as the engine makes them. */
  async *toLocalIterator<T = AnyColumns>(): AsyncGenerator<RowOf<T>, void, undefined> {
    for await (const row of actions.iterate(this)) yield row as RowOf<T>;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Row & AnyColumns, void, undefined> {
    return this.toLocalIterator();
  }

  /** The first row, or undefined when there is none. */
  async first<T = AnyColumns>(): Promise<RowOf<T> | undefined> {
    return (await this.take<T>(1))[0];
  }

  async head<T = AnyColumns>(count = 1): Promise<RowOf<T>[]> {
    return this.take<T>(count);
  }

  async take<T = AnyColumns>(count: number): Promise<RowOf<T>[]> {
    return this.limit(count).collect<T>();
  }

  async tail<T = AnyColumns>(count: number): Promise<RowOf<T>[]> {
    return this.#next("tail", { case: "tail", value: { input: this.relation, limit: count } }).collect<T>();
  }

  async count(): Promise<number> {
    const one = new Column(call("count", [plain({ case: "literal", value: literal(1) })])).alias("count");
    const [row] = await this.agg(one).collect<{ count: number }>();
    return row.count;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.take(1)).length === 0;
  }

  /** Prints the first rows as a table. `truncate` cuts longer cells (true: at 20 characters). */
  async show(numRows = 20, truncate: boolean | number = true, vertical = false): Promise<void> {
    console.log(await actions.showString(this, numRows, truncate === true ? 20 : Number(truncate), vertical));
  }

  /** Makes the DataFrame readable by name in SQL and `spark.table`, for this session. */
  async createOrReplaceTempView(name: string): Promise<void> {
    await actions.createView(this, name, true);
  }

  async createTempView(name: string): Promise<void> {
    await actions.createView(this, name, false);
  }

  /** Saves the rows. */
  get write(): DataFrameWriter {
    return new DataFrameWriter(this);
  }

  /** Starts a streaming query. */
  get writeStream(): DataStreamWriter {
    return new DataStreamWriter(this);
  }

  #next(fragment: string, init: RelationInit): DataFrame {
    return new DataFrame(this.sparkSession, relation(fragment, init));
  }

  #filter(fragment: string, condition: ColumnOrName): DataFrame {
    const expression: Expression = typeof condition === "string" ? sqlText(condition) : condition.expression;
    return this.#next(fragment, { case: "filter", value: { input: this.relation, condition: expression } });
  }

  #withColumns(fragment: string, columns: Readonly<Record<string, Column>>): DataFrame {
    const aliases = Object.entries(columns).map(([name, column]) => ({ expr: column.expression, name: [name] }));
    return this.#next(fragment, { case: "withColumns", value: { input: this.relation, aliases } });
  }

  #renamed(fragment: string, names: Readonly<Record<string, string>>): DataFrame {
    const renames = Object.entries(names).map(([colName, newColName]) => ({ colName, newColName }));
    return this.#next(fragment, { case: "withColumnsRenamed", value: { input: this.relation, renames } });
  }

  #deduplicate(fragment: string, columnNames: string[], withinWatermark: boolean): DataFrame {
    const keys = columnNames.length === 0 ? { allColumnsAsKeys: true } : { columnNames };
    return this.#next(fragment, { case: "deduplicate", value: { input: this.relation, ...keys, withinWatermark } });
  }

  #sort(fragment: string, columns: ColumnOrName[], isGlobal: boolean): DataFrame {
    const order = columns.map((c) => sortOrder(columnExpression(c)));
    return this.#next(fragment, { case: "sort", value: { input: this.relation, order, isGlobal } });
  }

  #setOperation(
    fragment: string,
    other: DataFrame,
    setOpType: 1 | 2 | 3,
    isAll: boolean,
    names: object = {},
  ): DataFrame {
    const value = { leftInput: this.relation, rightInput: other.relation, setOpType, isAll, ...names };
    return this.#next(fragment, { case: "setOp", value });
  }
}
