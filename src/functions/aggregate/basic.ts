import { SluiceError } from "../../errors/error.ts";
import { boundedDecimal } from "../../types/decimal.ts";
import { sqlType } from "../../types/print.ts";
import { type DataType, type DecimalType, DOUBLE, isIntegral, LONG } from "../../types/types.ts";
import { exact, longValue } from "../../types/values.ts";
import type { AggregateFunction, AggregateResolution, BufferSlot, Emitted, Emitter } from "../definition.ts";
import { arithmeticOverflow } from "../errors.ts";
import { checkedDecimal, divideHalfUp, power10, rescale } from "../math/decimals.ts";
import { wideArithmetic } from "../math/integers.ts";
import { isOrderable } from "../ordering.ts";
import { comparisonCode } from "../predicate/comparison.ts";
import { checkCount, coerce } from "../signature.ts";

/** A buffer read as a value of its own. */
export function stored(slot: BufferSlot): Emitted {
  return { value: slot.value, isNull: slot.isNull };
}

function one(e: Emitter): string {
  return e.wide ? "1n" : "1";
}

const count: AggregateFunction = {
  kind: "aggregate",
  name: "count",
  group: "aggregate",
  doc: {
    summary: "Number of rows in which every argument has a value; count(*) counts all rows.",
    args: "expr, …",
    examples: [
      "count(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "count(*) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "count(a, b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "count(DISTINCT a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "count(DISTINCT a, b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "count(a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "count(*)",
      "count(1)",
      "count(CAST(NULL AS INT))",
    ],
  },
  resolve(args, context): AggregateResolution {
    checkCount(args, context, 1, Number.POSITIVE_INFINITY);
    return {
      inputs: args.map((a) => a.type),
      output: LONG,
      nullable: false,
      buffers: [{ name: "count", type: LONG, initial: 0 }],
      skipNulls: args.some((a) => a.nullable),
      update: (e, [n]) => e.line(n.set(`${n.value} + ${one(e)}`)),
      merge: (e, [n], [other]) => e.line(n.set(`${n.value} + ${other.value}`)),
      finish: (_, [n]) => ({ value: n.value, isNull: "false" }),
    };
  },
};

/** Statements that add `x` to a sum that is null until a value has come. */
function addTo(e: Emitter, sum: BufferSlot, x: string, type: DataType, attempt: boolean): void {
  const first = e.wide && type.kind !== "double" ? x : `0 + ${x}`;
  const more = sumCode(e, sum.value, x, type, attempt);
  e.line(`if (${sum.isNull}) { ${sum.set(first)} }`);
  if (attempt && e.wide && type.kind === "long") {
    const name = e.fresh("sum");
    e.block("else", () => {
      e.line(`const ${name} = ${more};`);
      e.line(`if (${name} === null) { ${sum.setNull()} } else { ${sum.set(name)} }`);
    });
    return;
  }
  e.line(`else { ${sum.set(more)} }`);
}

function sumCode(e: Emitter, a: string, b: string, type: DataType, attempt: boolean): string {
  if (type.kind === "double") return `${a} + ${b}`;
  if (!e.wide) return `${e.bind(exact, "exact")}(${a} + ${b})`;
  if (type.kind === "decimal") return `${a} + ${b}`;
  return `${e.bind(wideArithmetic("+", attempt ? "null" : e.settings.ansi ? "error" : "wrap"), "addLong")}(${a}, ${b})`;
}

export function sumType(type: DataType): DataType {
  if (type.kind === "decimal") return boundedDecimal(type.precision + 10, type.scale);
  if (isIntegral(type)) return LONG;
  return type.kind === "float" || type.kind === "double" ? DOUBLE : type;
}

function sum(name: "sum" | "try_sum", summary: string, examples: readonly string[]): AggregateFunction {
  const attempt = name === "try_sum";
  return {
    kind: "aggregate",
    name,
    group: "aggregate",
    doc: { summary, args: "expr", examples },
    resolve(args, context): AggregateResolution {
      checkCount(args, context, 1, 1);
      const type = coerce(args, 0, { anyOf: ["numeric", "interval"] }, context);
      const output = sumType(type);
      const input = type.kind === "decimal" ? type : output;
      return {
        inputs: [input],
        output,
        nullable: true,
        buffers: sumBuffers(output, attempt),
        skipNulls: args[0].nullable,
        update(e, slots, [x]) {
          withUnfailed(e, slots, () => addTo(e, slots[0], x.value, output, attempt));
        },
        merge(e, slots, [other, failed]) {
          const [total] = slots;
          if (failed !== undefined) e.line(`if (${failed.value}) { ${slots[1].set("true")} }`);
          e.block(`if (!(${other.isNull}))`, () =>
            withUnfailed(e, slots, () => addTo(e, total, other.value, output, attempt)),
          );
        },
        finish: (e, slots) => finishSum(e, slots, output, attempt),
      };
    },
  };
}

/** try_sum of BIGINT remembers that it left the range. */
function sumBuffers(output: DataType, attempt: boolean): AggregateResolution["buffers"] {
  const total = { name: "sum", type: output, initial: null };
  if (!attempt || output.kind === "decimal" || output.kind === "double") return [total];
  return [total, { name: "overflow", type: { kind: "boolean" }, initial: false }];
}

function withUnfailed(e: Emitter, slots: readonly BufferSlot[], body: () => void): void {
  if (slots.length === 1) {
    body();
    return;
  }
  const [total, failed] = slots;
  e.block(`if (!${failed.value})`, () => {
    const before = e.fresh("empty");
    e.line(`const ${before} = ${total.isNull};`);
    body();
    if (e.wide) e.line(`if (!${before} && ${total.isNull}) { ${failed.set("true")} }`);
  });
}

function finishSum(e: Emitter, slots: readonly BufferSlot[], output: DataType, attempt: boolean): Emitted {
  const [total] = slots;
  if (output.kind !== "decimal" || (!e.wide && output.precision >= 16)) return stored(total);
  const orNull = attempt || !e.settings.ansi;
  const check = e.bind(decimalSumCheck(output, orNull, e.wide), "checkSum");
  const name = e.fresh("sum");
  e.line(`const ${name} = ${total.isNull} ? null : ${check}(${total.value});`);
  return { value: name, isNull: `${name} === null` };
}

function decimalSumCheck(type: DecimalType, orNull: boolean, wide: boolean) {
  return (v: number | bigint): number | bigint | null => {
    const checked = checkedDecimal(BigInt(v), type, "null");
    if (checked !== null) return longValue(checked, wide);
    return orNull ? null : arithmeticOverflow("the sum", "try_sum");
  };
}

function avg(name: "avg" | "try_avg", aliases: readonly string[], examples: readonly string[]): AggregateFunction {
  return {
    kind: "aggregate",
    name,
    aliases,
    group: "aggregate",
    doc: {
      summary:
        name === "avg" ? "Mean of the values." : "Mean of the values, or NULL when the sum doesn't fit its type.",
      args: "expr",
      examples,
    },
    resolve(args, context): AggregateResolution {
      checkCount(args, context, 1, 1);
      const type = coerce(args, 0, "numeric", context);
      const isDecimal = type.kind === "decimal";
      const input = isDecimal ? type : DOUBLE;
      const total = isDecimal ? boundedDecimal(type.precision + 10, type.scale) : DOUBLE;
      const output = isDecimal ? boundedDecimal(type.precision + 4, type.scale + 4) : DOUBLE;
      return {
        inputs: [input],
        output,
        nullable: true,
        buffers: [
          { name: "sum", type: total, initial: 0 },
          { name: "count", type: LONG, initial: 0 },
        ],
        skipNulls: args[0].nullable,
        update(e, [s, n], [x]) {
          e.line(s.set(sumCode(e, s.value, x.value, total, false)));
          e.line(n.set(`${n.value} + ${one(e)}`));
        },
        merge(e, [s, n], [otherSum, otherCount]) {
          e.line(s.set(sumCode(e, s.value, otherSum.value, total, false)));
          e.line(n.set(`${n.value} + ${otherCount.value}`));
        },
        finish(e, [s, n]) {
          const mean = e.fresh("avg");
          const none = `${n.value} === ${e.wide ? "0n" : "0"}`;
          if (output.kind === "decimal") {
            const orNull = name === "try_avg" || !e.settings.ansi;
            const divide = e.bind(decimalMean(total as DecimalType, output, orNull, e.wide), "mean");
            e.line(`const ${mean} = ${none} ? null : ${divide}(${s.value}, ${n.value});`);
          } else {
            e.line(`const ${mean} = ${none} ? null : ${s.value} / ${e.wide ? `Number(${n.value})` : n.value};`);
          }
          return { value: mean, isNull: `${mean} === null` };
        },
      };
    },
  };
}

function decimalMean(total: DecimalType, output: DecimalType, orNull: boolean, wide: boolean) {
  const up = power10(38 - total.scale);
  return (s: number | bigint, n: number | bigint): number | bigint | null => {
    const limited = checkedDecimal(BigInt(s), total, "null");
    if (limited === null) return orNull ? null : arithmeticOverflow("the sum of an average", "try_avg");
    const quotient = rescale(divideHalfUp(limited * up, BigInt(n)), 38, output.scale);
    const mean = checkedDecimal(quotient, output, orNull ? "null" : "error");
    return mean === null ? null : longValue(mean, wide);
  };
}

function extreme(name: "min" | "max", examples: readonly string[]): AggregateFunction {
  const relation = name === "min" ? "<" : ">";
  const replace = (e: Emitter, best: BufferSlot, x: string, type: DataType): void => {
    e.line(`if (${best.isNull} || ${comparisonCode(e, relation, type, x, best.value)}) { ${best.set(x)} }`);
  };
  return {
    kind: "aggregate",
    name,
    group: "aggregate",
    doc: { summary: name === "min" ? "The least value." : "The greatest value.", args: "expr", examples },
    resolve(args, context): AggregateResolution {
      checkCount(args, context, 1, 1);
      const { type } = args[0];
      if (!isOrderable(type)) {
        throw new SluiceError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", {
          sqlExpr: `"${context.sql}"`,
          functionName: `\`${name}\``,
          dataType: `"${sqlType(type)}"`,
        });
      }
      return {
        inputs: [type],
        output: type,
        nullable: true,
        buffers: [{ name, type, initial: null }],
        skipNulls: args[0].nullable,
        update: (e, [best], [x]) => replace(e, best, x.value, type),
        merge: (e, [best], [other]) => e.block(`if (!(${other.isNull}))`, () => replace(e, best, other.value, type)),
        finish: (_, [best]) => stored(best),
      };
    },
  };
}

