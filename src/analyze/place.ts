/** Where in the user's text or program an expression was written, for errors. */
import { type QueryContext, SluiceError } from "../errors/error.ts";
import type { Expression, Origin, Relation } from "../plan/messages.ts";

/** The place that an origin tells of, or undefined when it tells nothing. */
export function placeOf(origin: Origin | undefined): QueryContext | undefined {
  const where = origin?.function;
  if (where?.case === "jvmOrigin") {
    const { sqlText, startIndex, stopIndex } = where.value;
    if (!sqlText) return undefined;
    return {
      fragment: sqlText,
      start: startIndex ?? 0,
      stop: stopIndex === undefined ? sqlText.length : stopIndex + 1,
    };
  }
  if (where?.case === "pythonOrigin") {
    const { fragment, callSite } = where.value;
    if (!fragment) return undefined;
    return { fragment, start: 0, stop: fragment.length, ...(callSite ? { callSite } : {}) };
  }
  return undefined;
}

/** Runs `work`; an error of ours that has no place yet gets that of `node`. */
export function at<T>(node: Expression | Relation | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SluiceError) || error.context !== undefined) throw error;
    const context = placeOf(node?.common?.origin);
    if (context === undefined) throw error;
    throw new SluiceError(error.condition, error.messageParameters, { context, cause: error.cause });
  }
}
