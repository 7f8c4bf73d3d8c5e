/** Relations in batch: joins, groups, sets, order, nulls, windows of rows, SQL text. */

import * as F from "../../../src/functions.ts";
import { type DataFrame, Decimal, Window } from "../../../src/index.ts";
import type { Case, Gap, Input, Table } from "../case.ts";
import { nested, numbers, small, strings, times } from "./inputs.ts";

const orders: Table = {
  schema: "id INT, customer STRING, amount DOUBLE, price DECIMAL(8,2), at TIMESTAMP",
  rows: [
    [1, "ann", 10.5, Decimal.from("10.50"), "2024-01-01T10:00:00Z"],
    [2, "bob", Number.NaN, Decimal.from("20.25"), "2024-01-01T10:00:05Z"],
    [3, "ann", -0, Decimal.from("-3.10"), "2024-01-01T10:00:12Z"],
    [4, null, 5, null, "2024-01-01T10:01:00Z"],
    [5, "eve", null, Decimal.from("0.01"), null],
    [6, "bob", 7.25, Decimal.from("20.25"), "2024-01-01T10:00:09.999999Z"],
    [7, "ann", 0, Decimal.from("1.00"), "2024-01-01T10:00:10Z"],
    [8, "ann", 10.5, Decimal.from("10.50"), "2024-01-01T10:00:00Z"],
  ],
};
const customers: Table = {
  schema: "customer STRING, city STRING, grade INT",
  rows: [
    ["ann", "Athens", 1],
    ["bob", "Berlin", null],
    ["zoe", "Zagreb", 3],
    [null, "Nowhere", 4],
    ["ann", "Arta", 2],
  ],
};
const tables = { orders, customers, numbers, small, strings, times, nested };

type Program = (input: Input) => DataFrame | Promise<DataFrame>;
const joins = ["inner", "left", "right", "full", "leftsemi", "leftanti"] as const;

const joinPrograms: Record<string, Program> = {};
for (const how of joins) {
  joinPrograms[`join by column name, ${how}`] = ({ table }) =>
    table("orders").join(table("customers"), "customer", how);
  joinPrograms[`join by condition, ${how}`] = ({ table }) => {
    const [o, c] = [table("orders"), table("customers")];
    return o.join(
      c,
      o
        .col("customer")
        .eq(c.col("customer"))
        .and(o.col("id").gt(c.col("grade"))),
      how,
    );
  };
  joinPrograms[`join by null-safe equality, ${how}`] = ({ table }) => {
    const [o, c] = [table("orders"), table("customers")];
    return o.join(c, o.col("customer").eqNullSafe(c.col("customer")), how);
  };
}

