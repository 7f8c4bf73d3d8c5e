/** Operators at the bottom of a plan: rows that are there already, ranges, and scans of connectors. */
import type { CachedNode, LocalRelationNode, RangeNode, ScanNode } from "../../analyze/plan.ts";
import { formOf } from "../../columns/form.ts";
import { inForm } from "../../columns/ops.ts";
import { batchFromRows } from "../../columns/rows.ts";
import type { Batch } from "../../columns/vector.ts";
import type { JsonFields } from "../../connectors/contract.ts";
import { LONG } from "../../types/types.ts";
import { exact } from "../../types/values.ts";
import type { Operator } from "./operator.ts";
import type { RejectedRecords } from "./rejects.ts";

const CHUNK = 8192;

export function localOperator(node: LocalRelationNode, wide: boolean): Operator {
  const types = node.output.map((a) => a.type);
  let chunks: Batch[] | undefined;
  const build = () => {
    const out: Batch[] = [];
    for (let from = 0; from < node.rows.length; from += CHUNK) {
      const rows = node.rows.slice(from, from + CHUNK).map((r) => r.map((v, c) => formOf(v, types[c], wide)));
      out.push(batchFromRows(types, rows, wide));
    }
    return out;
  };
  return {
    output: node.output,
    async *run() {
      chunks ??= build();
      yield* chunks;
    },
  };
}

export function rangeOperator(node: RangeNode, wide: boolean): Operator {
  return {
    output: node.output,
    async *run({ context }) {
      const { start, end, step } = node;
      const span = step > 0n ? end - start : start - end;
      const size = step > 0n ? step : -step;
      const count = span <= 0n ? 0n : (span + size - 1n) / size;
      for (let from = 0n; from < count; from += BigInt(CHUNK)) {
        const n = Number(count - from < BigInt(CHUNK) ? count - from : BigInt(CHUNK));
        const first = start + from * step;
        if (wide) {
          const values = new BigInt64Array(n);
          for (let i = 0; i < n; i++) values[i] = first + BigInt(i) * step;
          yield { rows: n, columns: [{ repr: "i64", type: LONG, values, nulls: null }] };
        } else {
          const base = exact(Number(first));
          const by = exact(Number(step));
          exact(base + by * n);
          const values = new Float64Array(n);
          for (let i = 0; i < n; i++) values[i] = base + by * i;
          yield { rows: n, columns: [{ repr: "f64", type: LONG, values, nulls: null }] };
        }
        await context.breathe();
      }
    },
  };
}

export function cachedOperator(node: CachedNode, wide: boolean): Operator {
  return {
    output: node.output,
    async *run({ context }) {
      for await (const b of node.batches()) {
        yield { rows: b.rows, columns: b.columns.map((v) => inForm(v, b.rows, wide)) };
        await context.breathe();
      }
    },
  };
}

/** @param json what will be read out of one of the columns, for sources that can do it themselves */
export function scanOperator(node: ScanNode, rejects: RejectedRecords | undefined, json?: () => JsonFields): Operator {
  return {
    output: node.output,
    async *run(request) {
      const wanted = json?.();
      const rows = node.streaming ? request.readStream(node, wanted) : request.context.readScan(node, wanted);
      for await (const b of rows) {
        if (b.record !== undefined) rejects?.scanning(node.id, b);
        if (b.rows > 0) yield b;
        await request.context.breathe();
      }
    },
  };
}
