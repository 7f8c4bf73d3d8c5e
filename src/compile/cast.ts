import { type CastMode, castFunction, neverNull } from "../functions/cast/cast.ts";
import { type DataType, isIntLike, isLongLike, sameType } from "../types/types.ts";
import type { CodeEmitter } from "./emitter.ts";

export interface EmittedCast {
  /** The value stays as it is. */
  readonly identity: boolean;
  /** Cheap and unable to throw, whatever stands in the argument. */
  readonly pure: boolean;
  readonly mayReturnNull: boolean;
  /** JavaScript of the result for a non-null argument. */
  code(argument: string): string;
}

const SAME: EmittedCast = { identity: true, pure: true, mayReturnNull: false, code: (a) => a };

function pure(code: (argument: string) => string): EmittedCast {
  return { identity: false, pure: true, mayReturnNull: false, code };
}

/** How a cast is written: nothing, a short expression, or a call of the bound cast function. */
export function emitCast(e: CodeEmitter, from: DataType, to: DataType, mode: CastMode): EmittedCast {
  if (sameType(from, to)) return SAME;
  const short = shortCast(from, to, e.wide);
  if (short !== undefined) return short;
  return {
    identity: false,
    pure: false,
    mayReturnNull: !neverNull(from, to, mode),
    code(argument) {
      const fn = castFunction(from, to, { mode, settings: e.settings, wide: e.wide, run: e.run });
      return `${e.bind(fn, `${mode === "try" ? "tryCast" : "cast"}_${from.kind}_to_${to.kind}`)}(${argument})`;
    },
  };
}

const widths: Readonly<Record<string, number>> = { byte: 1, short: 2, integer: 3, long: 4 };

function shortCast(from: DataType, to: DataType, wide: boolean): EmittedCast | undefined {
  const a = widths[from.kind];
  const b = widths[to.kind];
  if (a !== undefined && b !== undefined && a <= b)
    return wide && b === 4 && a < 4 ? pure((v) => `BigInt(${v})`) : SAME;
  if (to.kind === "double") {
    if (from.kind === "float" || (isIntLike(from) && a !== undefined)) return SAME;
    if (from.kind === "long") return wide ? pure((v) => `Number(${v})`) : SAME;
    if (from.kind === "decimal" && !wide && from.scale <= 22) {
      return from.scale === 0 ? SAME : pure((v) => `(${v} / ${10 ** from.scale})`);
    }
  }
  if (to.kind === "float" && from.kind === "double") return pure((v) => `Math.fround(${v})`);
  if (to.kind === "string" && (a !== undefined || from.kind === "boolean")) return pure((v) => `String(${v})`);
  if (from.kind === "boolean" && b !== undefined)
    return pure((v) => (wide && b === 4 ? `(${v} ? 1n : 0n)` : `(${v} ? 1 : 0)`));
  if (to.kind === "boolean" && (a !== undefined || isLongLike(from))) {
    return pure((v) => `(${v} !== ${wide && isLongLike(from) ? "0n" : "0"})`);
  }
  return undefined;
}
