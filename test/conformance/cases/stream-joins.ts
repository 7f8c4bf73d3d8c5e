/** Queries over two streams: joins within bounds of time, and unions. */

import * as F from "../../../src/functions.ts";
import type { DataFrame } from "../../../src/index.ts";
import { type Case, differs, type Gap, type Input, type Stream } from "../case.ts";

const row = (columns: Record<string, unknown>, second: number): string =>
  JSON.stringify({ ...columns, ...{ t: new Date(Date.UTC(2024, 0, 1) + second * 1000).toISOString() } });

const shown = (ad: string | null, second: number) => row({ ad, site: `s${second % 3}` }, second);
const clicked = (ad: string | null, second: number) => row({ ad, cost: second / 4 }, second);

const impressions = [
  [shown("a", 1), shown("b", 2), shown(null, 3)],
  [shown("c", 12), shown("a", 14)],
  [shown("d", 40), shown("b", 5)],
  [shown("e", 80)],
  [shown("f", 130)],
];
const clicks = [
  [clicked("a", 2), clicked("x", 3), clicked(null, 3)],
  [clicked("a", 15), clicked("b", 6), clicked("c", 60)],
  [clicked("c", 13), clicked("d", 45)],
  [clicked("e", 81), clicked("e", 89), clicked("e", 95)],
  [clicked("g", 131)],
];

const left = (batches: readonly (readonly string[])[]): Stream => ({
  schema: "ad STRING, site STRING, t TIMESTAMP",
  batches,
});
const right = (batches: readonly (readonly string[])[]): Stream => ({
  schema: "ad STRING, cost DOUBLE, t TIMESTAMP",
  batches,
});
const joined = <T>(batches: readonly (readonly T[])[], count: number): T[][] =>
  Array.from({ length: Math.ceil(batches.length / count) }, (_, i) => batches.slice(i * count, (i + 1) * count).flat());

const splits: Readonly<Record<string, Readonly<Record<string, Stream>>>> = {
  "as they come": { impressions: left(impressions), clicks: right(clicks) },
  "in one batch": { impressions: left(joined(impressions, 5)), clicks: right(joined(clicks, 5)) },
  "in two batches": { impressions: left(joined(impressions, 3)), clicks: right(joined(clicks, 3)) },
  "clicks first": {
    impressions: left([[], ...impressions.slice(0, 4), ...impressions.slice(4)]),
    clicks: right(clicks),
  },
};

const sides = (i: Input): [DataFrame, DataFrame] => [
  i.stream("impressions").withWatermark("t", "10 seconds").alias("i"),
  i.stream("clicks").withWatermark("t", "20 seconds").alias("c"),
];
const within = () => F.expr("i.ad = c.ad AND c.t >= i.t AND c.t <= i.t + INTERVAL 10 SECONDS");
const out = (df: DataFrame): DataFrame =>
  df.select(
    "i.ad",
    "i.site",
    F.col("i.t").alias("shown"),
    F.col("c.ad").alias("clicked_ad"),
    "c.cost",
    F.col("c.t").alias("clicked"),
  );

type How = "inner" | "left" | "right" | "full" | "leftsemi";
const joinBy =
  (how: How) =>
  (i: Input): DataFrame => {
    const [impression, click] = sides(i);
    const result = impression.join(click, within(), how);
    return how === "leftsemi" ? result : out(result);
  };

const programs: Readonly<Record<string, (i: Input) => DataFrame>> = {
  "inner join in bounds": joinBy("inner"),
  "left join in bounds": joinBy("left"),
  "right join in bounds": joinBy("right"),
  "full join in bounds": joinBy("full"),
  "semi join in bounds": joinBy("leftsemi"),
  "inner join without bounds": (i) =>
    i.stream("impressions").join(i.stream("clicks").select("ad", "cost"), "ad").select("ad", "site", "cost"),
  "inner join, then windows": (i) => {
    const [impression, click] = sides(i);
    return impression
      .join(click, within())
      .groupBy(F.window(F.col("i.t"), "10 seconds"))
      .agg(F.count("*").alias("n"), F.sum("c.cost").alias("cost"));
  },
  "join by window": (i) => {
    const [impression, click] = sides(i);
    const shownBy = impression.groupBy(F.window("t", "10 seconds"), "ad").agg(F.count("*").alias("shown"));
    const clickedBy = click.groupBy(F.window("t", "10 seconds"), "ad").agg(F.count("*").alias("clicked"));
    return shownBy.join(clickedBy, ["window", "ad"]);
  },
  union: (i) => i.stream("impressions").select("ad", "t").union(i.stream("clicks").select("ad", "t")),
  "union, then windows": (i) => {
    const [impression, click] = sides(i);
    return impression.select("ad", "t").union(click.select("ad", "t")).groupBy(F.window("t", "10 seconds")).count();
  },
};

/** Differences that stay, by program. */
const gaps: Readonly<Record<string, Gap>> = {
  "full join in bounds": differs(
    "Spark's streaming full outer join matches null keys with each other; by SQL's rule null = null is not true",
  ),
};

export const cases: readonly Case[] = Object.entries(programs).flatMap(([name, program]) =>
  Object.entries(splits).map(
    ([split, streams]): Case => ({
      kind: "stream",
      name: `${name}, ${split}`,
      streams,
      outputMode: "append",
      ...(gaps[name] && { gap: gaps[name] }),
      program,
    }),
  ),
);
