"""Records the columns, or the error's condition, of DataFrames on a Spark Connect server, for dataframe.test.ts.

Run it with a Python that has pyspark[connect] 4.2:
    python test/analyze/recorded/record_dataframes.py
"""
import os
import re
import json
from pyspark.sql import SparkSession, Window, functions as F
spark=SparkSession.builder.remote("local[1]").getOrCreate()
sch="id BIGINT NOT NULL, a INT, b STRING, c DOUBLE, ts TIMESTAMP, s STRUCT<x: INT, y: STRING>, arr ARRAY<INT>, m MAP<STRING, INT>"
df=spark.createDataFrame([],sch)
d2=spark.createDataFrame([],"id BIGINT, a INT, d STRING")
C={
"filter_hidden": lambda: df.select(df.a).filter(df.b=="x"),
"replaced": lambda: df.withColumn("a",df.a+1).select(df.a),
"self_trivial": lambda: df.join(df,df.id==df.id),
"self_filtered": lambda: (lambda x,y: x.join(y,x.id==y.id).select(x.id,y.a))(df.filter("a>1"),df.filter("a<5")),
"using_other": lambda: df.join(d2,"id").select(d2.id),
"agg_key": lambda: df.groupBy("a").count().select(df.a),
"agg_order": lambda: df.groupBy("a").agg(F.sum("c")).orderBy(F.sum("c")),
"agg_order_hidden": lambda: df.groupBy("a").agg(F.sum("c")).orderBy(df.b),
"agg_filter": lambda: df.groupBy("a").agg(F.sum("c")).filter(F.max("c")>1),
"alias": lambda: df.alias("x").select(df.a, F.col("x.b")),
"order_hidden": lambda: df.select("a").orderBy(df.b),
"order_hidden_name": lambda: df.select("a").orderBy("b"),
"union_left": lambda: df.select("id","a").union(d2.select("id","a")).select("a"),
"dropped": lambda: df.drop(df.a).select(df.a),
"renamed": lambda: df.withColumnRenamed("a","z").select(df.a),
"aliased_filter": lambda: df.select(df.a.alias("q")).filter(df.a>1),
"foreign": lambda: df.select(d2.d),
"win": lambda: df.groupBy(F.window("ts","10 seconds")).count().select("window.start","count"),
"cast": lambda: df.select(df.a.cast("string"), df.s.x.cast("string"), (df.a+1).cast("string")),
"ops": lambda: df.select(-df.a, df.a==1, ~(df.a>1), df.a.isin(1,2), df.b.startswith("x"), df.a.isNull(), df.a!=1, df.a.eqNullSafe(1), df.a % 2, df.a ** 2, df.a & 1),
"when": lambda: df.select(F.when(df.a>1,2).otherwise(3), F.when(df.a>1,"x")),
"expr": lambda: df.select(F.expr("a + 1 as z"), F.expr("a * 2")),
"nested": lambda: df.select("s.x", df.s.x, df.s["x"], df.arr[0], df.m["k"], df.m.k),
"fields": lambda: df.select(df.s.withField("x",F.lit(1)), df.s.dropFields("x"), df.s.withField("z",df.a+1)),
"lits": lambda: df.select(F.lit("x"), F.lit(1.5), F.lit(None), F.lit(True), F.struct("a","b"), F.array("a",F.lit(1)), F.lit(2**40)),
"aggs": lambda: df.agg(F.count("*"), F.count(F.lit(1)), F.countDistinct("a"), F.sum("a").alias("s"), F.avg("c"), F.max("b")),
"groupcount": lambda: df.groupBy("a", (df.id%2)).count(),
"groupexpr": lambda: df.groupBy((df.a+1).alias("k")).agg(F.sum("c")),
"fill": lambda: df.select("a","b","c").na.fill(0),
"fillc": lambda: df.select("a","b","c").na.fill({"a":1,"b":"z"}),
"dropna": lambda: df.select("a","b").na.drop(),
"replace": lambda: df.select("a","b","c").na.replace([1],[2]),
"unpivot": lambda: df.unpivot("id",["a","c"],"var","val"),
"todf": lambda: df.select("id","a").toDF("x","y"),
"withcolumns": lambda: df.select("id","a").withColumns({"a":F.lit("q"),"n":df.id+1}),
"pivot": lambda: df.groupBy("a").pivot("b",["x","y"]).agg(F.sum("c")),
"pivot2": lambda: df.groupBy("a").pivot("b",["x","y"]).agg(F.sum("c").alias("s"),F.count("a")),
"rollup": lambda: df.rollup("a","b").count(),
"cube": lambda: df.cube("a").agg(F.grouping("a"),F.grouping_id()),
"crossjoin": lambda: d2.crossJoin(d2.select("d")),
"joinlist": lambda: df.join(d2,["id","a"],"left").select("id","a","d"),
"semijoin": lambda: df.join(d2,"id","leftsemi").select("id"),
"dedup": lambda: d2.dropDuplicates(["a"]),
"explode": lambda: df.select("id",F.explode("arr")),
"explode_alias": lambda: df.select("id",F.explode("m").alias("k","v")),
"posexp": lambda: df.select(F.posexplode("arr")),
"selectexpr": lambda: df.selectExpr("a as q","*").select("q","id"),
"star": lambda: df.select("s.*","a"),
"dfstar": lambda: df.join(d2,df.id==d2.id).select(d2["*"]),
"regex": lambda: d2.select(d2.colRegex("`(a|d)`")),
"row_number": lambda: d2.select("a",F.row_number().over(Window.partitionBy("a").orderBy("id"))),
"transform": lambda: df.select(F.transform("arr",lambda x:x+1), F.filter("arr",lambda x:x>1), F.aggregate("arr",F.lit(0),lambda acc,x:acc+x)),
"to": lambda: d2.to(spark.createDataFrame([],"a BIGINT, id BIGINT").schema),
"mixed_order": lambda: df.select(F.col("a").alias("b"), "c").orderBy("b"),
"dup_name": lambda: df.join(d2,df.id==d2.id).select("id"),
"scalar_alias": lambda: df.alias("l").join(d2.alias("r"),F.col("l.id")==F.col("r.id")).select("l.id","r.id","r.*"),
"observe": lambda: d2.observe("m",F.count(F.lit(1)).alias("n")),
}
out={}
for k,f in C.items():
    try:
        out[k]=[[x["name"],x["type"],x["nullable"]] for x in f().schema.jsonValue()["fields"]]
    except Exception as e:
        condition = re.search(r"\[([A-Z][A-Z0-9_.]+)\]", str(e))
        out[k] = condition.group(1) if condition else str(e)[:200]
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "dataframes.json"), "w") as file:
    file.write("{\n" + ",\n".join(json.dumps(k) + ": " + json.dumps(v) for k, v in out.items()) + "\n}\n")
