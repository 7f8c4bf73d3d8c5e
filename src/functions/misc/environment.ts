import { SluiceError } from "../../errors/error.ts";
import { commonType } from "../../types/coercion.ts";
import { addMonths, fromLocalTime, localTime, zoneOf } from "../../types/datetime.ts";
import { simpleString } from "../../types/print.ts";
import { array, BOOLEAN, type DataType, INT, LONG, NULL, STRING } from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import { simple } from "../define.ts";
import type { Argument, ScalarFunction } from "../definition.ts";
import { randomDoubles } from "../math/random.ts";
import { checkCount, coerce, unexpectedType } from "../signature.ts";

const typeOf: ScalarFunction = {
  kind: "scalar",
  name: "typeof",
  group: "misc",
  doc: {
    summary: "The type of the argument, in DDL.",
    args: "expr",
    examples: [
      "typeof(1)",
      "typeof(array(1))",
      "typeof(1.5)",
      "typeof(NULL)",
      "typeof(map('a', 1L))",
      "typeof(INTERVAL '1' DAY)",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 1, 1);
    return {
      inputs: [args[0].type],
      output: STRING,
      nullable: false,
      evaluation: {
        nulls: "custom",
        emit: () => ({ value: JSON.stringify(simpleString(args[0].type)), isNull: "false" }),
      },
    };
  },
};

function raise(message: string): never {
  throw new SluiceError("USER_RAISED_EXCEPTION", { errorMessage: message });
}

function raiseOrNull(message: string | null): null {
  return raise(message ?? "null");
}

const raiseError: ScalarFunction = {
  kind: "scalar",
  name: "raise_error",
  group: "misc",
  doc: {
    summary: "Ends the query with the message.",
    args: "errorMessage",
    examples: ["raise_error('custom error message')"],
  },
  resolve(args, context) {
    checkCount(args, context, 1, 1);
    return {
      inputs: [coerce(args, 0, STRING, context)],
      output: NULL,
      nullable: true,
      deterministic: false,
      evaluation: {
        nulls: "custom",
        emit(e, [message]) {
          const { value, isNull } = message.emit();
          e.line(`${e.bind(raiseOrNull, "raise")}(${isNull === "false" ? value : `${isNull} ? null : ${value}`});`);
          return { value: "null", isNull: "true" };
        },
      },
    };
  },
};

const assertTrue: ScalarFunction = {
  kind: "scalar",
  name: "assert_true",
  group: "misc",
  doc: {
    summary: "NULL when the condition is true; else the query ends with the message.",
    args: "expr, message",
    examples: ["assert_true(0 < 1)", "assert_true(false)", "assert_true(false, 'no')", "assert_true(NULL)"],
  },
  prettyName: (args) => `assert_true(${args.length === 1 ? `${args[0]}, '${args[0]}' is not true!` : args.join(", ")})`,
  resolve(args, context) {
    checkCount(args, context, 1, 2);
    const text = `'${args[0].sql}' is not true!`;
    return {
      inputs: [coerce(args, 0, BOOLEAN, context), ...(args.length === 2 ? [coerce(args, 1, STRING, context)] : [])],
      output: NULL,
      nullable: true,
      deterministic: false,
      evaluation: {
        nulls: "custom",
        emit(e, [condition, message]) {
          const { value, isNull } = condition.emit();
          const holds = isNull === "true" ? "false" : isNull === "false" ? value : `!(${isNull}) && ${value}`;
          e.block(`if (!(${holds}))`, () => {
            const shown = message?.emit();
            const code =
              shown === undefined
                ? JSON.stringify(text)
                : shown.isNull === "false"
                  ? shown.value
                  : `${shown.isNull} ? null : ${shown.value}`;
            e.line(`${e.bind(raiseOrNull, "raise")}(${code});`);
          });
          return { value: "null", isNull: "true" };
        },
      },
    };
  },
};

function uuidFrom(next: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(next() * 16));
  hex[12] = 4;
  hex[16] = (hex[16] & 3) | 8;
  const text = hex.map((d) => d.toString(16)).join("");
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

