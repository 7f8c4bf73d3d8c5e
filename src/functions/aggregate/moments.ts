/** Variance and its kin, updated row by row in the same order of operations as Spark, so that results agree to the last bit. */
import { DOUBLE } from "../../types/types.ts";
import type { AggregateFunction, BufferSlot, Emitted, Emitter } from "../definition.ts";
import { checkCount, coerce } from "../signature.ts";
import { aggregate } from "./simple.ts";

type Order = 2 | 3 | 4;

function double(name: string, initial = 0) {
  return { name, type: DOUBLE, initial };
}

/** One value into n, avg, m2 (m3, m4): Spark's CentralMomentAgg. */
function updateMoments(e: Emitter, slots: readonly BufferSlot[], x: string, order: Order): void {
  const [n, avg, m2, m3, m4] = slots;
  const v = (hint: string, code: string): string => {
    const name = e.fresh(hint);
    e.line(`const ${name} = ${code};`);
    return name;
  };
  const newN = v("n", `${n.value} + 1`);
  const delta = v("delta", `${x} - ${avg.value}`);
  const deltaN = v("deltaN", `${delta} / ${newN}`);
  const newAvg = v("avg", `${avg.value} + ${deltaN}`);
  const newM2 = v("m2", `${m2.value} + ${delta} * (${delta} - ${deltaN})`);
  if (order >= 3) {
    const delta2 = v("delta2", `${delta} * ${delta}`);
    const deltaN2 = v("deltaN2", `${deltaN} * ${deltaN}`);
    const newM3 = v("m3", `${m3.value} - 3 * ${deltaN} * ${newM2} + ${delta} * (${delta2} - ${deltaN2})`);
    if (order === 4) {
      const newM4 = v(
        "m4",
        `${m4.value} - 4 * ${deltaN} * ${newM3} - 6 * ${deltaN2} * ${newM2} + ${delta} * (${delta} * ${delta2} - ${deltaN} * ${deltaN2})`,
      );
      e.line(m4.set(newM4));
    }
    e.line(m3.set(newM3));
  }
  e.line(n.set(newN));
  e.line(avg.set(newAvg));
  e.line(m2.set(newM2));
}

function mergeMoments(e: Emitter, slots: readonly BufferSlot[], other: readonly Emitted[], order: Order): void {
  const [n1, avg1, m21, m31, m41] = slots.map((s) => s.value);
  const [n2, avg2, m22, m32, m42] = other.map((o) => o.value);
  const v = (hint: string, code: string): string => {
    const name = e.fresh(hint);
    e.line(`const ${name} = ${code};`);
    return name;
  };
  const newN = v("n", `${n1} + ${n2}`);
  const delta = v("delta", `${avg2} - ${avg1}`);
  const deltaN = v("deltaN", `${newN} === 0 ? 0 : ${delta} / ${newN}`);
  const newAvg = v("avg", `${avg1} + ${deltaN} * ${n2}`);
  const newM2 = v("m2", `${m21} + ${m22} + ${delta} * ${deltaN} * ${n1} * ${n2}`);
  if (order >= 3) {
    const newM3 = v(
      "m3",
      `${m31} + ${m32} + ${deltaN} * ${deltaN} * ${delta} * ${n1} * ${n2} * (${n1} - ${n2}) + 3 * ${deltaN} * (${n1} * ${m22} - ${n2} * ${m21})`,
    );
    if (order === 4) {
      const newM4 = v(
        "m4",
        `${m41} + ${m42} + ${deltaN} * ${deltaN} * ${deltaN} * ${delta} * ${n1} * ${n2} * (${n1} * ${n1} - ${n1} * ${n2} + ${n2} * ${n2}) + 6 * ${deltaN} * ${deltaN} * (${n1} * ${n1} * ${m22} + ${n2} * ${n2} * ${m21}) + 4 * ${deltaN} * (${n1} * ${m32} - ${n2} * ${m31})`,
      );
      e.line(slots[4].set(newM4));
    }
    e.line(slots[3].set(newM3));
  }
  e.line(slots[0].set(newN));
  e.line(slots[1].set(newAvg));
  e.line(slots[2].set(newM2));
}

