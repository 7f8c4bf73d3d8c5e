/** When the rows of each side of a stream-stream join can go. */
import type { JoinNode } from "../../analyze/plan.ts";
import type { StreamJoinOptions } from "./streamjoin.ts";

export function evictionOf(join: JoinNode): StreamJoinOptions {
  void join;
  return { left: undefined, right: undefined };
}
