import { SluiceError } from "../../errors/error.ts";
import { commonType } from "../../types/coercion.ts";
import { BOOLEAN, type DataType, DOUBLE, INT } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { Argument, ResolveContext, WindowFunction } from "../definition.ts";
import { checkCount, coerce } from "../signature.ts";

type Rows = readonly (readonly Value[])[];

function ranking(
  name: string,
  output: DataType,
  summary: string,
  examples: readonly string[],
  compute: (rows: Rows, peers: Int32Array) => Value[],
): WindowFunction {
  return {
    kind: "window",
    name,
    group: "window",
    doc: { summary, args: "", examples },
    resolve(args, context) {
      checkCount(args, context, 0, 0);
      return { inputs: [], output, nullable: false, compute };
    },
  };
}

function denseRank(rows: Rows, peers: Int32Array): Value[] {
  let rank = 0;
  return rows.map((_, i) => (peers[i] === i ? ++rank : rank));
}

function cumeDist(rows: Rows, peers: Int32Array): Value[] {
  const n = rows.length;
  const out: Value[] = new Array(n);
  let end = n;
  for (let i = n - 1; i >= 0; i--) {
    out[i] = end / n;
    if (peers[i] === i) end = i;
  }
  return out;
}

function constantInt(args: readonly Argument[], index: number, context: ResolveContext, name: string): number {
  coerce(args, index, INT, context);
  const value = args[index].literal?.value;
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
    sqlExpr: `"${context.sql}"`,
    inputName: `\`${name}\``,
    inputType: '"INT"',
    inputExpr: `"${args[index].sql}"`,
  });
}

const ntile: WindowFunction = {
  kind: "window",
  name: "ntile",
  group: "window",
  doc: {
    summary:
      "The number, from 1, of the part that the row falls into when the partition is cut in n parts as equal as can be.",
    args: "n",
    examples: [
      "n, ntile(2) OVER (ORDER BY n, s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY n, s",
      "ntile(2) OVER (ORDER BY 1)",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 0, 1);
    const parts = args.length === 0 ? 1 : constantInt(args, 0, context, "buckets");
    if (parts <= 0) {
      throw new SluiceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: `"${context.sql}"`,
        exprName: "buckets",
        valueRange: "(0, 2147483647]",
        currentValue: String(parts),
      });
    }
    return {
      inputs: args.map(() => INT),
      output: INT,
      nullable: false,
      compute(rows) {
        const small = Math.floor(rows.length / parts);
        const larger = rows.length % parts;
        const boundary = larger * (small + 1);
        return rows.map(
          (_, i) =>
            (i < boundary ? Math.floor(i / (small + 1)) : larger + Math.floor((i - boundary) / Math.max(1, small))) + 1,
        );
      },
    };
  },
};

function shifted(name: "lag" | "lead", summary: string, examples: readonly string[]): WindowFunction {
  return {
    kind: "window",
    name,
    group: "window",
    doc: { summary, args: "input, offset, default", examples },
    resolve(args, context) {
      checkCount(args, context, 1, 3);
      const type = args.length === 3 ? (commonType([args[0].type, args[2].type]) ?? args[0].type) : args[0].type;
      const offset = (args.length > 1 ? constantInt(args, 1, context, "offset") : 1) * (name === "lag" ? -1 : 1);
      return {
        inputs: [type, INT, type].slice(0, args.length),
        output: type,
        nullable: args.length < 3 || args[0].nullable || args[2].nullable,
        compute(rows) {
          return rows.map((row, i) => {
            const other = rows[i + offset];
            return other === undefined ? (row[2] ?? null) : other[0];
          });
        },
      };
    },
  };
}

/** nth_value over the rows up to the current one and its peers, Spark's default frame. */
const nthValue: WindowFunction = {
  kind: "window",
  name: "nth_value",
  group: "window",
  doc: {
    summary: "The value in the n-th row up to the current one and its peers; NULL before that row.",
    args: "input, offset, ignoreNulls",
    examples: [
      "n, nth_value(s, 2) OVER (ORDER BY n, s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY n, s",
      "nth_value('a', 1) OVER (ORDER BY 1)",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 2, 3);
    const n = constantInt(args, 1, context, "offset");
    if (n < 1) {
      throw new SluiceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: `"${context.sql}"`,
        exprName: "offset",
        valueRange: "(0, 9223372036854775807]",
        currentValue: String(n),
      });
    }
    const ignore = args.length === 3 && args[2].literal?.value === true;
    return {
      inputs: [args[0].type, INT, BOOLEAN].slice(0, args.length),
      output: args[0].type,
      nullable: true,
      compute(rows, peers) {
        const at = ignore ? rows.flatMap((r, i) => (r[0] === null ? [] : [i]))[n - 1] : n - 1;
        if (at === undefined || at >= rows.length) return rows.map(() => null);
        // A peer of the n-th row, or any row after it, sees it.
        return rows.map((_, i) => (i >= peers[at] ? rows[at][0] : null));
      },
    };
  },
};

export const windowFunctions: readonly WindowFunction[] = [
  ranking(
    "row_number",
    INT,
    "The number of the row in its partition, from 1.",
    [
      "s, row_number() OVER (ORDER BY s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY s, n",
      "row_number() OVER (ORDER BY 1)",
    ],
    (rows) => rows.map((_, i) => i + 1),
  ),
  ranking(
    "rank",
    INT,
    "One more than the number of rows before the row and its peers.",
    [
      "s, rank() OVER (ORDER BY s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY s, n",
      "rank() OVER (ORDER BY 1)",
    ],
    (rows, peers) => rows.map((_, i) => peers[i] + 1),
  ),
  ranking(
    "dense_rank",
    INT,
    "One more than the number of different ones before the row.",
    [
      "s, dense_rank() OVER (ORDER BY s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY s, n",
      "dense_rank() OVER (ORDER BY 1)",
    ],
    denseRank,
  ),
  ranking(
    "percent_rank",
    DOUBLE,
    "(rank − 1) / (rows − 1).",
    [
      "s, percent_rank() OVER (ORDER BY s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY s, n",
      "percent_rank() OVER (ORDER BY 1)",
    ],
    (rows, peers) => rows.map((_, i) => (rows.length > 1 ? peers[i] / (rows.length - 1) : 0)),
  ),
  ranking(
    "cume_dist",
    DOUBLE,
    "The fraction of rows that don't come after the row.",
    [
      "s, cume_dist() OVER (ORDER BY s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY s, n",
      "cume_dist() OVER (ORDER BY 1)",
    ],
    cumeDist,
  ),
  ntile,
  shifted("lag", "The value so many rows before, 1 by default.", [
    "n, lag(s) OVER (ORDER BY n, s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY n, s",
    "n, lag(s, 2, 'x') OVER (ORDER BY n, s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY n, s",
    "lag(1) OVER (ORDER BY 1)",
    "lag(1, 1, 5) OVER (ORDER BY 1)",
  ]),
  shifted("lead", "The value so many rows after, 1 by default.", [
    "n, lead(n, 1) OVER (ORDER BY n, s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n) ORDER BY n, s",
    "lead('a', 0) OVER (ORDER BY 1)",
  ]),
  nthValue,
];