const groups: Record<string, Program> = {
  "groupBy count": ({ table }) => table("orders").groupBy("customer").count(),
  "groupBy several aggregates": ({ table }) =>
    table("orders")
      .groupBy("customer")
      .agg(F.count("*"), F.count("amount"), F.sum("amount"), F.avg("amount"), F.min("amount"), F.max("amount")),
  "aggregates of DECIMAL": ({ table }) =>
    table("orders").groupBy("customer").agg(F.sum("price"), F.avg("price"), F.min("price"), F.max("price")),
  "aggregates of TIMESTAMP": ({ table }) => table("orders").groupBy("customer").agg(F.min("at"), F.max("at")),
  "aggregates without groups": ({ table }) => table("orders").agg(F.count("*").alias("n"), F.sum("id"), F.avg("price")),
  "aggregates of no rows": ({ table }) =>
    table("orders").filter("id > 100").agg(F.count("*"), F.sum("id"), F.max("customer"), F.collect_list("id")),
  "groups of no rows": ({ table }) => table("orders").filter("id > 100").groupBy("customer").agg(F.sum("id")),
  "agg by name": ({ table }) => table("orders").groupBy("customer").agg({ id: "max", price: "sum" }),
  "groupBy DOUBLE with NaN and -0": ({ table }) => table("orders").groupBy("amount").count(),
  "groupBy an expression": ({ table }) => table("orders").groupBy(F.col("id").mod(3).alias("m")).agg(F.sum("id")),
  "groupBy a window of time": ({ table }) =>
    table("orders").groupBy(F.window("at", "10 seconds"), "customer").agg(F.count("*").alias("n"), F.sum("price")),
  "groupBy a sliding window": ({ table }) =>
    table("orders")
      .groupBy(F.window("at", "10 seconds", "5 seconds"))
      .agg(F.count("*").alias("n")),
  "groupBy a window that a left join hasn't found": ({ table }) => {
    const windows = table("orders").groupBy(F.window("at", "10 seconds"), "customer").agg(F.count("*").alias("n"));
    return table("customers")
      .join(windows, "customer", "left")
      .groupBy("window")
      .agg(F.count("*").alias("rows"), F.sum("n").alias("n"));
  },
  "cube of a window of time": ({ table }) =>
    table("orders").cube(F.window("at", "10 seconds"), "customer").agg(F.count("*").alias("n")),
  "groupBy a sliding window that a left join hasn't found": ({ table }) => {
    const windows = table("orders")
      .groupBy(F.window("at", "10 seconds", "5 seconds").alias("w"), "customer")
      .agg(F.count("*").alias("n"));
    return table("customers").join(windows, "customer", "left").groupBy("w").agg(F.sum("n").alias("n"));
  },
  "groupBy sliding windows of both sides of a union": ({ table }) => {
    const windows = table("orders")
      .groupBy(F.window("at", "10 seconds", "5 seconds").alias("w"))
      .agg(F.count("*").alias("n"));
    return windows
      .union(table("orders").select(F.lit(null).cast("struct<start: timestamp, end: timestamp>"), F.lit(1)))
      .groupBy("w")
      .agg(F.sum("n").alias("n"));
  },
  "to_json of a row with a sliding window": ({ table }) =>
    table("orders")
      .groupBy(F.window("at", "10 seconds", "5 seconds").alias("w"))
      .agg(F.max("price").alias("most"))
      .select(F.to_json(F.struct("*")).alias("json")),
  "to_json of a row with a window": ({ table }) =>
    table("orders")
      .groupBy(F.window("at", "10 seconds").alias("w"), "customer")
      .agg(F.count("*").alias("n"), F.avg("amount").alias("mean"), F.sum("price").alias("sum"))
      .select("customer", F.to_json(F.struct("*"))),
  "to_json of a row with a window that a left join hasn't found": ({ table }) => {
    const windows = table("orders").groupBy(F.window("at", "10 seconds"), "customer").count();
    return table("customers")
      .join(windows, "customer", "left")
      .select(F.to_json(F.struct("*")));
  },
  "groupBy a session window": ({ table }) =>
    table("orders").groupBy(F.session_window("at", "5 seconds"), "customer").agg(F.count("*").alias("n")),
  "groupBy a struct": ({ table }) => table("nested").groupBy("p").count(),
  "groupBy an array": ({ table }) => table("nested").groupBy("b").count(),
  rollup: ({ table }) => table("orders").rollup("customer", "price").agg(F.count("*").alias("n"), F.sum("id")),
  cube: ({ table }) => table("orders").cube("customer", "price").agg(F.count("*").alias("n"), F.grouping("price")),
  "pivot with values": ({ table }) =>
    table("orders").groupBy("price").pivot("customer", ["ann", "bob"]).agg(F.sum("id")),
  "pivot with two aggregates": ({ table }) =>
    table("orders").groupBy().pivot("customer", ["ann", "bob"]).agg(F.sum("id").alias("s"), F.count("*").alias("n")),
  "count distinct": ({ table }) => table("orders").agg(F.count_distinct("customer"), F.count_distinct("amount")),
  "count distinct of two columns": ({ table }) => table("orders").agg(F.count_distinct("customer", "price")),
  "sum distinct": ({ table }) => table("orders").groupBy("customer").agg(F.sum_distinct("price")),
  approx_count_distinct: ({ table }) =>
    table("orders").agg(F.approx_count_distinct("customer"), F.approx_count_distinct("id")),
  "collect_list and collect_set": ({ table }) =>
    table("orders")
      .groupBy("customer")
      .agg(F.sort_array(F.collect_list("id")), F.sort_array(F.collect_set("price"))),
  "first and last": ({ table }) =>
    table("orders")
      .filter("id = 1 OR id = 2")
      .groupBy("id")
      .agg(F.first("customer"), F.last("price"), F.any_value("at")),
  "min_by and max_by": ({ table }) =>
    table("orders").agg(F.min_by("id", "price"), F.max_by("customer", "price"), F.max_by("id", "amount")),
  "stddev and variance": ({ table }) =>
    table("orders").agg(F.stddev("id"), F.stddev_pop("id"), F.variance("id"), F.var_pop("id"), F.stddev("price")),
  "stddev by group": ({ table }) => table("orders").groupBy("customer").agg(F.stddev("id"), F.variance("amount")),
  "corr and covariance": ({ table }) =>
    table("orders").agg(
      F.round(F.corr("id", "price"), 9),
      F.round(F.covar_pop("id", "price"), 9),
      F.round(F.covar_samp("id", "price"), 9),
    ),
  "skewness and kurtosis": ({ table }) =>
    table("orders").agg(F.round(F.skewness("id"), 9), F.round(F.kurtosis("price"), 9)),
  percentile_approx: ({ table }) =>
    table("orders").agg(
      F.percentile_approx("id", 0.5),
      F.percentile_approx("price", [0.25, 0.75]),
      F.percentile_approx("id", 0.9, 100),
    ),
  percentile: ({ table }) => table("orders").agg(F.percentile("id", 0.3), F.median("price")),
  "bool_and and bool_or": ({ table }) =>
    table("orders")
      .groupBy("customer")
      .agg(F.bool_and(F.col("id").gt(2)), F.bool_or(F.col("id").gt(5)), F.count_if(F.col("id").gt(2))),
  "bit aggregates": ({ table }) => table("orders").agg(F.bit_and("id"), F.bit_or("id"), F.bit_xor("id")),
  mode: ({ table }) => table("orders").agg(F.mode("customer")),
  "sum of INT is BIGINT": ({ table }) => table("small").agg(F.sum("i"), F.sum("l"), F.sum("d"), F.sum("m"), F.avg("l")),
  try_sum: ({ table }) => table("numbers").filter("l > 5").agg(F.try_sum("l")),
  "sum of BIGINT overflows": ({ table }) => table("numbers").filter("l > 5").agg(F.sum("l")),
  "max of BIGINT beyond 2^53": ({ table }) =>
    table("numbers").groupBy(F.col("l").gt(0)).agg(F.max("l"), F.min("l"), F.count("l")),
  "min and max of NaN": ({ table }) => table("numbers").agg(F.min("d"), F.max("d"), F.min("f"), F.max("f"), F.avg("d")),
  "aggregate with a filter": ({ table }) =>
    table("orders").groupBy("customer").agg(F.expr("count(*) FILTER (WHERE id > 2)").alias("n")),
  "expression of aggregates": ({ table }) =>
    table("orders")
      .groupBy("customer")
      .agg(F.sum("id").divide(F.count("*")).alias("mean"), F.max("id").minus(F.min("id")).alias("span")),
  having: ({ table }) => table("orders").groupBy("customer").agg(F.count("*").alias("n")).filter("n > 1"),
};

