/** OVER (…): window functions over rows, and the WINDOW clause. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import {
  type Expression,
  type Expression_Window,
  type Expression_Window_WindowFrame_FrameBoundarySchema,
  Expression_WindowSchema,
} from "../plan/messages.ts";
import { expression, expressionList } from "./expressions.ts";
import type { Parser } from "./parser.ts";
import { sortItems } from "./query.ts";

type Boundary = MessageInitShape<typeof Expression_Window_WindowFrame_FrameBoundarySchema>;

const FRAME_ROW = 1;
const FRAME_RANGE = 2;

/** `call OVER (…)` or `call OVER name`; the cursor is at OVER. */
export function over(p: Parser, start: number, call: Expression): Expression {
  const { stream } = p;
  stream.expectWord("OVER");
  const at = stream.peek();
  const isName = !stream.isOp("(") || (stream.isName(1) && stream.isOp(")", 2));
  const window = isName ? create(Expression_WindowSchema) : specification(p);
  if (isName) {
    const bracket = stream.acceptOp("(");
    p.namedWindows.push({ name: stream.expectName(), window, start: at.start });
    if (bracket) stream.expectOp(")");
  }
  window.windowFunction = call;
  return p.expression(start, { case: "window", value: window });
}

/** `(PARTITION BY … ORDER BY … ROWS BETWEEN …)` */
function specification(p: Parser): Expression_Window {
  const { stream } = p;
  stream.expectOp("(");
  const window = create(Expression_WindowSchema);
  if (
    stream.acceptWord("CLUSTER", "BY") ||
    stream.acceptWord("PARTITION", "BY") ||
    stream.acceptWord("DISTRIBUTE", "BY")
  ) {
    window.partitionSpec = expressionList(p);
  }
  if (stream.acceptWord("ORDER", "BY") || stream.acceptWord("SORT", "BY")) window.orderSpec = sortItems(p);
  if (stream.isWord("ROWS") || stream.isWord("RANGE")) {
    const frameType = stream.next().value === "ROWS" ? FRAME_ROW : FRAME_RANGE;
    const between = stream.acceptWord("BETWEEN");
    const lower = boundary(p);
    if (between) stream.expectWord("AND");
    const upper: Boundary = between ? boundary(p) : { boundary: { case: "currentRow", value: true } };
    const frame = create(Expression_WindowSchema, { frameSpec: { frameType, lower, upper } }).frameSpec;
    if (frame) window.frameSpec = frame;
  }
  stream.expectOp(")");
  return window;
}

/** Rows before the current one are counted below zero, as Spark Connect has it. */
function boundary(p: Parser): Boundary {
  const { stream } = p;
  if (stream.acceptWord("CURRENT", "ROW")) return { boundary: { case: "currentRow", value: true } };
  if (stream.acceptWord("UNBOUNDED")) {
    if (!stream.acceptWord("PRECEDING")) stream.expectWord("FOLLOWING");
    return { boundary: { case: "unbounded", value: true } };
  }
  const start = p.mark();
  const offset = expression(p);
  if (stream.acceptWord("FOLLOWING")) return { boundary: { case: "value", value: offset } };
  stream.expectWord("PRECEDING");
  return { boundary: { case: "value", value: negated(p, start, offset) } };
}

function negated(p: Parser, start: number, offset: Expression): Expression {
  const { exprType } = offset;
  if (exprType.case === "literal" && exprType.value.literalType.case === "integer") {
    return p.integer(start, -exprType.value.literalType.value);
  }
  return p.call(start, "-", [offset]);
}

/** `WINDOW w AS (…), …`: fills in what `OVER w` left open. The names are those met since `from`. */
export function windowClause(p: Parser, from: number): void {
  const { stream } = p;
  const known = new Map<string, Expression_Window>();
  if (stream.acceptWord("WINDOW")) {
    do {
      const name = stream.expectName();
      stream.expectWord("AS");
      if (stream.isOp("(") && !(stream.isName(1) && stream.isOp(")", 2)))
        known.set(name.toLowerCase(), specification(p));
      else {
        const bracket = stream.acceptOp("(");
        const at = stream.peek();
        known.set(name.toLowerCase(), lookUp(p, known, stream.expectName(), at.start));
        if (bracket) stream.expectOp(")");
      }
    } while (stream.acceptOp(","));
  }
  for (const { name, window, start } of p.namedWindows.splice(from)) {
    const found = lookUp(p, known, name, start);
    window.partitionSpec = found.partitionSpec;
    window.orderSpec = found.orderSpec;
    if (found.frameSpec) window.frameSpec = found.frameSpec;
  }
}

function lookUp(
  p: Parser,
  known: ReadonlyMap<string, Expression_Window>,
  name: string,
  start: number,
): Expression_Window {
  const found = known.get(name.toLowerCase());
  if (found) return found;
  throw new SluiceError(
    "MISSING_WINDOW_SPECIFICATION",
    { windowName: name },
    { context: p.stream.context(start, start + name.length) },
  );
}