/** `code` gives the result from the buffers' values; "null" where there is none. */
function moment(
  name: string,
  aliases: readonly string[],
  order: Order,
  summary: string,
  examples: readonly string[],
  code: (n: string, m2: string, m3: string, m4: string) => string,
): AggregateFunction {
  return aggregate({
    name,
    aliases,
    args: "expr",
    summary,
    examples,
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      coerce(args, 0, DOUBLE, context);
      return {
        inputs: [DOUBLE],
        output: DOUBLE,
        nullable: true,
        buffers: [
          double("n"),
          double("avg"),
          double("m2"),
          ...(order >= 3 ? [double("m3")] : []),
          ...(order === 4 ? [double("m4")] : []),
        ],
        skipNulls: args[0].nullable,
        update: (e, slots, [x]) => updateMoments(e, slots, x.value, order),
        merge: (e, slots, other) => mergeMoments(e, slots, other, order),
        finish(e, [n, , m2, m3, m4]) {
          const result = e.fresh(name);
          e.line(`const ${result} = ${code(n.value, m2.value, m3?.value ?? "0", m4?.value ?? "0")};`);
          return { value: result, isNull: `${result} === null` };
        },
      };
    },
  });
}

/** Two columns: n, xAvg, yAvg, ck and, for corr, xMk and yMk (Spark's Covariance and PearsonCorrelation). */
function updatePair(e: Emitter, slots: readonly BufferSlot[], x: string, y: string): void {
  const [n, xAvg, yAvg, ck, xMk, yMk] = slots;
  const v = (hint: string, code: string): string => {
    const name = e.fresh(hint);
    e.line(`const ${name} = ${code};`);
    return name;
  };
  const newN = v("n", `${n.value} + 1`);
  const dx = v("dx", `${x} - ${xAvg.value}`);
  const dxN = v("dxN", `${dx} / ${newN}`);
  const dy = v("dy", `${y} - ${yAvg.value}`);
  const dyN = v("dyN", `${dy} / ${newN}`);
  const newX = v("xAvg", `${xAvg.value} + ${dxN}`);
  const newY = v("yAvg", `${yAvg.value} + ${dyN}`);
  const newCk = v("ck", `${ck.value} + ${dx} * (${y} - ${newY})`);
  if (xMk !== undefined) {
    e.line(xMk.set(`${xMk.value} + ${dx} * (${x} - ${newX})`));
    e.line(yMk.set(`${yMk.value} + ${dy} * (${y} - ${newY})`));
  }
  e.line(n.set(newN));
  e.line(xAvg.set(newX));
  e.line(yAvg.set(newY));
  e.line(ck.set(newCk));
}

function mergePair(e: Emitter, slots: readonly BufferSlot[], other: readonly Emitted[]): void {
  const [n1, x1, y1, ck1, xm1, ym1] = slots.map((s) => s.value);
  const [n2, x2, y2, ck2, xm2, ym2] = other.map((o) => o.value);
  const v = (hint: string, code: string): string => {
    const name = e.fresh(hint);
    e.line(`const ${name} = ${code};`);
    return name;
  };
  const newN = v("n", `${n1} + ${n2}`);
  const dx = v("dx", `${x2} - ${x1}`);
  const dxN = v("dxN", `${newN} === 0 ? 0 : ${dx} / ${newN}`);
  const dy = v("dy", `${y2} - ${y1}`);
  const dyN = v("dyN", `${newN} === 0 ? 0 : ${dy} / ${newN}`);
  const results = [
    newN,
    v("xAvg", `${x1} + ${dxN} * ${n2}`),
    v("yAvg", `${y1} + ${dyN} * ${n2}`),
    v("ck", `${ck1} + ${ck2} + ${dx} * ${dyN} * ${n1} * ${n2}`),
  ];
  if (xm1 !== undefined) {
    results.push(
      v("xMk", `${xm1} + ${xm2} + ${dx} * ${dxN} * ${n1} * ${n2}`),
      v("yMk", `${ym1} + ${ym2} + ${dy} * ${dyN} * ${n1} * ${n2}`),
    );
  }
  results.forEach((r, i) => {
    e.line(slots[i].set(r));
  });
}

function pair(
  name: string,
  summary: string,
  examples: readonly string[],
  correlation: boolean,
  code: (slots: readonly string[]) => string,
): AggregateFunction {
  return aggregate({
    name,
    args: "expr1, expr2",
    summary,
    examples,
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      coerce(args, 0, DOUBLE, context);
      coerce(args, 1, DOUBLE, context);
      const names = ["n", "xAvg", "yAvg", "ck", ...(correlation ? ["xMk", "yMk"] : [])];
      return {
        inputs: [DOUBLE, DOUBLE],
        output: DOUBLE,
        nullable: true,
        buffers: names.map((n) => double(n)),
        skipNulls: args.some((a) => a.nullable),
        update: (e, slots, [x, y]) => updatePair(e, slots, x.value, y.value),
        merge: mergePair,
        finish(e, slots) {
          const result = e.fresh(name);
          e.line(`const ${result} = ${code(slots.map((s) => s.value))};`);
          return { value: result, isNull: `${result} === null` };
        },
      };
    },
  });
}

