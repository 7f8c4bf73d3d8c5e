// Made by scripts/generate-errors.ts from conditions.md; do not edit.
export const conditions = {
  ARITHMETIC_OVERFLOW: {
    template: "The result of <message> doesn't fit its type.<alternative>",
    sqlState: "22003",
  },
  BINARY_ARITHMETIC_OVERFLOW: {
    template: "<value1> <symbol> <value2> doesn't fit the type of its operands. Cast one of them to INT first, or use the try_ form to get NULL.",
    sqlState: "22003",
  },
  BROKER_ADDRESS_UNAVAILABLE: {
    template: "The dev broker can't listen on <host>:<port> (<code>). Another program may be using the port: stop it, choose another with --port, or let the system choose with --port 0.",
    sqlState: "08001",
  },
  BROKER_DIRECTORY_LOCKED: {
    template: "The dev broker's data directory <path> is in use by process <pid>. Stop that broker, or give this one another directory.",
    sqlState: "55006",
  },
  CANNOT_ACCEPT_OBJECT_IN_TYPE: {
    template: "The value <value> of <place> is not a <dataType>. <hint>",
    sqlState: "22023",
  },
  CANNOT_DECODE_URL: {
    template: "<url> is not a percent-encoded text. Use try_url_decode to get NULL for such values.",
    sqlState: "22546",
  },
  CANNOT_INFER_TYPE_FOR_FIELD: {
    template: "The type of column `<fieldName>` can't be told from its values: <reason>. Give a schema: createDataFrame(rows, \"<fieldName> string, …\").",
    sqlState: "22023",
  },
  CANNOT_PARSE_INTERVAL: {
    template: "<intervalString> is not an interval. Write a number and a unit, e.g. '10 seconds' or '1 hour 30 minutes'.",
    sqlState: "22006",
  },
  CAST_INVALID_INPUT: {
    template: "The value <expression> of type <sourceType> can't be read as <targetType>. Correct the value, or use try_cast to get NULL for values like it.",
    sqlState: "22018",
  },
  CAST_OVERFLOW: {
    template: "The value <value> of type <sourceType> doesn't fit <targetType>. Cast to a wider type, or use try_cast to get NULL instead.",
    sqlState: "22003",
  },
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
  CLUSTER_UNAVAILABLE: {
    template: "The Spark Connect server at <url> does not answer: <reason>. Start one with `start-connect-server.sh`, or correct the address given to remote(…) or SPARK_REMOTE.",
    sqlState: "08001",
  },
  CONCURRENT_STREAM_LOG_UPDATE: {
    template: "Batch <batchId> is already in the log <path>: another query writes to the same checkpoint. Give each query its own checkpointLocation.",
    sqlState: "40000",
  },
  "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the two sides have types that don't go together, <left> and <right>. Cast one of them.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the operator takes <inputType>, not <actualDataType>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.DATA_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the values of <functionName> must have one type in common, but they are <dataType>. Cast them to one type.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> needs values that can be ordered, and <dataType> can't be.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: parameter <paramIndex> requires the <requiredType> type, however <inputSql> has the type <inputType>.",
    sqlState: "42K09",
  },
  DATATYPE_MISSING_SIZE: {
    template: "Data type <type> needs a length in parentheses, e.g. VARCHAR(20). Or use STRING, which has no limit.",
    sqlState: "42K01",
  },
  DATA_SOURCE_NOT_FOUND: {
    template: "Failed to find the data source: <provider>. <hint>",
    sqlState: "42K02",
  },
  DATA_SOURCE_OPERATION_UNSUPPORTED: {
    template: "Data source <provider> does not support <operation>. <hint>",
    sqlState: "0A000",
  },
  DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION: {
    template: "A decimal of <precision> digits is asked for, but the most is <maxPrecision>.",
    sqlState: "22003",
  },
  DECIMAL_SCALE_EXCEEDS_PRECISION: {
    template: "A decimal can't have <scale> digits after the point when it has <precision> in all. DECIMAL(p,s) needs s ≤ p.",
    sqlState: "42K0B",
  },
  DIVIDE_BY_ZERO: {
    template: "Division by zero. Use try_divide to get NULL where the divisor is 0.",
    sqlState: "22012",
  },
  DUPLICATED_CTE_NAMES: {
    template: "The WITH clause defines <duplicateNames> more than once. Give each query a name of its own.",
    sqlState: "42602",
  },
  FAILED_TO_PARSE_TOO_COMPLEX: {
    template: "The text nests deeper than <limit> levels, or joins too many parts in one expression. Split it into several queries or views.",
    sqlState: "54001",
  },
  FIELD_COUNT_MISMATCH: {
    template: "Row <row> has <actual> values, but the schema has <expected> columns: <columns>.",
    sqlState: "22023",
  },
  FIELD_NOT_FOUND: {
    template: "There is no column <fieldName>.<hint> The columns are <fields>.",
    sqlState: "42704",
  },
  FOREACH_BATCH_USER_FUNCTION_ERROR: {
    template: "An error occurred in the function given to foreachBatch, in batch <batchId>. Reason: <reason>",
    sqlState: "39000",
  },
  FOREACH_USER_FUNCTION_ERROR: {
    template: "An error occurred in the function given to foreach, in batch <batchId>. Reason: <reason>",
    sqlState: "39000",
  },
  INCOMPLETE_TYPE_DEFINITION: {
    template: "<type> needs its parts named, e.g. <example>.",
    sqlState: "42K01",
  },
  INTERNAL_ERROR: {
    template: "<message>",
    sqlState: "XX000",
  },
  INVALID_ARRAY_INDEX: {
    template: "The index <indexValue> is outside the array, which has <arraySize> elements. Use get() to get NULL for an index that isn't there.",
    sqlState: "22003",
  },
  INVALID_CONF_VALUE: {
    template: "The value '<confValue>' of the setting <confName> is invalid: <reason>.",
    sqlState: "22022",
  },
  INVALID_CONNECT_URL: {
    template: "<detail> in the Spark Connect address <url>. It has the form sc://host:port/;parameter=value;…",
    sqlState: "08001",
  },
  INVALID_ESCAPE_CHAR: {
    template: "ESCAPE takes one character, not <sqlExpr>.",
    sqlState: "42604",
  },
  "INVALID_FORMAT.ESC_AT_THE_END": {
    template: "The pattern <format> ends with its escape character. Write the escape character twice to match it.",
    sqlState: "42601",
  },
  "INVALID_FORMAT.ESC_IN_THE_MIDDLE": {
    template: "In the pattern <format> the escape character stands before <char>. It may stand only before %, _ or itself.",
    sqlState: "42601",
  },
  INVALID_INTERVAL_FORMAT: {
    template: "<input> is not an interval: <problem>. Examples: INTERVAL 10 SECONDS, INTERVAL '1 02:03:04' DAY TO SECOND, INTERVAL '1-2' YEAR TO MONTH.",
    sqlState: "22006",
  },
  INVALID_JSON_DATA_TYPE: {
    template: "<invalidType> is not a data type in JSON form. Expected is a name such as \"long\", or an object with \"type\" array, map or struct.",
    sqlState: "2203G",
  },
  "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE": {
    template: "<name> takes a whole number, or a parameter that stands for one.",
    sqlState: "42K0E",
  },
  "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE": {
    template: "<name> takes a number that is not negative, but got <v>.",
    sqlState: "42K0E",
  },
  INVALID_NUMERIC_LITERAL_RANGE: {
    template: "The number <rawStrippedQualifier> is outside the range of <typeName>, which is <minValue> to <maxValue>. Use a wider type.",
    sqlState: "22003",
  },
  INVALID_OPTION_VALUE: {
    template: "The value '<value>' of option <option> of <provider> is invalid: <reason>.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.CHARSET": {
    template: "<functionName> knows the character sets <charsets>, but not <charset>.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.FORMAT_STRING": {
    template: "The format of format_string doesn't fit its arguments: <what>.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.PATTERN": {
    template: "The value <value> of <parameter> in <functionName> is not a regular expression.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX": {
    template: "<functionName> was asked for group <groupIndex>, but the regular expression has groups 0 to <groupCount>.",
    sqlState: "22023",
  },
  INVALID_SAVE_MODE: {
    template: "'<mode>' is not a save mode; '<hint>' is the nearest one. The save modes are append, overwrite, ignore, error and errorifexists.",
    sqlState: "42000",
  },
  INVALID_TIMEZONE: {
    template: "There is no time zone <timeZone>. Use a name such as Europe/Athens, an offset such as +02:00, or UTC.",
    sqlState: "22009",
  },
  INVALID_TRIGGER: {
    template: "A trigger has exactly one of processingTime, availableNow, once; given: <given>. Example: trigger({ processingTime: \"10 seconds\" }).",
    sqlState: "22023",
  },
  INVALID_TRIGGER_INTERVAL: {
    template: "The trigger interval '<interval>' is not a time: write a number and a unit, e.g. '5 seconds' or '500 milliseconds'.",
    sqlState: "22006",
  },
  INVALID_TYPED_LITERAL: {
    template: "<value> is not a value of type <valueType>. <hint>",
    sqlState: "42604",
  },
  INVALID_URL: {
    template: "<url> is not a URL. Use try_parse_url to get NULL for such values.",
    sqlState: "22P02",
  },
  MALFORMED_CHARACTER_CODING: {
    template: "<function> met a character that <charset> doesn't have, or bytes that aren't text in it.",
    sqlState: "22000",
  },
  "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION": {
    template: "A record is malformed and the parse mode is <failFastMode>: <badRecord>. To get nulls instead and go on, set the option 'mode' to PERMISSIVE.",
    sqlState: "22023",
  },
  MISSING_OPTION: {
    template: "<provider> needs the option <option>: <hint>",
    sqlState: "42K03",
  },
  MISSING_WINDOW_SPECIFICATION: {
    template: "No window is named <windowName>. Define it in a WINDOW clause: WINDOW <windowName> AS (PARTITION BY …).",
    sqlState: "42P20",
  },
  "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION": {
    template: "<roundedValue> can't be held as DECIMAL(<precision>,<scale>): <originalValue> has too many digits before the point.",
    sqlState: "22003",
  },
  "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION": {
    template: "<value> doesn't fit DECIMAL(<precision>,<scale>). Cast to a decimal with more digits before the point, or use the try_ form to get NULL.",
    sqlState: "22003",
  },
  PARSE_EMPTY_STATEMENT: {
    template: "There is no SQL here: the text is empty or holds only comments.",
    sqlState: "42617",
  },
  PARSE_SYNTAX_ERROR: {
    template: "Syntax error at or near <error><hint>",
    sqlState: "42601",
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
  QUERY_NAME_REQUIRED: {
    template: "queryName must be specified for the <sink> sink: it is the name under which the rows can be read.",
    sqlState: "42K03",
  },
  REMAINDER_BY_ZERO: {
    template: "Remainder of a division by zero. Use try_mod to get NULL where the divisor is 0.",
    sqlState: "22012",
  },
  SCALAR_SUBQUERY_TOO_MANY_ROWS: {
    template: "A subquery used as one value returned <rows> rows. Add LIMIT 1, or an aggregate such as max().",
    sqlState: "21000",
  },
  SCRIPT_FUNCTION_ON_CLUSTER: {
    template: "<function> is a TypeScript function<place>, and can't run on a Spark cluster. Write it with Spark's functions or SQL, or run this query on the embedded engine.",
    sqlState: "0A000",
  },
  SESSION_STOPPED: {
    template: "This session was stopped. Make a new one with SparkSession.builder.getOrCreate().",
    sqlState: "08003",
  },
  SINK_FAILED: {
    template: "Writing batch <batchId> to <sink> failed: <reason>",
    sqlState: "58030",
  },
  SOURCE_SCHEMA_REQUIRED: {
    template: "Schema must be specified when creating a streaming source DataFrame of <provider>: add schema(...), e.g. schema(\"id STRING, value DOUBLE\").",
    sqlState: "42K03",
  },
  SPARK_ERROR: {
    template: "<message>",
    sqlState: "XX000",
  },
  STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE: {
    template: "The key types of stateful operator <operatorId> (<operator>) changed from (<stored>) to (<current>), and the state in <path> holds the former. Undo the change, or start with a new checkpointLocation.",
    sqlState: "42K06",
  },
  STATE_STORE_SCHEMA_NOT_COMPATIBLE: {
    template: "The state in <path> was written by a query with other columns: it holds <stored>, the query now keeps <current>. Restart with the old query, or with a new checkpointLocation.",
    sqlState: "42K06",
  },
  STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE: {
    template: "What stateful operator <operatorId> (<operator>) keeps changed from (<stored>) to (<current>), and the state in <path> holds the former. Undo the change, or start with a new checkpointLocation.",
    sqlState: "42K06",
  },
  STATE_STORE_VERSION_MISSING: {
    template: "State version <version> can't be loaded: <path> is missing, and no later snapshot stands in for it. Restore the file from a copy of the checkpoint, or start with a new checkpointLocation.",
    sqlState: "XXKST",
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
  STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA: {
    template: "The query's stateful operators differ from those of the checkpoint <path>. Checkpoint: <stored>. Now: <current>. Undo the change, or start with a new checkpointLocation.",
    sqlState: "42K03",
  },
  STREAM_FAILED: {
    template: "Query [id = <id>, runId = <runId>] terminated with exception: <message>",
    sqlState: "XXKST",
  },
  TEMP_TABLE_OR_VIEW_ALREADY_EXISTS: {
    template: "Cannot create the temporary view <relationName> because it already exists. Choose a different name, drop or replace the existing view.",
    sqlState: "42P07",
  },
  UNBOUND_SQL_PARAMETER: {
    template: "The parameter <name> has no value. Pass one in the arguments of sql(query, args).",
    sqlState: "42P02",
  },
  UNCLOSED_BRACKETED_COMMENT: {
    template: "A comment opens with /* and is never closed. Add */ where it ends.",
    sqlState: "42601",
  },
  UNKNOWN_CONF: {
    template: "There is no setting <confName>.<suggestion>",
    sqlState: "42K06",
  },
  UNKNOWN_OPTION: {
    template: "<provider> has no option <option>.<suggestion> Its options are: <known>.",
    sqlState: "42K06",
  },
  UNSUPPORTED_DATATYPE: {
    template: "There is no data type <typeName>. Known: <known>, DECIMAL(p,s), INTERVAL …, ARRAY<…>, MAP<…, …>, STRUCT<name: type, …>.",
    sqlState: "0A000",
  },
  UNSUPPORTED_FEATURE: {
    template: "<feature> is not supported<where>. <hint>",
    sqlState: "0A000",
  },
  UNSUPPORTED_JOIN_TYPE: {
    template: "'<typ>' is not a join type; '<hint>' is the nearest one. The join types are <supported>.",
    sqlState: "0A000",
  },
  UNSUPPORTED_TYPED_LITERAL: {
    template: "There are no constants of the form <unsupportedType> '…'. Known: DATE, TIMESTAMP, TIMESTAMP_LTZ, TIMESTAMP_NTZ, INTERVAL, X.",
    sqlState: "0A000",
  },
  USER_SPECIFIED_SCHEMA_REFUSED: {
    template: "The data source <provider> has a schema of its own: leave out schema(...).",
    sqlState: "42K03",
  },
  WRITE_STREAM_NOT_ALLOWED: {
    template: "`writeStream` can be called only on streaming Dataset/DataFrame. Read with readStream, or write the rows with `write`.",
    sqlState: "42601",
  },
  "WRONG_NUM_ARGS.WITHOUT_SUGGESTION": {
    template: "<functionName> takes <expectedNum> arguments, but <actualNum> were given. Its arguments: <functionName>(<args>).",
    sqlState: "42605",
  },
} as const;

/** The name of an error condition. */
export type Condition = keyof typeof conditions;