const rowIds: ScalarFunction = {
  kind: "scalar",
  name: "monotonically_increasing_id",
  group: "misc",
  doc: { summary: "A number for each row, growing.", args: "", examples: ["monotonically_increasing_id()"] },
  resolve(args, context) {
    checkCount(args, context, 0, 0);
    return {
      inputs: [],
      output: LONG,
      nullable: false,
      deterministic: false,
      evaluation: {
        nulls: "propagate",
        emit(e) {
          const run = e.bind(e.run, "run");
          return e.wide ? `BigInt(${run}.rows++)` : `${run}.rows++`;
        },
      },
    };
  },
};

function boundsType(args: readonly Argument[]): DataType {
  return commonType([args[0].type, args[1].type]) ?? args[0].type;
}

const SEQUENCE_MAX = 10_000_000;

function checkSize(count: number): void {
  if (count > SEQUENCE_MAX) {
    throw new SluiceError("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", {
      numberOfElements: count,
      maxRoundedArrayLength: SEQUENCE_MAX,
      functionName: "`sequence`",
      parameter: "`count`",
    });
  }
}

function boundaries(start: Value, stop: Value, step: Value): never {
  throw new SluiceError("ILLEGAL_SEQUENCE_BOUNDARIES", {
    start: String(start),
    stop: String(stop),
    step: String(step),
  });
}

function wholeSequence(wide: boolean, long: boolean) {
  return (start: number | bigint, stop: number | bigint, step?: number | bigint): Value[] => {
    const a = BigInt(start);
    const b = BigInt(stop);
    const by = step === undefined ? (a <= b ? 1n : -1n) : BigInt(step);
    if ((by === 0n && a !== b) || (by > 0n && a > b) || (by < 0n && a < b)) boundaries(start, stop, String(by));
    const count = a === b ? 1 : Number((b - a) / by) + 1;
    checkSize(count);
    return Array.from({ length: count }, (_, i) =>
      long ? longValue(a + BigInt(i) * by, wide) : Number(a) + i * Number(by),
    );
  };
}

/** Dates or timestamps from start to stop by months, or by days and microseconds. */
function timeSequence(type: DataType, step: DataType | undefined, timeZone: string, wide: boolean) {
  const zone = zoneOf(type.kind === "timestamp" ? timeZone : "UTC");
  const months = step?.kind === "yearmonth_interval";
  const at = (start: Value, i: number, by: bigint): Value => {
    if (type.kind === "date") {
      const days = start as number;
      return months ? addMonths(days, i * Number(by)) : days + Number((BigInt(i) * by) / 86400000000n);
    }
    const us = start as number | bigint;
    if (months) {
      const local = localTime(us, zone);
      return fromLocalTime({ ...local, days: addMonths(local.days, i * Number(by)) }, zone, wide);
    }
    const total = BigInt(i) * by;
    const local = localTime(us, zone);
    const days = Number(total / 86400000000n);
    const moved = BigInt(fromLocalTime({ ...local, days: local.days + days }, zone, true));
    return longValue(moved + (total % 86400000000n), wide);
  };
  return (start: Value, stop: Value, given?: Value): Value[] => {
    const forward = BigInt(start as number) <= BigInt(stop as number);
    const by = given === undefined ? (forward ? 86400000000n : -86400000000n) : BigInt(given as number);
    if (by === 0n ? start !== stop : by > 0n !== forward && start !== stop) boundaries(start, stop, String(by));
    const out: Value[] = [];
    for (let i = 0; ; i++) {
      const x = at(start, i, by);
      const past =
        by > 0n ? BigInt(x as number) > BigInt(stop as number) : BigInt(x as number) < BigInt(stop as number);
      if (past) return out;
      out.push(x);
      if (by === 0n) return out;
      checkSize(out.length);
    }
  };
}

