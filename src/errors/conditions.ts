// Made by scripts/generate-errors.ts from conditions.md; do not edit.
export const conditions = {
  CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED: {
    template: "The checkpoint file <path> is damaged: <reason>. Restore it from a copy of the checkpoint, or start the query with a new checkpointLocation.",
    sqlState: "XXKST",
  },
  CHECKPOINT_INCONSISTENT: {
    template: "The checkpoint <path> can't be continued: <reason>. Restore the missing file from a copy of the checkpoint, or start the query with a new checkpointLocation.",
    sqlState: "XXKST",
  },
  CHECKPOINT_IO_ERROR: {
    template: "Cannot <operation> <path> of the checkpoint: <reason>. The query stops before it loses anything; when the cause is gone, start it again with the same checkpointLocation.",
    sqlState: "58030",
  },
  CHECKPOINT_LOCATION_REQUIRED: {
    template: "checkpointLocation must be specified either through option(\"checkpointLocation\", ...) or SparkSession.conf.set(\"spark.sql.streaming.checkpointLocation\", ...).",
    sqlState: "42K08",
  },
  CHECKPOINT_LOCKED: {
    template: "The checkpoint <path> is in use by process <pid> on <host>. One query at a time may write to a checkpoint: stop that query, or give this one another checkpointLocation.",
    sqlState: "40000",
  },
  CHECKPOINT_QUERY_CHANGED: {
    template: "The query can't continue from the checkpoint <path>, because it was changed: <change>. Undo the change, or start with a new checkpointLocation.",
    sqlState: "42K03",
  },
  CONCURRENT_STREAM_LOG_UPDATE: {
    template: "Batch <batchId> is already in the log <path>: another query writes to the same checkpoint. Give each query its own checkpointLocation.",
    sqlState: "40000",
  },
  "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: parameter <paramIndex> requires the <requiredType> type, however <inputSql> has the type <inputType>.",
    sqlState: "42K09",
  },
  DATA_SOURCE_NOT_FOUND: {
    template: "Failed to find the data source: <provider>. <hint>",
    sqlState: "42K02",
  },
  DATA_SOURCE_OPERATION_UNSUPPORTED: {
    template: "Data source <provider> does not support <operation>. <hint>",
    sqlState: "0A000",
  },
  FOREACH_BATCH_USER_FUNCTION_ERROR: {
    template: "An error occurred in the function given to foreachBatch, in batch <batchId>. Reason: <reason>",
    sqlState: "39000",
  },
  FOREACH_USER_FUNCTION_ERROR: {
    template: "An error occurred in the function given to foreach, in batch <batchId>. Reason: <reason>",
    sqlState: "39000",
  },
  INTERNAL_ERROR: {
    template: "<message>",
    sqlState: "XX000",
  },
  INVALID_CONF_VALUE: {
    template: "The value '<confValue>' of the setting <confName> is invalid: <reason>.",
    sqlState: "22022",
  },
  INVALID_OPTION_VALUE: {
    template: "The value '<value>' of option <option> of <provider> is invalid: <reason>.",
    sqlState: "22023",
  },
  INVALID_TRIGGER_INTERVAL: {
    template: "The trigger interval '<interval>' is not a time: write a number and a unit, e.g. '5 seconds' or '500 milliseconds'.",
    sqlState: "22006",
  },
  MISSING_OPTION: {
    template: "<provider> needs the option <option>: <hint>",
    sqlState: "42K03",
  },
  PATH_ALREADY_EXISTS: {
    template: "Path <outputPath> already exists. Set mode as \"overwrite\" to overwrite the existing path.",
    sqlState: "42K04",
  },
  PATH_NOT_FOUND: {
    template: "Path does not exist: <path>.",
    sqlState: "42K03",
  },
  QUERY_NAME_IN_USE: {
    template: "Cannot start query with name <name>: a query with that name is already active in this session. Stop that query, or choose another queryName.",
    sqlState: "42710",
  },
  SINK_FAILED: {
    template: "Writing batch <batchId> to <sink> failed: <reason>",
    sqlState: "58030",
  },
  "STREAMING_OUTPUT_MODE.INVALID": {
    template: "Invalid streaming output mode: <outputMode>. Accepted output modes are 'Append', 'Complete', 'Update'.",
    sqlState: "42KDE",
  },
  "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE": {
    template: "Invalid streaming output mode: <outputMode>. The data source <dataSource> takes <accepted>.",
    sqlState: "42KDE",
  },
  STREAMING_QUERY_NEEDS_START: {
    template: "Queries with streaming sources must be executed with writeStream.start().",
    sqlState: "0A000",
  },
  STREAM_FAILED: {
    template: "Query [id = <id>, runId = <runId>] terminated with exception: <message>",
    sqlState: "XXKST",
  },
  TEMP_TABLE_OR_VIEW_ALREADY_EXISTS: {
    template: "Cannot create the temporary view <relationName> because it already exists. Choose a different name, drop or replace the existing view.",
    sqlState: "42P07",
  },
  UNKNOWN_CONF: {
    template: "There is no setting <confName>.<suggestion>",
    sqlState: "42K06",
  },
  UNKNOWN_OPTION: {
    template: "<provider> has no option <option>.<suggestion> Its options are: <known>.",
    sqlState: "42K06",
  },
  UNSUPPORTED_FEATURE: {
    template: "<feature> is not supported<where>. <hint>",
    sqlState: "0A000",
  },
  WRITE_STREAM_NOT_ALLOWED: {
    template: "`writeStream` can be called only on streaming Dataset/DataFrame. Read with readStream, or write the rows with `write`.",
    sqlState: "42601",
  },
} as const;

/** The name of an error condition. */
export type Condition = keyof typeof conditions;
