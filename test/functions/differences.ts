/** Examples whose result differs from Spark's within a documented limit, with the reason. */
export const differences: ReadonlyMap<string, string> = new Map<string, string>([
  [
    "map_from_arrays(array(1), array(1, 2))",
    "Spark's condition has no name of its own (_LEGACY_ERROR_TEMP_2128); ours is INVALID_MAP_LENGTH",
  ],
  ["sequence(1, 5, -1)", "Spark raises a Java exception without a condition; ours is ILLEGAL_SEQUENCE_BOUNDARIES"],
  ["string(2e23D)", "Java 17 prints this double with more digits than needed"],
  ["string(1.17549435E-38F)", "Java 17 prints this float with more digits than needed"],
  [
    "approx_count_distinct(id) FROM range(0, 1000, 1, 1)",
    "between the counts of linear counting and large ones Spark corrects the estimate by tables of empirical bias",
  ],
  [
    "zip_with(array(1, 2, 3), array('a', 'b', 'c'), (x, y) -> (y, x))",
    "the parser names the fields of (y, x) by their position where they are lambda variables",
  ],
  ["timestamp(true) IS NULL", "ours doesn't tell which setting of Spark would allow the cast"],
]);

/** Column names that differ: an expression that finds the examples' SQL, and the reason. Types and values are compared all the same. */
export const otherNames: readonly (readonly [sql: RegExp, reason: string])[] = [
  [/\bTIMESTAMP ?'/, "a TIMESTAMP literal is a cast in the plan, as it is read in the session's time zone"],
  [/^array_sort\([^>]*$/, "Spark prints the comparator that was left out"],
  [/^from_json\(.*'MAP</, "Spark calls a map read from JSON `entries`"],
  [/^string\(0\.0000001\)$/, "Spark prints a small decimal constant with an exponent"],
  [/\b(cume_dist|lead|nth_value)\(.* OVER /, "Spark prints the frame that the function implies"],
];
