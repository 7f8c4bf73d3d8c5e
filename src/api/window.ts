/**
 * Windows of rows for ranking and running aggregates in batch queries.
 *
 * @example
 * const latest = Window.partitionBy("device").orderBy(col("time").desc());
 * df.withColumn("rank", row_number().over(latest))
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Expression_Window_WindowFrame,
  Expression_Window_WindowFrameSchema,
  type Expression_WindowSchema,
} from "../plan/messages.ts";
import { type ColumnOrName, columnExpression } from "./column.ts";
import { plain, sortOrder } from "./expression.ts";
import { literal } from "./literal.ts";

type Parts = MessageInitShape<typeof Expression_WindowSchema>;
type Boundary = NonNullable<MessageInitShape<typeof Expression_Window_WindowFrameSchema>["lower"]>;

const ROWS = 1;
const RANGE = 2;

export class WindowSpec {
  /** The plan's form: partition, order and frame. */
  readonly parts: Parts;

  constructor(parts: Parts = {}) {
    this.parts = parts;
  }

  partitionBy(...columns: ColumnOrName[]): WindowSpec {
    return new WindowSpec({ ...this.parts, partitionSpec: columns.map(columnExpression) });
  }

  orderBy(...columns: ColumnOrName[]): WindowSpec {
    return new WindowSpec({ ...this.parts, orderSpec: columns.map((c) => sortOrder(columnExpression(c))) });
  }

  /** Rows relative to the current one: -1 is the row before, `Window.unboundedPreceding` the first. */
  rowsBetween(start: number, end: number): WindowSpec {
    return new WindowSpec({ ...this.parts, frameSpec: frame(ROWS, start, end) });
  }

  /** Rows whose order value lies in a range relative to the current row's. */
  rangeBetween(start: number, end: number): WindowSpec {
    return new WindowSpec({ ...this.parts, frameSpec: frame(RANGE, start, end) });
  }
}

export const Window = {
  unboundedPreceding: Number.NEGATIVE_INFINITY,
  unboundedFollowing: Number.POSITIVE_INFINITY,
  currentRow: 0,
  partitionBy: (...columns: ColumnOrName[]): WindowSpec => new WindowSpec().partitionBy(...columns),
  orderBy: (...columns: ColumnOrName[]): WindowSpec => new WindowSpec().orderBy(...columns),
  rowsBetween: (start: number, end: number): WindowSpec => new WindowSpec().rowsBetween(start, end),
  rangeBetween: (start: number, end: number): WindowSpec => new WindowSpec().rangeBetween(start, end),
} as const;

function frame(frameType: 1 | 2, start: number, end: number): Expression_Window_WindowFrame {
  return create(Expression_Window_WindowFrameSchema, { frameType, lower: boundary(start), upper: boundary(end) });
}

function boundary(at: number): Boundary {
  if (at === 0) return { boundary: { case: "currentRow", value: true } };
  if (!Number.isFinite(at)) return { boundary: { case: "unbounded", value: true } };
  return { boundary: { case: "value", value: plain({ case: "literal", value: literal(at) }) } };
}
