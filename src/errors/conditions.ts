// Made by scripts/generate-errors.ts from conditions.md; do not edit.
export const conditions = {
  CHECKPOINT_LOCKED: {
    template: "The checkpoint <path> is in use by process <pid> on <host>. One query at a time may write to a checkpoint: stop that query, or give this one another checkpointLocation.",
    sqlState: "40000",
  },
  "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: parameter <paramIndex> requires the <requiredType> type, however <inputSql> has the type <inputType>.",
    sqlState: "42K09",
  },
  INTERNAL_ERROR: {
    template: "<message>",
    sqlState: "XX000",
  },
  UNSUPPORTED_FEATURE: {
    template: "<feature> is not supported<where>. <hint>",
    sqlState: "0A000",
  },
} as const;

/** The name of an error condition. */
export type Condition = keyof typeof conditions;
