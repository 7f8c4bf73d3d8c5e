/** ORDER BY, and window functions, which need sorted partitions: the whole input is held. */
import type { Attribute, TypedExpression } from "../../analyze/expression.ts";
import type { SortNode, SortOrder, WindowNode } from "../../analyze/plan.ts";
import { canonicalText } from "../../columns/canonical.ts";
import { concatBatches, takeRows } from "../../columns/ops.ts";
import { rowsOf } from "../../columns/rows.ts";
import { type Batch, type Vector, valueAt, vectorFrom } from "../../columns/vector.ts";
import type { StageEnvironment } from "../../compile/stage.ts";
import type { Value } from "../../types/values.ts";
import { drain, type Operator } from "./operator.ts";
import { rowComparator } from "./rowcompare.ts";
import { computeColumns } from "./simple.ts";

const CHUNK = 8192;

/** Columns for expressions that exist only inside an operator. */
export function hiddenColumns(
  expressions: readonly TypedExpression[],
  firstId: number,
): { readonly expression: TypedExpression; readonly output: Attribute }[] {
  return expressions.map((expression, k) => ({
    expression,
    output: {
      kind: "attribute",
      id: firstId - k,
      name: `key${k + 1}`,
      type: expression.type,
      nullable: expression.nullable,
      qualifier: [],
    },
  }));
}

/** Compares rows by several columns. */
export function orderComparator(
  columns: readonly Vector[],
  order: readonly Pick<SortOrder, "descending" | "nullsFirst">[],
): (i: number, j: number) => number {
  const parts = order.map((o, k) => {
    const v = columns[k];
    const compare = rowComparator(v);
    const nulls = v.nulls;
    const sign = o.descending ? -1 : 1;
    const nullSign = o.nullsFirst ? -1 : 1;
    if (nulls === null) return (i: number, j: number) => sign * compare(i, j);
    return (i: number, j: number) => {
      if (nulls[i] === 1) return nulls[j] === 1 ? 0 : nullSign;
      return nulls[j] === 1 ? -nullSign : sign * compare(i, j);
    };
  });
  return (i, j) => {
    for (const p of parts) {
      const c = p(i, j);
      if (c !== 0) return c;
    }
    return 0;
  };
}

function* chunks(batch: Batch, indices: Int32Array): Iterable<Batch> {
  for (let from = 0; from < indices.length; from += CHUNK) {
    const part = indices.subarray(from, Math.min(indices.length, from + CHUNK));
    yield takeRows(batch, part, part.length);
  }
}

export function sortOperator(node: SortNode, input: Operator, environment: StageEnvironment): Operator {
  const keys = computeColumns(
    "sort keys",
    input.output,
    hiddenColumns(
      node.order.map((o) => o.expression),
      -2_000_000,
    ),
    environment,
  );
  return {
    output: node.output,
    async *run(request) {
      const types = input.output.map((a) => a.type);
      const all = concatBatches(await drain(input.run(request)), types, environment.wide);
      if (all.rows === 0) return;
      const compare = orderComparator(keys.run(all).columns, node.order);
      const indices = Int32Array.from({ length: all.rows }, (_, i) => i);
      indices.sort((i, j) => compare(i, j) || i - j);
      yield* chunks(all, indices);
    },
  };
}

/** Window functions: partitions in the order of their keys' first rows, each sorted. */
export function windowOperator(node: WindowNode, input: Operator, environment: StageEnvironment): Operator {
  const expressions = [
    ...node.partition,
    ...node.order.map((o) => o.expression),
    ...node.functions.flatMap((f) => f.args),
  ];
  const computed = computeColumns("window keys", input.output, hiddenColumns(expressions, -2_000_000), environment);
  const { wide } = environment;
  return {
    output: node.output,
    async *run(request) {
      const types = input.output.map((a) => a.type);
      const all = concatBatches(await drain(input.run(request)), types, wide);
      if (all.rows === 0) return;
      const columns = computed.run(all).columns;
      const partition = columns.slice(0, node.partition.length);
      const order = columns.slice(node.partition.length, node.partition.length + node.order.length);
      const compare = orderComparator(order, node.order);
      const parts = partitionRows(partition, all.rows);
      for (const rows of parts) rows.sort((i, j) => compare(i, j) || i - j);
      const results = node.functions.map(() => new Array<Value>(all.rows).fill(null));
      let argFrom = node.partition.length + node.order.length;
      node.functions.forEach((f, k) => {
        const args = columns.slice(argFrom, argFrom + f.args.length);
        argFrom += f.args.length;
        const argRows = rowsOf({ rows: all.rows, columns: args });
        for (const rows of parts) {
          const peers = peersOf(rows, compare);
          const values = f.compute(
            rows.map((i) => argRows[i]),
            peers,
            wide,
          );
          rows.forEach((row, at) => {
            results[k][row] = values[at];
          });
        }
      });
      const made = results.map((values, k) => vectorFrom(node.functions[k].output.type, values, wide));
      yield* chunks({ rows: all.rows, columns: [...all.columns, ...made] }, Int32Array.from(parts.flat()));
    },
  };
}

function partitionRows(columns: readonly Vector[], rows: number): number[][] {
  const parts = new Map<string, number[]>();
  for (let i = 0; i < rows; i++) {
    const key = columns.map((v) => canonicalText(valueAt(v, i))).join("|");
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [i]);
    else part.push(i);
  }
  return [...parts.values()];
}

/** For each row, the place in the partition of the first row that ties with it. */
function peersOf(rows: readonly number[], compare: (i: number, j: number) => number): Int32Array {
  const peers = new Int32Array(rows.length);
  for (let k = 1; k < rows.length; k++) peers[k] = compare(rows[k - 1], rows[k]) === 0 ? peers[k - 1] : k;
  return peers;
}
