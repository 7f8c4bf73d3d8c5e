// Made by scripts/generate-errors.ts from conditions.md; do not edit.
export const conditions = {
  ALL_PARTITION_COLUMNS_NOT_ALLOWED: {
    template: "Cannot use all columns for partition columns: at least one must be left for the files.",
    sqlState: "KD005",
  },
  AMBIGUOUS_COLUMN_REFERENCE: {
    template: "The column <name> of this DataFrame could be either side's, as the same DataFrame is used twice. Give each use an alias, df.alias(\"a\"), and write col(\"a.<name>\").",
    sqlState: "42702",
  },
  AMBIGUOUS_LATERAL_COLUMN_ALIAS: {
    template: "The name <name> stands for <n> columns that come before it in the same SELECT. Give them different names.",
    sqlState: "42702",
  },
  AMBIGUOUS_REFERENCE: {
    template: "The name <name> could be any of <referenceNames>. Qualify it with its relation's name, or rename one of them.",
    sqlState: "42704",
  },
  AMBIGUOUS_REFERENCE_TO_FIELDS: {
    template: "The struct has <count> fields with the name <field>. Rename them first.",
    sqlState: "42000",
  },
  ARITHMETIC_OVERFLOW: {
    template: "The result of <message> doesn't fit its type.<alternative>",
    sqlState: "22003",
  },
  ASSIGNMENT_ARITY_MISMATCH: {
    template: "There are <numTarget> names for <numExpr> columns. Give one for each.",
    sqlState: "42802",
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
  CACHED_RELATION_NOT_FOUND: {
    template: "The relation <id> is not kept any more. A DataFrame given to foreachBatch can be read only until the function returns.",
    sqlState: "42P01",
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
  CANNOT_MODIFY_STATIC_CONFIG: {
    template: "Cannot modify the value of the static Spark config: <key>. It is fixed when the server starts.",
    sqlState: "46110",
  },
  CANNOT_PARSE_INTERVAL: {
    template: "<intervalString> is not an interval. Write a number and a unit, e.g. '10 seconds' or '1 hour 30 minutes'.",
    sqlState: "22006",
  },
  CANNOT_PARSE_TIMESTAMP: {
    template: "<message>. Use <func> to get NULL for texts that can't be read.",
    sqlState: "22007",
  },
  CANNOT_RESOLVE_DATAFRAME_COLUMN: {
    template: "The column <name> belongs to a DataFrame that isn't part of this one, or was replaced or dropped on the way. Refer to it by name, e.g. col(\"<name>\").",
    sqlState: "42704",
  },
  CANNOT_RESOLVE_STAR_EXPAND: {
    template: "There is nothing to expand for <targetString>.*: no relation or struct has that name. The columns are: <columns>.",
    sqlState: "42704",
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
  "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER": {
    template: "<functionName> would make an array of <numberOfElements> elements, more than the limit of <maxRoundedArrayLength>. Make <parameter> smaller.",
    sqlState: "54000",
  },
  COLUMN_ALREADY_EXISTS: {
    template: "The column <columnName> exists twice. Rename one of them.",
    sqlState: "42711",
  },
  CONCURRENT_STREAM_LOG_UPDATE: {
    template: "Batch <batchId> is already in the log <path>: another query writes to the same checkpoint. Give each query its own checkpointLocation.",
    sqlState: "40000",
  },
  CONNECTION_FAILED: {
    template: "Cannot connect to the database at <address>: <reason>. Check that it runs, and the options url, user and password.",
    sqlState: "08001",
  },
  CONNECT_LIMIT_EXCEEDED: {
    template: "The server holds <limit> <what> and takes no more. Stop those that are no longer needed, e.g. with spark.stop().",
    sqlState: "53000",
  },
  "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> needs an array and values of one type, but they are <leftType> and <rightType>. Cast one of them.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> needs two arrays of one type, but they are <leftType> and <rightType>. Cast one of them.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the two sides have types that don't go together, <left> and <right>. Cast one of them.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the operator takes <inputType>, not <actualDataType>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: a struct must keep at least one field.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <srcType> can't be cast to <targetType>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <srcType> can't be cast to <targetType>. Use <functionNames> instead.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the keys of <functionName> must have one type in common, but they are <dataType>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the values of <functionName> must have one type in common, but they are <dataType>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the names in named_struct must be constant strings, not <inputExprs>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.DATA_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the values of <functionName> must have one type in common, but they are <dataType>. Cast them to one type.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the <filter> must be BOOLEAN, not <type>. Compare it with something.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.HASH_MAP_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> doesn't take maps, because equal maps may hold their entries in another order. Hash map_entries sorted with array_sort instead.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the keys of a map read from JSON must be STRING, not <schema>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: JSON text is made of a struct, an array or a map, not of <schema>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> needs values that can be ordered, and <dataType> can't be.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH": {
    template: "IN has <leftLength> values on its left and a subquery with <rightLength> columns on its right. They must be as many.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> needs maps of one type, but they are <dataType>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the <inputName> must be a constant of type <inputType>, but <inputExpr> isn't.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.NULL_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> can't take a bare NULL. Cast it to a type.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <leftExprName> (<leftExprValue> microseconds) must <constraint> <rightExprName> (<rightExprValue>).",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: parameter <paramIndex> requires the <requiredType> type, however <inputSql> has the type <inputType>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> doesn't take values of type <dataType>.",
    sqlState: "42K09",
  },
  "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE": {
    template: "Cannot resolve <sqlExpr> due to data type mismatch: the <exprName> must be in <valueRange>, and is <currentValue>.",
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
  "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION": {
    template: "There is no such date or time: <rangeMessage>. Use the try_ form to get NULL instead.",
    sqlState: "22023",
  },
  DATETIME_OVERFLOW: {
    template: "The result of <operation> is outside the range of its type.",
    sqlState: "22008",
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
  DUPLICATED_MAP_KEY: {
    template: "The key <key> stands twice in a map. Remove the duplicate before the map is made.",
    sqlState: "23505",
  },
  EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE: {
    template: "The event time <eventName> has the type <eventType>, but must be a \"TIMESTAMP\". Cast it first, or use timestamp_millis for a number of milliseconds.",
    sqlState: "42K09",
  },
  EVENT_TIME_MUST_BE_TOP_LEVEL_COLUMN: {
    template: "The event time <eventExpr> must be a column, not a field inside one. Add it as a column first: withColumn(\"time\", col(…)).",
    sqlState: "42K09",
  },
  FAILED_READ_FILE: {
    template: "Cannot read the file <path>: <reason>.",
    sqlState: "KD001",
  },
  FAILED_READ_QUERY: {
    template: "The database refused the query <query>: <reason>.",
    sqlState: "42000",
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
  GROUPING_COLUMN_MISMATCH: {
    template: "grouping() is asked for <grouping>, but the grouping columns are <groupingColumns>.",
    sqlState: "42803",
  },
  GROUPING_ID_COLUMN_MISMATCH: {
    template: "grouping_id() is asked for <groupingIdColumn>, but must have all grouping columns in their order: <groupByColumns>.",
    sqlState: "42803",
  },
  GROUPING_SIZE_LIMIT_EXCEEDED: {
    template: "CUBE takes at most <maxSize> columns.",
    sqlState: "54000",
  },
  GROUP_BY_AGGREGATE: {
    template: "GROUP BY can't contain the aggregate function <sqlExpr>. Group by a column, and aggregate in the select list.",
    sqlState: "42903",
  },
  GROUP_BY_POS_OUT_OF_RANGE: {
    template: "GROUP BY position <index> is not in the select list, which has <size> columns.",
    sqlState: "42805",
  },
  GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE: {
    template: "<sqlExpr> can't be grouped by, as values of type <dataType> can't be compared.",
    sqlState: "42822",
  },
  ILLEGAL_DAY_OF_WEEK: {
    template: "<string> is not a day of the week. Use the English names or their first two or three letters.",
    sqlState: "22009",
  },
  ILLEGAL_SEQUENCE_BOUNDARIES: {
    template: "sequence can't go from <start> to <stop> by steps of <step>.",
    sqlState: "22023",
  },
  INCOMPATIBLE_COLUMN_TYPE: {
    template: "<operator> needs columns of types that go together, but column <columnOrdinalNumber> of the <tableOrdinalNumber> input is a <dataType1> and the first input's is a <dataType2>. Cast one of them.",
    sqlState: "42825",
  },
  "INCOMPLETE_TYPE_DEFINITION.ARRAY": {
    template: "ARRAY needs its element type, e.g. ARRAY<INT>.",
    sqlState: "42K01",
  },
  "INCOMPLETE_TYPE_DEFINITION.MAP": {
    template: "MAP needs its key and value types, e.g. MAP<STRING, INT>.",
    sqlState: "42K01",
  },
  "INCOMPLETE_TYPE_DEFINITION.STRUCT": {
    template: "STRUCT needs its fields, e.g. STRUCT<name: STRING, id: INT>.",
    sqlState: "42K01",
  },
  "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION": {
    template: "<pattern> is not a date and time pattern of this version. Quote literal letters with apostrophes, and see the list of pattern letters.",
    sqlState: "42K0B",
  },
  INTERNAL_ERROR: {
    template: "<message>",
    sqlState: "XX000",
  },
  "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION": {
    template: "The interval doesn't fit its type.",
    sqlState: "22015",
  },
  "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION": {
    template: "The interval doesn't fit its type. Use the try_ form to get NULL instead.",
    sqlState: "22015",
  },
  INTERVAL_DIVIDED_BY_ZERO: {
    template: "An interval was divided by zero. Use try_divide to get NULL where the divisor is 0.",
    sqlState: "22012",
  },
  INTERVAL_WITH_MONTHS: {
    template: "The length <intervalString> counts in months or years, which have no fixed length. Use days or weeks.",
    sqlState: "22006",
  },
  INVALID_AGGREGATE_PLACE: {
    template: "The aggregate function <function> can't be used in <clause>. Aggregate first, then filter or join the result.",
    sqlState: "42903",
  },
  INVALID_ARRAY_INDEX: {
    template: "The index <indexValue> is outside the array, which has <arraySize> elements. Use get() to get NULL for an index that isn't there.",
    sqlState: "22003",
  },
  INVALID_ARRAY_INDEX_IN_ELEMENT_AT: {
    template: "The index <indexValue> is outside the array, which has <arraySize> elements. Use try_element_at to get NULL for an index that isn't there.",
    sqlState: "22003",
  },
  INVALID_ATTRIBUTE_NAME_SYNTAX: {
    template: "<name> is not a column's name. Put a name with dots or backquotes in it into backquotes.",
    sqlState: "42601",
  },
  INVALID_COLUMN_OR_FIELD_DATA_TYPE: {
    template: "The column <name> is a <type>, which can't become the <expectedType> of the schema.",
    sqlState: "42000",
  },
  INVALID_CONF_VALUE: {
    template: "The value '<confValue>' of the setting <confName> is invalid: <reason>.",
    sqlState: "22022",
  },
  INVALID_CONNECT_URL: {
    template: "<detail> in the Spark Connect address <url>. It has the form sc://host:port/;parameter=value;…",
    sqlState: "08001",
  },
  "INVALID_CURSOR.DISCONNECTED": {
    template: "The answer of operation <operation> was taken over by another call of the client.",
    sqlState: "HY109",
  },
  "INVALID_CURSOR.POSITION_NOT_AVAILABLE": {
    template: "Response <responseId> of operation <operation> was given out, and is kept no longer.",
    sqlState: "HY109",
  },
  "INVALID_CURSOR.POSITION_NOT_FOUND": {
    template: "Operation <operation> has no response <responseId>.",
    sqlState: "HY109",
  },
  "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER": {
    template: "The date and time pattern <pattern> has <c>, which is not a pattern letter. Quote literal letters with apostrophes.",
    sqlState: "22007",
  },
  "INVALID_DATETIME_PATTERN.LENGTH": {
    template: "The date and time pattern has too many letters in a row: <pattern>.",
    sqlState: "22007",
  },
  INVALID_ESC: {
    template: "ESCAPE takes one character, not <invalidEscape>.",
    sqlState: "42604",
  },
  INVALID_EXTRACT_BASE_FIELD_TYPE: {
    template: "No part can be taken out of <base>, which is a <other>. Only a STRUCT, an ARRAY or a MAP has parts.",
    sqlState: "42000",
  },
  INVALID_EXTRACT_FIELD: {
    template: "<field> is not a part of <expr>. Parts are YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFWEEK, DOY, HOUR, MINUTE, SECOND.",
    sqlState: "42601",
  },
  "INVALID_FORMAT.ESC_AT_THE_END": {
    template: "The pattern <format> ends with its escape character. Write the escape character twice to match it.",
    sqlState: "42601",
  },
  "INVALID_FORMAT.ESC_IN_THE_MIDDLE": {
    template: "In the pattern <format> the escape character stands before <char>. It may stand only before %, _ or itself.",
    sqlState: "42601",
  },
  INVALID_FRACTION_OF_SECOND: {
    template: "The seconds <secAndMicros> must be from 0 to 60, and 60 only without a fraction.",
    sqlState: "22023",
  },
  "INVALID_HANDLE.FORMAT": {
    template: "The handle <handle> is invalid: it must be a UUID, such as 00112233-4455-6677-8899-aabbccddeeff.",
    sqlState: "HY000",
  },
  "INVALID_HANDLE.OPERATION_ALREADY_EXISTS": {
    template: "The handle <handle> is invalid: there is an operation of this id.",
    sqlState: "HY000",
  },
  "INVALID_HANDLE.OPERATION_NOT_FOUND": {
    template: "The handle <handle> is invalid: there is no operation of this id.",
    sqlState: "HY000",
  },
  "INVALID_HANDLE.SESSION_CHANGED": {
    template: "The handle <handle> is invalid: the server was restarted, or ended the session. Make a new SparkSession.",
    sqlState: "HY000",
  },
  "INVALID_HANDLE.SESSION_CLOSED": {
    template: "The handle <handle> is invalid: the session was closed. Make a new SparkSession.",
    sqlState: "HY000",
  },
  INVALID_IDENTIFIER: {
    template: "The name <ident> must stand in backquotes: `<ident>`. Without them a name has only ASCII letters, digits and underscores.",
    sqlState: "42602",
  },
  INVALID_INDEX_OF_ZERO: {
    template: "The index 0 is invalid: positions count from 1, or from -1 backwards.",
    sqlState: "22003",
  },
  "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH": {
    template: "The rows of VALUES must have the same number of columns: the first one has <expectedNumCols>, row <rowIndex> has <actualNumCols>.",
    sqlState: "42000",
  },
  INVALID_INTERVAL_FORMAT: {
    template: "<input> is not an interval: <problem>. Examples: INTERVAL 10 SECONDS, INTERVAL '1 02:03:04' DAY TO SECOND, INTERVAL '1-2' YEAR TO MONTH.",
    sqlState: "22006",
  },
  INVALID_JSON_DATA_TYPE: {
    template: "<invalidType> is not a data type in JSON form. Expected is a name such as \"long\", or an object with \"type\" array, map or struct.",
    sqlState: "2203G",
  },
  "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION": {
    template: "The function <class> takes no lambda. Give it a column or a value.",
    sqlState: "42K0D",
  },
  "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH": {
    template: "The lambda has <actualNumArgs> parameters, but here it gets <expectedNumArgs>.",
    sqlState: "42K0D",
  },
  "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE": {
    template: "<name> takes a whole number, or a parameter that stands for one.",
    sqlState: "42K0E",
  },
  "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE": {
    template: "<name> takes a number that is not negative, but got <v>.",
    sqlState: "42K0E",
  },
  INVALID_MAP_LENGTH: {
    template: "A map needs as many keys as values, but there are <keys> keys and <values> values.",
    sqlState: "22023",
  },
  INVALID_NUMERIC_LITERAL_RANGE: {
    template: "The number <rawStrippedQualifier> is outside the range of <typeName>, which is <minValue> to <maxValue>. Use a wider type.",
    sqlState: "22003",
  },
  INVALID_OBSERVED_METRICS: {
    template: "The observed metric <name> must be one aggregate function with an alias, e.g. count(lit(1)).alias(\"rows\").",
    sqlState: "42K0E",
  },
  "INVALID_OPTIONS.NON_MAP_FUNCTION": {
    template: "The options of <function> must be a constant map of texts, e.g. map('mode', 'FAILFAST'), not <options>.",
    sqlState: "42K06",
  },
  INVALID_OPTION_VALUE: {
    template: "The value '<value>' of option <option> of <provider> is invalid: <reason>.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE": {
    template: "The <parameter> of <functionName> must be from 0 up to, not including, <upper>, but it is <invalidValue>.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.CHARSET": {
    template: "<functionName> knows the character sets <charsets>, but not <charset>.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.DATETIME_UNIT": {
    template: "The <parameter> of <functionName> must be one of YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, not <invalidValue>.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.FORMAT_STRING": {
    template: "The format of format_string doesn't fit its arguments: <what>.",
    sqlState: "22023",
  },
  "INVALID_PARAMETER_VALUE.LENGTH": {
    template: "The <parameter> of <functionName> must be 0 or more, but it is <length>.",
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
  "INVALID_PARAMETER_VALUE.START": {
    template: "The <parameter> of <functionName> must not be 0: positions count from 1, or from -1 backwards.",
    sqlState: "22023",
  },
  INVALID_RANGE_STEP: {
    template: "The step of a range must not be 0.",
    sqlState: "42K09",
  },
  INVALID_SAMPLE_FRACTION: {
    template: "The fraction <fraction> is not between 0 and 1.",
    sqlState: "22023",
  },
  INVALID_SAVE_MODE: {
    template: "'<mode>' is not a save mode; '<hint>' is the nearest one. The save modes are append, overwrite, ignore, error and errorifexists.",
    sqlState: "42000",
  },
  "INVALID_SCHEMA.NON_STRING_LITERAL": {
    template: "The schema <inputSchema> is not a constant text. Write it as DDL, e.g. 'a INT, b STRING', or as JSON.",
    sqlState: "42K07",
  },
  "INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE": {
    template: "IN () has nothing to compare with. Put at least one value between the brackets.",
    sqlState: "42000",
  },
  "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX": {
    template: "The function <prettyName> doesn't take <syntax>. Only aggregate functions do.",
    sqlState: "42000",
  },
  "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN": {
    template: "A subquery that stands for one value must have one column, not <number>.",
    sqlState: "42823",
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
  INVALID_USAGE_OF_STAR_OR_REGEX: {
    template: "<elem> can't be used in <prettyName>. Name the columns.",
    sqlState: "42000",
  },
  INVALID_WATERMARK_DELAY: {
    template: "The watermark's delay <delayThreshold> is negative. Give how late a row may be, e.g. \"10 seconds\".",
    sqlState: "22006",
  },
  INVALID_WHERE_CONDITION: {
    template: "The condition holds <expressionList>, which has no value for a single row. For an aggregate use HAVING; for a window function or a generator, select it first and filter its result.",
    sqlState: "42903",
  },
  KAFKA_AUTHENTICATION_FAILED: {
    template: "Kafka at <brokers> refused the connection: <reason>. Check kafka.security.protocol, kafka.sasl.mechanism, kafka.sasl.jaas.config and the kafka.ssl.* options.",
    sqlState: "28000",
  },
  KAFKA_BAD_RECORD: {
    template: "The record at offset <offset> of topic <topic>, partition <partition> can't be decoded: <reason>. The query ends here because badRecords is fail. To go on without such records set it to drop, or to deadletter with badRecordsTopic, and start the query again: it continues at this batch.",
    sqlState: "22023",
  },
  KAFKA_CLOSED: {
    template: "The connection to Kafka was closed while it was used to <what>.",
    sqlState: "08003",
  },
  KAFKA_CORRUPT_RECORD_BATCH: {
    template: "The record batch at offset <offset> of partition <topic>-<partition> is damaged: <reason>. Nothing of it was used. Compare the replicas of that partition; to go on without the batch, start a new query behind it with startingOffsets.",
    sqlState: "22000",
  },
  "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO": {
    template: "The new partition <topicPartition> begins at offset <startOffset> instead of 0, so records may be missing. To go on without them, set the source option failOnDataLoss to false.",
    sqlState: "22000",
  },
  "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE": {
    template: "Offsets <startOffset> to <endOffset> of <topicPartition> could not be read: Kafka has <available> there. To go on without them, set the source option failOnDataLoss to false.",
    sqlState: "22000",
  },
  "KAFKA_DATA_LOSS.INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS": {
    template: "The first offset of the new partitions <partitions> can't be found; they may have been deleted. To go on without them, set the source option failOnDataLoss to false.",
    sqlState: "22000",
  },
  "KAFKA_DATA_LOSS.PARTITIONS_DELETED": {
    template: "The partitions <partitions> are gone: the topic was deleted, or deleted and created again, so records may be missing. To go on without them, set the source option failOnDataLoss to false.",
    sqlState: "22000",
  },
  "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED": {
    template: "Partition <topicPartition> ends at offset <newOffset> now, before offset <prevOffset> where it was read to: the topic was created again or lost records. To go on from there, set the source option failOnDataLoss to false.",
    sqlState: "22000",
  },
  KAFKA_MALFORMED_RECORD_TIMESTAMP: {
    template: "The record at offset <offset> of <topicPartition> has the timestamp <timestamp>, which as milliseconds is out of range. Its producer may be writing microseconds or nanoseconds.",
    sqlState: "22008",
  },
  KAFKA_NOT_AUTHORIZED: {
    template: "Kafka at <brokers> allows this user no such access: <reason>.",
    sqlState: "42501",
  },
  KAFKA_NO_OFFSET_FOR_TIMESTAMP: {
    template: "Partition <topicPartition> has no record at or after the time <timestamp>. To start such partitions at their end, set startingOffsetsByTimestampStrategy to latest.",
    sqlState: "22000",
  },
  KAFKA_NULL_TOPIC_IN_DATA: {
    template: "A row has no topic: its column 'topic' is null. Set the option topic, or a topic in each row.",
    sqlState: "42K03",
  },
  KAFKA_OPTION_NOT_SUPPORTED: {
    template: "The option <option> is not supported: <hint>",
    sqlState: "42616",
  },
  KAFKA_PRODUCER_FENCED: {
    template: "The broker took the transactional id <transactionalId> from this writer: another process runs the same query, or a batch took longer than kafka.transaction.timeout.ms. Nothing of the unfinished batch became visible. If no other process runs the query, start it again, with a longer timeout or smaller batches.",
    sqlState: "40001",
  },
  KAFKA_RECORD_TOO_LARGE: {
    template: "A record for topic <topic> has <bytes> bytes; at most <bytesMax> are sent. Raise kafka.max.request.size, and max.message.bytes of the topic with it.",
    sqlState: "54000",
  },
  KAFKA_REQUEST_FAILED: {
    template: "Kafka at <brokers> could not do what was asked: <reason>.",
    sqlState: "58000",
  },
  KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED: {
    template: "The partitions in startingOffsets aren't those that are read. Name each one; use -1 for latest, -2 for earliest. Specified: <specifiedPartitions>. Read: <assignedPartitions>.",
    sqlState: "22000",
  },
  KAFKA_SUBSCRIPTION_INVALID: {
    template: "A Kafka source reads either subscribe, subscribePattern or assign: <reason>.",
    sqlState: "42616",
  },
  KAFKA_TRANSACTION_LOST: {
    template: "The broker aborted the transaction of batch <batchId> (<reason>). Nothing of it became visible; the batch will be written again when the query restarts.",
    sqlState: "40001",
  },
  KAFKA_UNKNOWN_PARTITION: {
    template: "A row names partition <partition> of topic <topic>, which has <count> partitions, counted from 0.",
    sqlState: "22023",
  },
  KAFKA_UNKNOWN_TOPIC: {
    template: "There is no topic <topic> in Kafka at <brokers>.<suggestion> Create it, e.g. by: sluice topic create <topic>",
    sqlState: "42P01",
  },
  KAFKA_UNREACHABLE: {
    template: "Kafka at <brokers> could not be reached for <waitedMs> ms to <what>: <reason>. Check that it runs and kafka.bootstrap.servers.",
    sqlState: "08001",
  },
  KAFKA_UNSUPPORTED_RECORD_FORMAT: {
    template: "The records at offset <offset> of partition <topic>-<partition> are in Kafka's old format version <version>. Have the broker convert them (Kafka before 4.0), or copy the topic with a current producer.",
    sqlState: "0A000",
  },
  KAFKA_WRITE_SCHEMA_INVALID: {
    template: "These columns can't be written to Kafka: <reason>.",
    sqlState: "42K09",
  },
  MALFORMED_CHARACTER_CODING: {
    template: "<function> met a character that <charset> doesn't have, or bytes that aren't text in it.",
    sqlState: "22000",
  },
  "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION": {
    template: "A record is malformed and the parse mode is <failFastMode>: <badRecord>. To get nulls instead and go on, set the option 'mode' to PERMISSIVE.",
    sqlState: "22023",
  },
  MISSING_AGGREGATION: {
    template: "<expression> is neither grouped by nor inside an aggregate function. Add it to GROUP BY, or use <expressionAnyValue> when any of its values will do.",
    sqlState: "42803",
  },
  MISSING_GROUP_BY: {
    template: "<expression> stands beside an aggregate function, but there is no GROUP BY. Add GROUP BY, or give the aggregate an OVER clause.",
    sqlState: "42803",
  },
  MISSING_OPTION: {
    template: "<provider> needs the option <option>: <hint>",
    sqlState: "42K03",
  },
  MISSING_WINDOW_SPECIFICATION: {
    template: "No window is named <windowName>. Define it in a WINDOW clause: WINDOW <windowName> AS (PARTITION BY …).",
    sqlState: "42P20",
  },
  MULTIPLE_TIME_WINDOWS: {
    template: "Only one window of time is allowed in a select or groupBy. Aggregate by the first, then group its result by another.",
    sqlState: "42K0E",
  },
  MULTI_ALIAS_WITHOUT_GENERATOR: {
    template: "Several names (<names>) were given to one column, <expr>. Only a generator such as explode makes several.",
    sqlState: "42K0E",
  },
  NESTED_AGGREGATE_FUNCTION: {
    template: "An aggregate function can't be an argument of another one. Aggregate in two steps.",
    sqlState: "42607",
  },
  NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING: {
    template: "The window function <windowFunc> is not supported on a stream. Group by window(time, '10 seconds') for windows of time, or use min_by and max_by.",
    sqlState: "42KDE",
  },
  NO_OBSERVE_BEFORE_GET: {
    template: "No DataFrame is observed by this Observation yet. Give it to one first, df.observe(observation, count(lit(1)).alias(\"rows\")), and run an action.",
    sqlState: "42K0E",
  },
  NULLABLE_COLUMN_OR_FIELD: {
    template: "The column <name> may be null, but the schema says that it isn't. Fill it with coalesce first.",
    sqlState: "42000",
  },
  NULL_MAP_KEY: {
    template: "A map can't have NULL as a key. Leave out or replace such entries before the map is made.",
    sqlState: "2200E",
  },
  NUMERIC_OUT_OF_SUPPORTED_RANGE: {
    template: "The value <value> has more than the 38 digits that a DECIMAL can hold.",
    sqlState: "22003",
  },
  "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION": {
    template: "<roundedValue> can't be held as DECIMAL(<precision>,<scale>): <originalValue> has too many digits before the point.",
    sqlState: "22003",
  },
  "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION": {
    template: "<value> doesn't fit DECIMAL(<precision>,<scale>). Cast to a decimal with more digits before the point, or use the try_ form to get NULL.",
    sqlState: "22003",
  },
  NUM_COLUMNS_MISMATCH: {
    template: "<operator> needs inputs with the same number of columns, but the first has <firstNumColumns> and the <invalidOrdinalNum> has <invalidNumColumns>.",
    sqlState: "42826",
  },
  OPERATION_CANCELED: {
    template: "The operation has been canceled.",
    sqlState: "HY008",
  },
  ORDER_BY_POS_OUT_OF_RANGE: {
    template: "ORDER BY position <index> is not in the select list, which has <size> columns.",
    sqlState: "42805",
  },
  PARSE_EMPTY_STATEMENT: {
    template: "There is no SQL here: the text is empty or holds only comments.",
    sqlState: "42617",
  },
  PARSE_MODE_UNSUPPORTED: {
    template: "The function <funcName> has no mode <mode>. Use PERMISSIVE or FAILFAST; to leave malformed records out, filter on its column for corrupt records, or set the Kafka source's option badRecords to drop or deadletter.",
    sqlState: "42601",
  },
  PARSE_SYNTAX_ERROR: {
    template: "Syntax error at or near <error><hint>",
    sqlState: "42601",
  },
  PARTITION_COLUMN_NOT_FOUND: {
    template: "Partition column <column> is not among the columns that are written: <columns>.",
    sqlState: "42703",
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
  RECURSIVE_VIEW: {
    template: "The view <viewIdent> reads itself: <newPath>.",
    sqlState: "42K0H",
  },
  REMAINDER_BY_ZERO: {
    template: "Remainder of a division by zero. Use try_mod to get NULL where the divisor is 0.",
    sqlState: "22012",
  },
  RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET: {
    template: "Partition <topicPartition> would be read from offset <startOffset> to <endOffset>, which is before it.",
    sqlState: "22000",
  },
  REUSE_OBSERVATION: {
    template: "The Observation <name> observes a DataFrame already. Make a new one for each observe.",
    sqlState: "42K0E",
  },
  SCALAR_SUBQUERY_TOO_MANY_ROWS: {
    template: "A subquery used as one value returned <rows> rows. Add LIMIT 1, or an aggregate such as max().",
    sqlState: "21000",
  },
  SCHEMA_NOT_FOUND: {
    template: "The schema or catalog <schemaName> cannot be found. There is one, <known>.",
    sqlState: "42704",
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
  SINK_FENCED: {
    template: "Another run of this query has taken over <sink>; this one stops and writes nothing more.",
    sqlState: "40000",
  },
  SOURCE_SCHEMA_REQUIRED: {
    template: "Schema must be specified when creating a streaming source DataFrame of <provider>: add schema(...), e.g. schema(\"id STRING, value DOUBLE\").",
    sqlState: "42K03",
  },
  SPARK_ERROR: {
    template: "<message>",
    sqlState: "XX000",
  },
  SQL_CONF_NOT_FOUND: {
    template: "The SQL config <sqlConf> cannot be found. Please verify that the config exists, or give a default with it.",
    sqlState: "42K0I",
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
  STREAMING_CHAINED_STATEFUL_OPERATORS: {
    template: "In <outputMode> mode <second> can't follow <first>: rows that the first one puts out late would be dropped. Write the first one's result with a query of its own, or set spark.sql.streaming.statefulOperator.checkCorrectness.enabled to false.",
    sqlState: "0A000",
  },
  "STREAMING_OUTPUT_MODE.INVALID": {
    template: "Invalid streaming output mode: <outputMode>. Accepted output modes are 'Append', 'Complete', 'Update'.",
    sqlState: "42KDE",
  },
  "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE": {
    template: "Invalid streaming output mode: <outputMode>. The data source <dataSource> takes <accepted>.",
    sqlState: "42KDE",
  },
  "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION": {
    template: "The output mode <outputMode> is not supported for <operation>. <hint>",
    sqlState: "42KDE",
  },
  STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE: {
    template: "The Python of foreachBatch, <python>, could not be made ready: <msg>. The server takes the Python of the environment variable PYSPARK_PYTHON, else python3; it must be the client's minor version and have pyspark installed.",
    sqlState: "XXKST",
  },
  STREAMING_QUERY_IN_BATCH: {
    template: "A query with a streaming source must be started with writeStream.start(). For a look at some rows, write to format(\"memory\") or format(\"console\"), or read the source with spark.read.",
    sqlState: "0A000",
  },
  STREAMING_QUERY_NOT_FOUND: {
    template: "There is no streaming query with id <id> and runId <runId> in this session; queries that ended long ago are forgotten.",
    sqlState: "42704",
  },
  STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA: {
    template: "The query's stateful operators differ from those of the checkpoint <path>. Checkpoint: <stored>. Now: <current>. Undo the change, or start with a new checkpointLocation.",
    sqlState: "42K03",
  },
  STREAM_FAILED: {
    template: "Query [id = <id>, runId = <runId>] terminated with exception: <message>",
    sqlState: "XXKST",
  },
  TABLE_OR_VIEW_ALREADY_EXISTS: {
    template: "The table <relationName> is there already. Choose another name, or the mode append, overwrite or ignore.",
    sqlState: "42P07",
  },
  TABLE_OR_VIEW_NOT_FOUND: {
    template: "There is no table or view <relationName>.<suggestion> Make one with createOrReplaceTempView, or read a source with spark.readStream.format(…).",
    sqlState: "42P01",
  },
  TEMP_TABLE_OR_VIEW_ALREADY_EXISTS: {
    template: "Cannot create the temporary view <relationName> because it already exists. Choose a different name, drop or replace the existing view.",
    sqlState: "42P07",
  },
  UDTF_ALIAS_NUMBER_MISMATCH: {
    template: "The generator makes <aliasesSize> columns, but the names given for them are: <aliasesNames>. Give as many names as columns.",
    sqlState: "42802",
  },
  UNABLE_TO_INFER_SCHEMA: {
    template: "Unable to infer schema for <format> from <path>: there is nothing to read. It must be specified manually, with schema(...).",
    sqlState: "42KD9",
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
  UNPIVOT_VALUES: {
    template: "unpivot can't be done: <reason> (value columns: <columns>).",
    sqlState: "42K09",
  },
  UNRESOLVABLE_TABLE_VALUED_FUNCTION: {
    template: "There is no table function <name>.<suggestion>",
    sqlState: "42883",
  },
  "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION": {
    template: "There is no column <objectName> here; the relation has no columns.",
    sqlState: "42703",
  },
  "UNRESOLVED_COLUMN.WITH_SUGGESTION": {
    template: "There is no column <objectName> here. Did you mean one of these: <proposal>?",
    sqlState: "42703",
  },
  UNRESOLVED_COLUMN_AMONG_FIELD_NAMES: {
    template: "There is no column <colName> in the other DataFrame of the union by name, which has: <fieldNames>. Add it, or allow missing columns.",
    sqlState: "42703",
  },
  UNRESOLVED_ROUTINE: {
    template: "There is no function <routineName>.<suggestion> The reference page lists all functions.",
    sqlState: "42883",
  },
  UNRESOLVED_USING_COLUMN_FOR_JOIN: {
    template: "The <side> side of the join has no column <colName>, by which it is joined. It has: <suggestion>.",
    sqlState: "42703",
  },
  UNSUPPORTED_DATATYPE: {
    template: "There is no data type <typeName>. Known: <known>, DECIMAL(p,s), INTERVAL …, ARRAY<…>, MAP<…, …>, STRUCT<name: type, …>.",
    sqlState: "0A000",
  },
  UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE: {
    template: "The <format> datasource doesn't support the column <columnName> of the type <columnType>. Cast it to another type.",
    sqlState: "0A000",
  },
  UNSUPPORTED_EXPR_FOR_WINDOW: {
    template: "<sqlExpr> can't be used with OVER. Use an aggregate function or a window function such as row_number().",
    sqlState: "42P20",
  },
  UNSUPPORTED_FEATURE: {
    template: "<feature> is not supported<where>. <hint>",
    sqlState: "0A000",
  },
  "UNSUPPORTED_GENERATOR.MULTI_GENERATOR": {
    template: "Only one generator such as explode is allowed in a SELECT, but there are <num>: <generators>. Put the others in a LATERAL VIEW or a select of their own.",
    sqlState: "42K0E",
  },
  "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS": {
    template: "A generator such as explode must stand alone, not inside <expression>. Give it an alias, and compute with that in the next select.",
    sqlState: "42K0E",
  },
  UNSUPPORTED_JOIN_TYPE: {
    template: "'<typ>' is not a join type; '<hint>' is the nearest one. The join types are <supported>.",
    sqlState: "0A000",
  },
  UNSUPPORTED_STREAMING_OPERATION: {
    template: "<operation> is not supported. <hint>",
    sqlState: "0A000",
  },
  UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK: {
    template: "The output mode <outputMode> is not supported for <statefulOperator> without a watermark. Call withWatermark on the event-time column first.",
    sqlState: "0A000",
  },
  UNSUPPORTED_TYPED_LITERAL: {
    template: "There are no constants of the form <unsupportedType> '…'. Known: DATE, TIMESTAMP, TIMESTAMP_LTZ, TIMESTAMP_NTZ, INTERVAL, X.",
    sqlState: "0A000",
  },
  USER_RAISED_EXCEPTION: {
    template: "<errorMessage>",
    sqlState: "P0001",
  },
  USER_SPECIFIED_SCHEMA_REFUSED: {
    template: "The data source <provider> has a schema of its own: leave out schema(...).",
    sqlState: "42K03",
  },
  WINDOW_FRAME_BOUNDS: {
    template: "The window frame begins at <lower> and ends at <upper>, before it begins. Swap the bounds.",
    sqlState: "42K09",
  },
  WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE: {
    template: "A window function has no value yet in <clauseName>. Select it first, with a name, and filter by that name in a query around it.",
    sqlState: "42601",
  },
  WINDOW_FUNCTION_WITHOUT_ORDER: {
    template: "The window function <funcName> needs an ORDER BY in its OVER clause.",
    sqlState: "42601",
  },
  WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE: {
    template: "The window function <funcName> needs an OVER clause, e.g. <funcName> OVER (PARTITION BY … ORDER BY …).",
    sqlState: "42601",
  },
  WINDOW_TIME_NOT_WINDOW_COLUMN: {
    template: "window_time takes a column made by window(…) or session_window(…), but <windowExpr> isn't one.",
    sqlState: "42K09",
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
