import { SluiceError } from "../../errors/error.ts";
import { sqlType } from "../../types/print.ts";
import type { DataType } from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import type { SessionSettings } from "../definition.ts";
import type { CastContext, CastFunction } from "./cast.ts";

/** The cast to a date, timestamp or interval type, or from an interval to a number. */
export function castToDatetime(from: DataType, to: DataType, context: CastContext): CastFunction {
  if (to.kind === "timestamp") {
    switch (from.kind) {
      case "byte":
      case "short":
      case "integer":
      case "long":
        return (v) => longValue(BigInt.asIntN(64, BigInt(v as number | bigint) * 1000000n), context.wide);
    }
  }
  throw unsupported(from, to);
}

function unsupported(from: DataType, to: DataType): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `CAST from ${sqlType(from)} to ${sqlType(to)}`,
    where: "",
    hint: "Cast to STRING in between.",
  });
}

/** A date, timestamp or interval as text. */
export function datetimeText(type: DataType, _settings: SessionSettings): (value: Value) => string {
  throw unsupported(type, { kind: "string" });
}
