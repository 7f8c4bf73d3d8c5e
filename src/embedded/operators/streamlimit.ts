/** LIMIT on a stream in append mode: the first rows over the life of the query. */
import type { LimitNode } from "../../analyze/plan.ts";
import { sliceRows } from "../../columns/ops.ts";
import { LONG } from "../../types/types.ts";
import { SlotTable } from "../state/slots.ts";
import { newCounters, type Operator, type StatefulOperator } from "./operator.ts";

export function streamLimit(node: LimitNode, input: Operator, wide: boolean): StatefulOperator {
  const table = new SlotTable([{ name: "rows", type: LONG, interned: false, nullable: false, initial: 0 }], wide);
  const counters = newCounters();
  return {
    operatorId: node.operatorId as number,
    operatorName: "globalLimit",
    output: node.output,
    tables: [{ name: "", table }],
    counters,
    shiftUs: 0,
    loaded() {},
    wantsNoDataBatch: () => false,
    async *run(request) {
      const slot = table.count === 0 ? table.add() : 0;
      let seen = Number(table.columns[0].get(slot));
      for await (const batch of input.run(request)) {
        const take = Math.min(batch.rows, Math.max(0, node.count - seen));
        seen += batch.rows;
        if (take > 0) yield sliceRows(batch, 0, take);
      }
      table.columns[0].set(slot, wide ? BigInt(seen) : seen);
      table.touch(slot);
      counters.updated = 1;
    },
  };
}
