/**
 * Rolling z-score: how many standard deviations a window's farthest value is from the window's mean. It is made of plain
 * aggregates over sliding windows, so that the same query runs on both engines.
 */
import type { DataFrame } from "../api/dataframe.ts";
import { abs, avg, col, count, greatest, lit, max, max_by, min, min_by, stddev, when, window } from "../functions.ts";

export interface RollingZScoreOptions {
  /** Column with the measured value (a number). */
  readonly value: string;
  /** Column with the event time; give it a watermark first. */
  readonly eventTime: string;
  /** Columns that name what is measured, e.g. `["site", "device"]`. */
  readonly by: readonly string[];
  /** Length of the rolling window, e.g. `"1 minute"`. */
  readonly window: string;
  /** How often the window moves, e.g. `"10 seconds"`. */
  readonly slide: string;
  /** Windows with fewer values are not judged. Default 10. */
  readonly minCount?: number;
  /** Flag above this many standard deviations. Default 5. */
  readonly threshold?: number;
}

/**
 * One row for each window with an outlier: the `by` columns, `window`, `n`, `mean`, `sd`, `value` and `at` (the outlier and
 * its event time) and `z`.
 *
 * The outlier itself is part of the mean and of the deviation, so that z is at most (n − 1) / √n: about 7.6 for 60 values.
 *
 * @example
 * const outliers = rollingZScore(clean.withWatermark("ts", "5 seconds"), {
 *   value: "temperature", eventTime: "ts", by: ["device"], window: "1 minute", slide: "10 seconds",
 * });
 */
export function rollingZScore(df: DataFrame, options: RollingZScoreOptions): DataFrame {
  const value = col(options.value);
  const time = col(options.eventTime);
  const stats = df
    .groupBy(window(time, options.window, options.slide), ...options.by.map((b) => col(b)))
    .agg(
      count(value).alias("n"),
      avg(value).alias("mean"),
      stddev(value).alias("sd"),
      max(value).alias("high"),
      min(value).alias("low"),
      max_by(time, value).alias("high_at"),
      min_by(time, value).alias("low_at"),
    );
  const above = col("high").minus(col("mean"));
  const below = col("mean").minus(col("low"));
  const isHigh = above.geq(below);
  return stats
    .where(
      col("n")
        .geq(lit(options.minCount ?? 10))
        .and(col("sd").gt(lit(0))),
    )
    .select(
      ...options.by.map((b) => col(b)),
      col("window"),
      col("n"),
      col("mean"),
      col("sd"),
      when(isHigh, col("high")).otherwise(col("low")).alias("value"),
      when(isHigh, col("high_at")).otherwise(col("low_at")).alias("at"),
      greatest(abs(above), abs(below)).divide(col("sd")).alias("z"),
    )
    .where(col("z").gt(lit(options.threshold ?? 5)));
}