const none = (n: string): string => `${n} === 0 ? null : `;
/** Of one row, the sample forms are NULL: the divisor is 0. */
const fewerThanTwo = (n: string): string => `${n} <= 1 ? null : `;

export const momentAggregates: readonly AggregateFunction[] = [
  moment(
    "stddev",
    ["stddev_samp", "std"],
    2,
    "Sample standard deviation; NULL for fewer than two values.",
    [
      "stddev(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "stddev(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "stddev(a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "stddev(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
      "stddev((id * 7919 % 1000) / 7D) FROM range(0, 100, 1, 1)",
      "stddev(1)",
      "stddev_samp(CAST(NULL AS INT))",
    ],
    (n, m2) => `${fewerThanTwo(n)}Math.sqrt(${m2} / (${n} - 1))`,
  ),
  moment(
    "stddev_pop",
    [],
    2,
    "Standard deviation of the whole population.",
    [
      "stddev_pop(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "stddev_pop(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "stddev_pop(a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "stddev_pop(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
      "stddev_pop((id * 7919 % 1000) / 7D) FROM range(0, 100, 1, 1)",
      "stddev_pop(1)",
    ],
    (n, m2) => `${none(n)}Math.sqrt(${m2} / ${n})`,
  ),
  moment(
    "variance",
    ["var_samp"],
    2,
    "Sample variance; NULL for fewer than two values.",
    [
      "variance(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "variance(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "variance(a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "variance(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
      "variance((id * 7919 % 1000) / 7D) FROM range(0, 100, 1, 1)",
      "variance(1)",
      "var_samp(2.5)",
    ],
    (n, m2) => `${fewerThanTwo(n)}${m2} / (${n} - 1)`,
  ),
  moment(
    "var_pop",
    [],
    2,
    "Variance of the whole population.",
    [
      "var_pop(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "var_pop(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "var_pop(a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "var_pop(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
      "var_pop((id * 7919 % 1000) / 7D) FROM range(0, 100, 1, 1)",
      "var_pop(1)",
    ],
    (n, m2) => `${none(n)}${m2} / ${n}`,
  ),
  moment(
    "skewness",
    [],
    3,
    "Skewness.",
    [
      "skewness(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "skewness(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "skewness(a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "skewness(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
      "skewness((id * 7919 % 1000) / 7D) FROM range(0, 100, 1, 1)",
      "skewness(1)",
    ],
    (n, m2, m3) => `${none(n)}${m2} === 0 ? null : Math.sqrt(${n}) * ${m3} / Math.sqrt(${m2} * ${m2} * ${m2})`,
  ),
  moment(
    "kurtosis",
    [],
    4,
    "Excess kurtosis.",
    [
      "kurtosis(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "kurtosis(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "kurtosis(a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "kurtosis(d) FROM VALUES (1.50), (2.25), (NULL), (-7.01) AS t(d)",
      "kurtosis((id * 7919 % 1000) / 7D) FROM range(0, 100, 1, 1)",
      "kurtosis(1)",
    ],
    (n, m2, _, m4) => `${none(n)}${m2} === 0 ? null : ${n} * ${m4} / (${m2} * ${m2}) - 3`,
  ),
  pair(
    "covar_pop",
    "Covariance of the whole population.",
    [
      "covar_pop(a, b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "covar_pop(id, id * id) FROM range(0, 10, 1, 1)",
      "covar_pop(a, a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "covar_pop(1, 2)",
    ],
    false,
    ([n, , , ck]) => `${none(n)}${ck} / ${n}`,
  ),
  pair(
    "covar_samp",
    "Sample covariance; NULL for fewer than two pairs.",
    [
      "covar_samp(a, b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "covar_samp(id, id * id) FROM range(0, 10, 1, 1)",
      "covar_samp(a, a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "covar_samp(1, 2)",
    ],
    false,
    ([n, , , ck]) => `${fewerThanTwo(n)}${ck} / (${n} - 1)`,
  ),
  pair(
    "corr",
    "Pearson's correlation.",
    [
      "corr(a, b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
      "corr(id, id * id) FROM range(0, 10, 1, 1)",
      "corr(a, a) FROM VALUES (1) AS t(a) WHERE a > 1",
      "corr(1, 2)",
    ],
    true,
    ([n, , , ck, xMk, yMk]) => `${fewerThanTwo(n)}${ck} / Math.sqrt(${xMk} * ${yMk})`,
  ),
];
