/** Functions of a row's place in its sorted partition. */
import { SluiceError } from "../../errors/error.ts";
import { type DataType, DOUBLE, INT } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { Argument, ResolveContext, WindowFunction } from "../definition.ts";
import { checkCount } from "../signature.ts";

type Compute = (rows: readonly (readonly Value[])[], peers: Int32Array) => Value[];

function ranking(name: string, summary: string, output: DataType, compute: Compute): WindowFunction {
  return {
    kind: "window",
    name,
    group: "window",
    doc: { summary, args: "", examples: [] },
    resolve(args, context) {
      checkCount(args, context, 0, 0);
      return { inputs: [], output, nullable: false, compute };
    },
  };
}

/** For each row, the number of rows up to and with the last one that ties with it. */
function upToLastPeer(peers: Int32Array): Int32Array {
  const upTo = new Int32Array(peers.length);
  for (let i = peers.length - 1, last = peers.length; i >= 0; i--) {
    upTo[i] = last;
    if (peers[i] === i) last = i;
  }
  return upTo;
}

const rowNumber = ranking("row_number", "Number of the row in its partition, from 1.", INT, (rows) =>
  rows.map((_, i) => i + 1),
);

const rank = ranking("rank", "Place of the row; ties share one and leave gaps.", INT, (rows, peers) =>
  rows.map((_, i) => peers[i] + 1),
);

const denseRank = ranking("dense_rank", "Place of the row; ties share one and leave no gaps.", INT, (rows, peers) => {
  let place = 0;
  return rows.map((_, i) => {
    if (peers[i] === i) place++;
    return place;
  });
});

const percentRank = ranking(
  "percent_rank",
  "(rank − 1) / (rows − 1): 0 for the first, 1 for a last one without ties.",
  DOUBLE,
  (rows, peers) => rows.map((_, i) => (rows.length > 1 ? peers[i] / (rows.length - 1) : 0)),
);

const cumeDist = ranking("cume_dist", "Share of the rows that are at or before the row.", DOUBLE, (rows, peers) => {
  const upTo = upToLastPeer(peers);
  return rows.map((_, i) => upTo[i] / rows.length);
});

function constantInt(args: readonly Argument[], index: number, otherwise: number, context: ResolveContext): number {
  const arg = args[index];
  if (arg === undefined) return otherwise;
  if (arg.literal === undefined || arg.literal.value === null) {
    throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
      sqlExpr: `"${context.sql}"`,
      inputName: `argument ${index + 1}`,
      inputType: '"INT"',
      inputExpr: `"${arg.sql}"`,
    });
  }
  return Number(arg.literal.value);
}

const ntile: WindowFunction = {
  kind: "window",
  name: "ntile",
  group: "window",
  doc: { summary: "Number, from 1, of the one of n nearly equal groups that the row is in.", args: "n", examples: [] },
  resolve(args, context) {
    checkCount(args, context, 0, 1);
    const n = constantInt(args, 0, 1, context);
    if (n < 1) {
      throw new SluiceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: `"${context.sql}"`,
        exprName: "n",
        valueRange: "(0, 2147483647]",
        currentValue: n,
      });
    }
    const compute: Compute = (rows) => {
      const size = Math.floor(rows.length / n);
      const larger = rows.length % n;
      const inLarger = larger * (size + 1);
      return rows.map((_, i) =>
        i < inLarger ? Math.floor(i / (size + 1)) + 1 : larger + Math.floor((i - inLarger) / size) + 1,
      );
    };
    return { inputs: args.map(() => INT), output: INT, nullable: false, compute };
  },
};

/** lag looks back (direction −1), lead ahead (1). */
function neighbour(name: "lag" | "lead", direction: 1 | -1): WindowFunction {
  return {
    kind: "window",
    name,
    group: "window",
    doc: {
      summary: `The value ${direction < 0 ? "before" : "after"} the row by \`offset\` rows, or \`default\`.`,
      args: "input[, offset[, default]]",
      examples: [],
    },
    resolve(args, context) {
      checkCount(args, context, 1, 3);
      const by = direction * constantInt(args, 1, 1, context);
      const type = args[0].type;
      const compute: Compute = (rows) =>
        rows.map((row, i) => {
          const other = rows[i + by];
          return other === undefined ? (row[2] ?? null) : other[0];
        });
      return { inputs: [type, INT, type].slice(0, args.length), output: type, nullable: true, compute };
    },
  };
}

const nthValue: WindowFunction = {
  kind: "window",
  name: "nth_value",
  group: "window",
  doc: {
    summary: "The n-th value among the rows up to the row and its ties, or null.",
    args: "input, n",
    examples: [],
  },
  resolve(args, context) {
    checkCount(args, context, 2, 3);
    const n = constantInt(args, 1, 1, context);
    const type = args[0].type;
    const compute: Compute = (rows, peers) => {
      const upTo = upToLastPeer(peers);
      return rows.map((_, i) => (n <= upTo[i] ? rows[n - 1][0] : null));
    };
    return { inputs: args.map((a, i) => (i === 1 ? INT : a.type)), output: type, nullable: true, compute };
  },
};

export const windowFunctions: readonly WindowFunction[] = [
  rowNumber,
  rank,
  denseRank,
  percentRank,
  cumeDist,
  ntile,
  neighbour("lag", -1),
  neighbour("lead", 1),
  nthValue,
];
