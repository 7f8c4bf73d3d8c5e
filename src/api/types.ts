/**
 * Data types as values. Wherever a type or schema is taken, Spark's DDL text does as well: `"device STRING, celsius DOUBLE"`.
 *
 * @example
 * const reading = types.struct({ device: types.string, at: types.timestamp, values: types.array(types.double) });
 */
import {
  array,
  BINARY,
  BOOLEAN,
  BYTE,
  DATE,
  DAY_TIME,
  type DataType,
  DOUBLE,
  decimal,
  FLOAT,
  field,
  INT,
  LONG,
  map,
  NULL,
  SHORT,
  STRING,
  type StructField,
  type StructType,
  struct,
  TIMESTAMP,
  TIMESTAMP_NTZ,
  YEAR_MONTH,
} from "../types/types.ts";

export const types = {
  null: NULL,
  boolean: BOOLEAN,
  byte: BYTE,
  short: SHORT,
  int: INT,
  integer: INT,
  long: LONG,
  bigint: LONG,
  float: FLOAT,
  double: DOUBLE,
  /** `precision` digits, `scale` of them after the point. */
  decimal: (precision = 10, scale = 0): DataType => decimal(precision, scale),
  string: STRING,
  binary: BINARY,
  date: DATE,
  timestamp: TIMESTAMP,
  timestampNtz: TIMESTAMP_NTZ,
  dayTimeInterval: DAY_TIME,
  yearMonthInterval: YEAR_MONTH,
  array: (element: DataType, containsNull = true): DataType => array(element, containsNull),
  map: (key: DataType, value: DataType, valueContainsNull = true): DataType => map(key, value, valueContainsNull),
  /** From fields, or from an object of nullable columns. */
  struct: (fields: readonly StructField[] | Readonly<Record<string, DataType>>): StructType =>
    Array.isArray(fields)
      ? struct(...(fields as StructField[]))
      : struct(...Object.entries(fields as Record<string, DataType>).map(([name, type]) => field(name, type))),
  field,
} as const;
