/** Which of Spark's exception classes a condition belongs to: clients choose their own class by it. */
import type { SluiceError } from "../errors/error.ts";

const SPARK = "org.apache.spark";
const ANALYSIS = [`${SPARK}.sql.AnalysisException`, "java.lang.Exception"];
const RUNTIME = "java.lang.RuntimeException";

/** Spark's classes from the exception's own to its ancestors. A client takes the first that it knows. */
const families = {
  parse: [`${SPARK}.sql.catalyst.parser.ParseException`, ...ANALYSIS],
  analysis: ANALYSIS,
  arithmetic: [`${SPARK}.SparkArithmeticException`, "java.lang.ArithmeticException", RUNTIME],
  number: [`${SPARK}.SparkNumberFormatException`, "java.lang.NumberFormatException", RUNTIME],
  dateTime: [`${SPARK}.SparkDateTimeException`, "java.time.DateTimeException", RUNTIME],
  arrayIndex: [`${SPARK}.SparkArrayIndexOutOfBoundsException`, "java.lang.ArrayIndexOutOfBoundsException", RUNTIME],
  argument: [`${SPARK}.SparkIllegalArgumentException`, "java.lang.IllegalArgumentException", RUNTIME],
  unsupported: [`${SPARK}.SparkUnsupportedOperationException`, "java.lang.UnsupportedOperationException", RUNTIME],
  noSuchElement: [`${SPARK}.SparkNoSuchElementException`, "java.util.NoSuchElementException", RUNTIME],
  runtime: [`${SPARK}.SparkRuntimeException`, RUNTIME],
  runner: [
    `${SPARK}.api.python.StreamingPythonRunner$StreamingPythonRunnerInitializationException`,
    "java.lang.Exception",
  ],
  stream: [`${SPARK}.sql.streaming.StreamingQueryException`, "java.lang.Exception"],
  sql: [`${SPARK}.SparkSQLException`, `${SPARK}.SparkException`, "java.sql.SQLException", "java.lang.Exception"],
  other: [`${SPARK}.SparkException`, "java.lang.Exception"],
} as const;

type Family = keyof typeof families;

/** By the condition's name, or by what stands before its first dot. */
const byCondition: Readonly<Record<string, Family>> = {
  PARSE_SYNTAX_ERROR: "parse",
  PARSE_EMPTY_STATEMENT: "parse",
  FAILED_TO_PARSE_TOO_COMPLEX: "parse",
  INVALID_SQL_SYNTAX: "parse",
  INVALID_TYPED_LITERAL: "parse",
  INVALID_NUMERIC_LITERAL_RANGE: "parse",
  INVALID_IDENTIFIER: "parse",
  INCOMPLETE_TYPE_DEFINITION: "parse",
  DATATYPE_MISSING_SIZE: "parse",
  UNSUPPORTED_DATATYPE: "parse",
  UNSUPPORTED_TYPED_LITERAL: "parse",
  UNCLOSED_BRACKETED_COMMENT: "parse",
  DUPLICATED_CTE_NAMES: "parse",
  DIVIDE_BY_ZERO: "arithmetic",
  REMAINDER_BY_ZERO: "arithmetic",
  ARITHMETIC_OVERFLOW: "arithmetic",
  BINARY_ARITHMETIC_OVERFLOW: "arithmetic",
  CAST_OVERFLOW: "arithmetic",
  INTERVAL_ARITHMETIC_OVERFLOW: "arithmetic",
  INTERVAL_DIVIDED_BY_ZERO: "arithmetic",
  NUMERIC_VALUE_OUT_OF_RANGE: "arithmetic",
  NUMERIC_OUT_OF_SUPPORTED_RANGE: "arithmetic",
  DATETIME_OVERFLOW: "arithmetic",
  CAST_INVALID_INPUT: "number",
  CANNOT_PARSE_TIMESTAMP: "dateTime",
  DATETIME_FIELD_OUT_OF_BOUNDS: "dateTime",
  INVALID_FRACTION_OF_SECOND: "dateTime",
  INVALID_TIMEZONE: "dateTime",
  INVALID_ARRAY_INDEX: "arrayIndex",
  INVALID_ARRAY_INDEX_IN_ELEMENT_AT: "arrayIndex",
  INVALID_CONF_VALUE: "argument",
  UNKNOWN_CONF: "argument",
  INVALID_OPTION_VALUE: "argument",
  UNKNOWN_OPTION: "argument",
  MISSING_OPTION: "argument",
  QUERY_NAME_IN_USE: "argument",
  INVALID_TRIGGER: "argument",
  INVALID_TRIGGER_INTERVAL: "argument",
  KAFKA_SUBSCRIPTION_INVALID: "argument",
  UNSUPPORTED_FEATURE: "unsupported",
  DATA_SOURCE_OPERATION_UNSUPPORTED: "unsupported",
  SQL_CONF_NOT_FOUND: "noSuchElement",
  USER_RAISED_EXCEPTION: "runtime",
  STREAM_FAILED: "stream",
  STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE: "runner",
  INVALID_HANDLE: "sql",
  INVALID_CURSOR: "sql",
  OPERATION_CANCELED: "sql",
};

/** By the class of the SQL state: what is wrong with the query's text, and what is wrong with the data. */
const byState: Readonly<Record<string, Family>> = {
  "42": "analysis",
  "0A": "analysis",
  "22": "runtime",
  "21": "runtime",
};

export function exceptionClasses({ condition, sqlState, messageParameters }: SluiceError): readonly string[] {
  const family = byCondition[condition] ?? byCondition[condition.split(".")[0]] ?? byState[sqlState.slice(0, 2)];
  if (condition === "CAST_INVALID_INPUT" && /DATE|TIME/.test(messageParameters["targetType"] ?? "")) {
    return withRoot(families.dateTime);
  }
  return withRoot(families[family ?? "other"]);
}

/** Of an error that nobody foresaw. */
export function unforeseenClasses(): readonly string[] {
  return withRoot(families.other);
}

function withRoot(classes: readonly string[]): readonly string[] {
  return [...classes, "java.lang.Throwable", "java.lang.Object"];
}