const sequence: ScalarFunction = {
  kind: "scalar",
  name: "sequence",
  group: "collection",
  doc: {
    summary: "An array of values from start to stop, both included, by a step.",
    args: "start, stop, step",
    examples: [
      "sequence(1, 5)",
      "sequence(5, 1)",
      "sequence(1, 10, 3)",
      "sequence(to_date('2018-01-01'), to_date('2018-03-01'), INTERVAL '1' MONTH)",
      "sequence(DATE'2024-01-01', DATE'2024-01-03')",
      "sequence(1, 5, -1)",
      "sequence(TIMESTAMP'2024-01-01 00:00:00', TIMESTAMP'2024-01-01 02:00:00', INTERVAL '1' HOUR)",
      "sequence(1L, 3L)",
      "sequence(1, NULL)",
      "sequence(DATE'2024-01-31', DATE'2024-04-30', INTERVAL '1' MONTH)",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 2, 3);
    const step = args[2]?.type;
    const type = boundsType(args);
    const ofTime = type.kind === "date" || type.kind === "timestamp" || type.kind === "timestamp_ntz";
    if (!ofTime && !["byte", "short", "integer", "long", "null"].includes(type.kind))
      throw unexpectedType(args, 0, '"INTEGRAL"', context);
    return {
      inputs: ofTime ? [type, type, ...(step ? [step] : [])] : args.map(() => type),
      output: array(type, false),
      evaluation: {
        nulls: "propagate",
        emit(e, values) {
          const fn = ofTime
            ? timeSequence(type, step, e.settings.timeZone, e.wide)
            : wholeSequence(e.wide, type.kind === "long");
          return `${e.bind(fn, "sequence")}(${values.join(", ")})`;
        },
      },
    };
  },
};

/** The version of Spark whose functions these are. */
const SPARK_VERSION = "4.2.0";

export const miscFunctions: readonly ScalarFunction[] = [
  simple({
    name: "version",
    group: "misc",
    summary: "The version of Spark whose functions these are.",
    args: "",
    examples: ["version() LIKE '4.2.0%'"],
    inputs: [],
    output: STRING,
    nullable: false,
    run: () => SPARK_VERSION,
  }),
  typeOf,
  raiseError,
  assertTrue,
  rowIds,
  sequence,
  simple({
    name: "uuid",
    group: "misc",
    summary: "A random UUID (version 4).",
    args: "",
    examples: ["length(uuid())"],
    inputs: [],
    output: STRING,
    nullable: false,
    deterministic: false,
    make: ({ run }) => {
      const next = randomDoubles(BigInt(run.seed));
      return () => uuidFrom(next);
    },
  }),
  simple({
    name: "input_file_name",
    group: "misc",
    summary: "The file that the row was read from; empty when there is none.",
    args: "",
    examples: ["input_file_name()"],
    inputs: [],
    output: STRING,
    nullable: false,
    deterministic: false,
    run: () => "",
  }),
  simple({
    name: "current_user",
    aliases: ["user", "session_user"],
    group: "misc",
    summary: "The user of the session.",
    args: "",
    examples: ["current_user() IS NOT NULL"],
    inputs: [],
    output: STRING,
    nullable: false,
    perBatch: true,
    make:
      ({ run }) =>
      () =>
        run.user,
  }),
  simple({
    name: "current_catalog",
    group: "misc",
    summary: "The catalog of the session.",
    args: "",
    examples: ["current_catalog()"],
    inputs: [],
    output: STRING,
    nullable: false,
    run: () => "spark_catalog",
  }),
  simple({
    name: "current_database",
    aliases: ["current_schema"],
    group: "misc",
    summary: "The database of the session.",
    args: "",
    examples: ["current_database()"],
    inputs: [],
    output: STRING,
    nullable: false,
    prettyName: () => "current_schema()",
    run: () => "default",
  }),
  simple({
    name: "spark_partition_id",
    group: "misc",
    summary: "The partition of the row: always 0 in one process.",
    args: "",
    examples: ["spark_partition_id()"],
    inputs: [],
    output: INT,
    nullable: false,
    deterministic: false,
    prettyName: () => "SPARK_PARTITION_ID()",
    run: () => 0,
  }),
];