const shapes: Record<string, Program> = {
  "select star": ({ table }) => table("orders").select("*"),
  "names of expressions": ({ table }) =>
    table("orders").select(
      F.col("id").plus(1),
      F.col("price").multiply(2),
      F.upper("customer"),
      F.lit("x"),
      F.col("id").gt(3).and(F.col("id").lt(6)).not(),
    ),
  "names of casts and conditions": ({ table }) =>
    table("orders").select(
      F.col("id").cast("string"),
      F.when(F.col("id").gt(3), 1).otherwise(2),
      F.col("customer").isNull(),
      F.coalesce("customer", F.lit("?")),
    ),
  selectExpr: ({ table }) => table("orders").selectExpr("id", "id * 2 AS twice", "upper(customer) name", "price + 1.5"),
  "filter by SQL text": ({ table }) => table("orders").filter("customer = 'ann' AND amount >= 0"),
  "filter drops null conditions": ({ table }) => table("orders").filter(F.col("amount").gt(5)),
  withColumn: ({ table }) =>
    table("orders").withColumn("id", F.col("id").multiply(10)).withColumn("new", F.col("id").plus(1)),
  withColumns: ({ table }) => table("orders").withColumns({ id: F.col("id").plus(1), other: F.col("id") }),
  withColumnRenamed: ({ table }) => table("orders").withColumnRenamed("id", "key").withColumnRenamed("nope", "x"),
  drop: ({ table }) => table("orders").drop("price", "nope", "at"),
  toDF: ({ table }) => table("customers").toDF("a", "b", "c"),
  alias: ({ table }) =>
    table("orders")
      .alias("o")
      .join(table("customers").alias("c"), F.col("o.customer").eq(F.col("c.customer")))
      .select("o.id", "c.*"),
  distinct: ({ table }) => table("orders").select("customer", "amount").distinct(),
  "distinct of DOUBLE": ({ table }) => table("orders").select("amount").distinct(),
  "dropDuplicates by a column": ({ table }) => table("orders").dropDuplicates(["customer"]).select("customer"),
  union: ({ table }) => table("customers").union(table("customers").select("city", "customer", "grade")),
  "union of types": ({ table }) => table("orders").select("id", "customer").union(table("small").select("d", "i")),
  unionByName: ({ table }) => table("customers").unionByName(table("customers").select("grade", "city", "customer")),
  "unionByName with missing columns": ({ table }) =>
    table("customers").unionByName(table("orders").select("customer", "id"), { allowMissingColumns: true }),
  intersect: ({ table }) => table("orders").select("customer").intersect(table("customers").select("customer")),
  intersectAll: ({ table }) => table("orders").select("customer").intersectAll(table("customers").select("customer")),
  subtract: ({ table }) => table("orders").select("customer").subtract(table("customers").select("customer")),
  exceptAll: ({ table }) => table("orders").select("customer").exceptAll(table("customers").select("customer")),
  crossJoin: ({ table }) => table("customers").select("city").crossJoin(table("customers").select("grade")),
  "self join": ({ table }) => {
    const o = table("orders");
    const other = o.select(F.col("id").alias("other"), "customer");
    return o.join(other, "customer").select("id", "other");
  },
  "na.fill": ({ table }) => table("orders").na.fill("none").na.fill(0),
  "na.fill by column": ({ table }) => table("orders").na.fill({ customer: "?", amount: 1.5 }),
  "na.drop": ({ table }) => table("orders").na.drop(),
  "na.drop of all": ({ table }) => table("numbers").na.drop("all"),
  "na.drop by columns": ({ table }) => table("orders").na.drop("any", { subset: ["customer"] }),
  "na.drop with thresh": ({ table }) => table("orders").na.drop("any", { thresh: 4 }),
  replace: ({ table }) =>
    table("customers").replace(
      new Map([
        ["ann", "anna"],
        ["bob", "robert"],
      ]),
    ),
  unpivot: ({ table }) => table("small").unpivot(["j"], ["i", "l"], "name", "value"),
  offset: ({ table }) => table("orders").orderBy("id").offset(5),
  "range with step": ({ spark }) => spark.range(10, -5, -4),
  "values of SQL": ({ spark }) => spark.sql("SELECT * FROM VALUES (1, 'a'), (2, NULL) AS t(x, y)"),
  "literals of SQL": ({ spark }) =>
    spark.sql(
      "SELECT 1, 1L, 1.5, 1e3, 'x', true, NULL, DATE '2024-02-29', TIMESTAMP '2024-01-01 00:00:00', X'1F', 1.5BD, 2S, 3Y, 1.5F",
    ),
  "SQL arguments": ({ spark }) => spark.sql("SELECT :a + 1 AS x, upper(:b) AS y", { a: 41, b: "text" }),
  "SQL with a CTE and a subquery": async ({ spark, table }) => {
    await table("orders").createOrReplaceTempView("conformance_orders");
    return spark.sql(
      "WITH big AS (SELECT customer, sum(id) AS total FROM conformance_orders GROUP BY customer HAVING count(*) > 1) " +
        "SELECT b.*, (SELECT max(id) FROM conformance_orders) AS top FROM big b WHERE customer IN (SELECT customer FROM conformance_orders WHERE id < 3)",
    );
  },
  "SQL CASE, BETWEEN, IN, LIKE": async ({ spark, table }) => {
    await table("orders").createOrReplaceTempView("conformance_orders");
    return spark.sql(
      "SELECT id, CASE WHEN id BETWEEN 2 AND 4 THEN 'mid' WHEN customer LIKE 'a%' THEN 'a' ELSE 'rest' END AS c, id IN (1, 2, NULL) AS i, customer NOT IN ('ann') AS n FROM conformance_orders",
    );
  },
  "SQL GROUP BY ordinal and alias": async ({ spark, table }) => {
    await table("orders").createOrReplaceTempView("conformance_orders");
    return spark.sql("SELECT customer AS c, count(*) AS n FROM conformance_orders GROUP BY c ORDER BY 2 DESC, 1");
  },
  "error: ambiguous column": ({ table }) => table("orders").crossJoin(table("customers")).select("customer"),
  "error: missing aggregate": ({ table }) => table("orders").groupBy("customer").agg(F.col("id")),
  "error: union of different widths": ({ table }) => table("orders").union(table("customers")),
  "error: filter that is no BOOLEAN": ({ table }) => table("orders").filter(F.col("id")),
  "error: no such table": ({ spark }) => spark.table("no_such_table"),
  "error: bad SQL": ({ spark }) => spark.sql("SELEC 1"),
  "error: aggregate in WHERE": ({ table }) => table("orders").filter(F.sum("id").gt(1)),
};

