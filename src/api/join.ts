/** How two DataFrames are joined. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { nearest, SluiceError } from "../errors/error.ts";
import type { Expression, JoinSchema, Relation } from "../plan/messages.ts";
import { Column } from "./column.ts";
import { call } from "./expression.ts";

/** Spark's names of join types. */
export type JoinHow =
  | "inner"
  | "cross"
  | "outer"
  | "full"
  | "fullouter"
  | "full_outer"
  | "left"
  | "leftouter"
  | "left_outer"
  | "right"
  | "rightouter"
  | "right_outer"
  | "semi"
  | "leftsemi"
  | "left_semi"
  | "anti"
  | "leftanti"
  | "left_anti";

const TYPES = {
  inner: 1,
  cross: 7,
  outer: 2,
  full: 2,
  fullouter: 2,
  left: 3,
  leftouter: 3,
  right: 4,
  rightouter: 4,
  semi: 6,
  leftsemi: 6,
  anti: 5,
  leftanti: 5,
} as const;

export function joinInit(
  left: Relation,
  right: Relation,
  on: string | readonly string[] | Column | readonly Column[] | undefined,
  how: JoinHow,
): MessageInitShape<typeof JoinSchema> {
  const name = how.toLowerCase().replaceAll("_", "");
  if (!Object.hasOwn(TYPES, name)) {
    throw new SluiceError("UNSUPPORTED_JOIN_TYPE", {
      typ: how,
      hint: nearest(name, Object.keys(TYPES)) ?? "inner",
      supported: Object.keys(TYPES)
        .map((t) => `'${t}'`)
        .join(", "),
    });
  }
  const base = { left, right, joinType: TYPES[name as keyof typeof TYPES] };
  if (on === undefined) return base;
  const parts = [on].flat() as (string | Column)[];
  const conditions = parts.filter((p) => p instanceof Column).map((c) => c.expression);
  if (conditions.length === 0) return { ...base, usingColumns: parts as string[] };
  return { ...base, joinCondition: conditions.reduce((a: Expression, b: Expression) => call("and", [a, b])) };
}