export const basicAggregates: readonly AggregateFunction[] = [
  count,
  sum("sum", "Sum of the values: BIGINT of whole numbers, DOUBLE of fractional ones, a wider DECIMAL of decimals.", [
    "sum(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "sum(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "sum(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
    "sum(a) FROM VALUES (1) AS t(a) WHERE a > 1",
    "sum(DISTINCT a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "sum(9223372036854775807L) FROM VALUES (1), (2) AS t(a)",
    "sum(9007199254740993L) FROM VALUES (1), (2) AS t(a)",
    "sum(a) FILTER (WHERE a > 1) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "sum(CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0))) FROM VALUES (1), (2) AS t(a)",
    "sum(INTERVAL '1' DAY) FROM VALUES (1), (2) AS t(a)",
    "sum(1)",
    "sum(1.5)",
    "sum(2.5D)",
    "sum(CAST(NULL AS INT))",
    "sum('3')",
  ]),
  sum("try_sum", "Sum of the values, or NULL when it doesn't fit its type.", [
    "try_sum(9223372036854775807L) FROM VALUES (1), (2) AS t(a)",
    "try_sum(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "try_sum(1)",
    "try_sum(1.5)",
    "try_sum(CAST(NULL AS INT))",
  ]),
  avg(
    "avg",
    ["mean"],
    [
      "avg(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "avg(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "avg(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
      "avg(a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "avg(d) FROM VALUES (1.0), (2.0), (2.0) AS t(d)",
      "mean(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "avg(1)",
      "avg(1.5)",
      "avg(2.5D)",
      "avg(CAST(NULL AS INT))",
    ],
  ),
  avg(
    "try_avg",
    [],
    [
      "try_avg(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "try_avg(1)",
      "try_avg(1.5)",
    ],
  ),
  extreme("min", [
    "min(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "min(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "min(s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n)",
    "min(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
    "min(a) FROM VALUES (1) AS t(a) WHERE a > 1",
    "min(b) FROM VALUES (DOUBLE('NaN')), (1D) AS t(b)",
    "min(x) FROM VALUES (array(2)), (array(1, 5)) AS t(x)",
    "min(1)",
    "min('a')",
    "min(CAST(NULL AS INT))",
    "min(DOUBLE('NaN'))",
  ]),
  extreme("max", [
    "max(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "max(b) FROM VALUES (DOUBLE('NaN')), (1D) AS t(b)",
    "max(s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n)",
    "max(struct(n, s)) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n)",
    "max(1)",
    "max('a')",
    "max(CAST(NULL AS INT))",
    "max(DOUBLE('NaN'))",
  ]),
];
