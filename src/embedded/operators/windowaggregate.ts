/** Aggregates as window functions: one result for each row, over the frame of rows around it. */
import type { AggregateCall, Attribute } from "../../analyze/expression.ts";
import { batchFromRows } from "../../columns/rows.ts";
import { valueAt } from "../../columns/vector.ts";
import { newRun } from "../../compile/emitter.ts";
import { Stage } from "../../compile/stage.ts";
import type { SessionSettings } from "../../functions/definition.ts";
import type { Value } from "../../types/values.ts";
import { unsupported } from "./build.ts";
import { Groups } from "./groups.ts";
import { SlotNames } from "./keys.ts";

/** Rows of the frame; infinite bounds are open, `range` frames go by ties. */
interface Frame {
  readonly unit: "rows" | "range";
  readonly lower: number;
  readonly upper: number;
}

/** The function that computes `call` over `frame` for each row of one sorted partition. */
export function windowAggregate(
  call: AggregateCall,
  frame: Frame,
  settings: SessionSettings,
): (rows: readonly (readonly Value[])[], peers: Int32Array, wide: boolean) => Value[] {
  const offset = [frame.lower, frame.upper].some((b) => Number.isFinite(b) && b !== 0);
  if (frame.unit === "range" && offset) throw unsupported("RANGE with an offset", "Use ROWS.");
  return (rows, peers, wide) => {
    const runner = new FrameRunner(call, settings, wide, rows);
    const bounds = rows.map((_, i) => boundsOf(frame, i, peers, rows.length));
    return frame.lower === Number.NEGATIVE_INFINITY ? runner.growing(bounds) : runner.each(bounds);
  };
}

/** First row and the row after the last one. */
function boundsOf(frame: Frame, row: number, peers: Int32Array, count: number): readonly [number, number] {
  if (frame.unit === "rows") {
    return [Math.max(0, row + frame.lower), Math.min(count, Math.max(0, row + frame.upper + 1))];
  }
  let last = row + 1;
  while (last < count && peers[last] === peers[row]) last++;
  return [frame.lower === 0 ? peers[row] : 0, frame.upper === 0 ? last : count];
}

class FrameRunner {
  readonly #groups: Groups;
  readonly #update: (row: number, slot: number) => void;

  constructor(call: AggregateCall, settings: SessionSettings, wide: boolean, rows: readonly (readonly Value[])[]) {
    const columns = call.args.map(
      (a, k): Attribute => ({
        kind: "attribute",
        id: -2_200_000 - k,
        name: `arg${k + 1}`,
        type: a.type,
        nullable: a.nullable,
        qualifier: [],
      }),
    );
    const groups = new Groups([], [{ ...call, args: columns, filter: undefined }], settings, wide);
    this.#groups = groups;
    let names: SlotNames | undefined;
    const stage = new Stage<[number], void>(
      "window aggregate",
      columns,
      [],
      {
        parameters: ["slot"],
        row: (scope) => {
          names = new SlotNames(scope.e, groups.table);
          groups.emitUpdates(scope, names, "slot");
        },
        begin: (scope) => names?.load(scope.e, true),
        finish: () => {},
      },
      { settings, wide, run: newRun(), surroundings: {} },
    );
    const batches = rows.map((row) =>
      batchFromRows(
        columns.map((c) => c.type),
        [row.slice(0, columns.length)],
        wide,
      ),
    );
    this.#update = (row, slot) => stage.run(batches[row], slot);
  }

  /** Frames that begin with the partition: one group that grows. */
  growing(bounds: readonly (readonly [number, number])[]): Value[] {
    const slot = this.#groups.table.add();
    let seen = 0;
    let result: Value = this.#result(slot);
    return bounds.map(([, to]) => {
      if (to > seen) {
        for (; seen < to; seen++) this.#update(seen, slot);
        result = this.#result(slot);
      }
      return result;
    });
  }

  each(bounds: readonly (readonly [number, number])[]): Value[] {
    return bounds.map(([from, to]) => {
      const slot = this.#groups.table.add();
      for (let row = from; row < to; row++) this.#update(row, slot);
      const result = this.#result(slot);
      this.#groups.table.remove(slot);
      this.#groups.table.endRound();
      return result;
    });
  }

  #result(slot: number): Value {
    return valueAt(this.#groups.output(Int32Array.of(slot), 0, 1).columns[0], 0);
  }
}