const byCustomer = () => Window.partitionBy("customer").orderBy("id");
const ordered: Record<string, Program> = {
  "orderBy ascending with nulls first": ({ table }) => table("orders").orderBy("customer", "id"),
  "orderBy descending with nulls last": ({ table }) => table("orders").orderBy(F.desc("customer"), F.desc("id")),
  "orderBy with nulls last": ({ table }) => table("orders").orderBy(F.asc_nulls_last("amount"), "id"),
  "orderBy DOUBLE with NaN and -0": ({ table }) => table("orders").orderBy(F.col("amount").desc_nulls_first(), "id"),
  "orderBy DECIMAL": ({ table }) => table("orders").orderBy("price", "id"),
  "orderBy text": ({ table }) => table("strings").select("s", "n").orderBy("s"),
  "orderBy an expression": ({ table }) => table("orders").orderBy(F.col("id").mod(3), F.col("id").desc()),
  "orderBy and limit": ({ table }) => table("orders").orderBy(F.desc("id")).limit(3),
  "limit after offset": ({ table }) => table("orders").orderBy("id").offset(2).limit(3),
  row_number: ({ table }) => table("orders").withColumn("r", F.row_number().over(byCustomer())).orderBy("id"),
  "rank and dense_rank": ({ table }) => {
    const w = Window.partitionBy("customer").orderBy("price");
    return table("orders")
      .select("id", F.rank().over(w).alias("r"), F.dense_rank().over(w).alias("d"), F.percent_rank().over(w).alias("p"))
      .orderBy("id");
  },
  "lag and lead": ({ table }) =>
    table("orders")
      .select("id", F.lag("id").over(byCustomer()).alias("lag"), F.lead("price", 1).over(byCustomer()).alias("lead"))
      .orderBy("id"),
  "running sum": ({ table }) => table("orders").select("id", F.sum("id").over(byCustomer()).alias("s")).orderBy("id"),
  "sum over the partition": ({ table }) =>
    table("orders")
      .select("id", F.sum("id").over(Window.partitionBy("customer")).alias("s"))
      .orderBy("id"),
  "moving average of rows": ({ table }) =>
    table("orders")
      .select("id", F.avg("id").over(byCustomer().rowsBetween(-1, 1)).alias("m"))
      .orderBy("id"),
  ntile: ({ table }) =>
    table("orders")
      .select("id", F.ntile(3).over(Window.orderBy("id")).alias("t"))
      .orderBy("id"),
};

/** Differences that stay for now, by case. */
const gaps: Readonly<Record<string, Gap>> = {};

const make = (programs: Readonly<Record<string, Program>>, isOrdered: boolean): Case[] =>
  Object.entries(programs).map(([name, program]) => ({
    kind: "batch",
    name,
    tables,
    ...(isOrdered && { ordered: true }),
    ...(gaps[name] && { gap: gaps[name] }),
    program,
  }));

export const cases: readonly Case[] = [
  ...make(joinPrograms, false),
  ...make(groups, false),
  ...make(shapes, false),
  ...make(ordered, true),
];
