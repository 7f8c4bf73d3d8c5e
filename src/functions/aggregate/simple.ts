/** Aggregates that keep one or two plain values: flags, bits, first and last, extremes by another value. */
import { SluiceError } from "../../errors/error.ts";
import { sqlType } from "../../types/print.ts";
import { BOOLEAN, type DataType, LONG } from "../../types/types.ts";
import type {
  AggregateFunction,
  AggregateResolution,
  Argument,
  BufferSlot,
  Emitted,
  Emitter,
  ResolveContext,
} from "../definition.ts";
import { longBits } from "../math/bits.ts";
import { isOrderable } from "../ordering.ts";
import { comparisonCode } from "../predicate/comparison.ts";
import { checkCount, coerce } from "../signature.ts";
import { stored } from "./basic.ts";

interface Definition {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly args: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly prettyName?: (args: readonly string[], written?: string) => string;
  readonly resolve: (args: readonly Argument[], context: ResolveContext) => AggregateResolution;
}

export function aggregate(def: Definition): AggregateFunction {
  return {
    kind: "aggregate",
    name: def.name,
    ...(def.aliases ? { aliases: def.aliases } : {}),
    group: "aggregate",
    doc: { summary: def.summary, args: def.args, examples: def.examples },
    ...(def.prettyName ? { prettyName: def.prettyName } : {}),
    resolve: def.resolve,
  };
}

const countIf = aggregate({
  name: "count_if",
  args: "expr",
  summary: "Number of rows for which the condition is true.",
  examples: [
    "count_if(a > 1) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "count_if(a > 1) FROM VALUES (1) AS t(a) WHERE a > 1",
    "count_if(true)",
    "count_if(NULL)",
    "count_if(1 > 2)",
  ],
  resolve(args, context) {
    checkCount(args, context, 1, 1);
    return {
      inputs: [coerce(args, 0, BOOLEAN, context)],
      output: LONG,
      nullable: false,
      buffers: [{ name: "count", type: LONG, initial: 0 }],
      skipNulls: args[0].nullable,
      update: (e, [n], [x]) => e.line(`if (${x.value}) { ${n.set(`${n.value} + ${e.wide ? "1n" : "1"}`)} }`),
      merge: (e, [n], [other]) => e.line(n.set(`${n.value} + ${other.value}`)),
      finish: (_, [n]) => ({ value: n.value, isNull: "false" }),
    };
  },
});

function flag(
  name: string,
  aliases: readonly string[],
  all: boolean,
  summary: string,
  examples: readonly string[],
): AggregateFunction {
  return aggregate({
    name,
    aliases,
    args: "expr",
    summary,
    examples,
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const take = (e: Emitter, slot: BufferSlot, x: string): void =>
        e.line(
          `if (${slot.isNull}) { ${slot.set(x)} } else if (${all ? "!" : ""}(${x})) { ${slot.set(String(!all))} }`,
        );
      return {
        inputs: [coerce(args, 0, BOOLEAN, context)],
        output: BOOLEAN,
        nullable: true,
        buffers: [{ name, type: BOOLEAN, initial: null }],
        skipNulls: args[0].nullable,
        update: (e, [slot], [x]) => take(e, slot, x.value),
        merge: (e, [slot], [other]) => e.block(`if (!(${other.isNull}))`, () => take(e, slot, other.value)),
        finish: (_, [slot]) => stored(slot),
      };
    },
  });
}

function bits(name: string, op: "&" | "|" | "^", examples: readonly string[]): AggregateFunction {
  return aggregate({
    name,
    args: "expr",
    summary: `The values joined bit by bit with ${op}.`,
    examples,
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const type = coerce(args, 0, "integral", context);
      const take = (e: Emitter, slot: BufferSlot, x: string): void => {
        const joined =
          type.kind === "long"
            ? `${e.bind(longBits(op, e.wide), "bits")}(${slot.value}, ${x})`
            : `${slot.value} ${op} ${x}`;
        e.line(`if (${slot.isNull}) { ${slot.set(x)} } else { ${slot.set(joined)} }`);
      };
      return {
        inputs: [type],
        output: type,
        nullable: true,
        buffers: [{ name, type, initial: null }],
        skipNulls: args[0].nullable,
        update: (e, [slot], [x]) => take(e, slot, x.value),
        merge: (e, [slot], [other]) => e.block(`if (!(${other.isNull}))`, () => take(e, slot, other.value)),
        finish: (_, [slot]) => stored(slot),
      };
    },
  });
}

function setOrNull(e: Emitter, slot: BufferSlot, x: Emitted): void {
  if (x.isNull === "false") e.line(slot.set(x.value));
  else if (x.isNull === "true") e.line(slot.setNull());
  else e.line(`if (${x.isNull}) { ${slot.setNull()} } else { ${slot.set(x.value)} }`);
}

function ignoresNulls(args: readonly Argument[], context: ResolveContext): boolean {
  if (args.length < 2) return false;
  coerce(args, 1, BOOLEAN, context);
  return args[1].literal?.value === true;
}

/** first, last, any_value: the value of the first or last row, NULL included unless ignored. */
function endmost(
  name: string,
  aliases: readonly string[],
  last: boolean,
  examples: readonly string[],
): AggregateFunction {
  return aggregate({
    name,
    aliases,
    args: "expr, isIgnoreNull",
    summary: `The ${last ? "last" : "first"} value, in the order in which rows come; with true as second argument the ${last ? "last" : "first"} that isn't NULL.`,
    examples,
    prettyName: (args, written = name) => `${written}(${args[0]})`,
    resolve(args, context) {
      checkCount(args, context, 1, 2);
      const type = args[0].type;
      const ignore = ignoresNulls(args, context);
      const take = (e: Emitter, [value, set]: readonly BufferSlot[], x: Emitted, has: string | undefined): void => {
        const wanted = [
          ...(last ? [] : [`!${set.value}`]),
          ...(has === undefined ? [] : [has]),
          ...(ignore && x.isNull !== "false" ? [`!(${x.isNull})`] : []),
        ];
        const body = (): void => {
          setOrNull(e, value, x);
          e.line(set.set("true"));
        };
        if (wanted.length === 0) body();
        else e.block(`if (${wanted.join(" && ")})`, body);
      };
      return {
        inputs: args.map((a, i) => (i === 0 ? type : a.type)),
        output: type,
        nullable: true,
        buffers: [
          { name, type, initial: null },
          { name: "valueSet", type: BOOLEAN, initial: false },
        ],
        skipNulls: false,
        update: (e, slots, [x]) => take(e, slots, x, undefined),
        merge: (e, slots, [value, set]) => take(e, slots, value, set.value),
        finish: (_, [value]) => stored(value),
      };
    },
  });
}

/** max_by and min_by: rows whose ordering is NULL don't count; of equal ones the later wins in Spark. */
function extremeBy(name: "max_by" | "min_by", examples: readonly string[]): AggregateFunction {
  const keep = name === "max_by" ? ">" : "<";
  return aggregate({
    name,
    args: "x, y",
    summary: `The value of the first argument in the row with the ${name === "max_by" ? "greatest" : "least"} second one.`,
    examples,
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      const [type, by] = args.map((a) => a.type);
      if (!isOrderable(by)) throw unordered(name, by, context);
      const take = (e: Emitter, [value, ordering]: readonly BufferSlot[], x: Emitted, y: Emitted): void => {
        const body = (): void => {
          e.block(
            `if (${ordering.isNull} || !(${comparisonCode(e, keep as ">", by, ordering.value, y.value)}))`,
            () => {
              setOrNull(e, value, x);
              e.line(ordering.set(y.value));
            },
          );
        };
        if (y.isNull === "true") return;
        if (y.isNull === "false") body();
        else e.block(`if (!(${y.isNull}))`, body);
      };
      return {
        inputs: [type, by],
        output: type,
        nullable: true,
        buffers: [
          { name: "value", type, initial: null },
          { name: "ordering", type: by, initial: null },
        ],
        skipNulls: false,
        update: (e, slots, [x, y]) => take(e, slots, x, y),
        merge: (e, slots, [x, y]) => take(e, slots, x, y),
        finish: (_, [value]) => stored(value),
      };
    },
  });
}

export function unordered(name: string, type: DataType, context: ResolveContext): SluiceError {
  return new SluiceError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", {
    sqlExpr: `"${context.sql}"`,
    functionName: `\`${name}\``,
    dataType: `"${sqlType(type)}"`,
  });
}

export const simpleAggregates: readonly AggregateFunction[] = [
  countIf,
  flag("bool_and", ["every"], true, "True when every value is true.", [
    "bool_and(a > 0) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "every(a > 1) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "bool_and(a > 0) FROM VALUES (1) AS t(a) WHERE a > 1",
    "bool_and(true)",
    "every(false)",
    "bool_and(NULL)",
  ]),
  flag("bool_or", ["some", "any"], false, "True when one value is true.", [
    "bool_or(a > 8) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "bool_or(true)",
    "some(false)",
    "any(NULL)",
  ]),
  bits("bit_and", "&", [
    "bit_and(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "bit_and(CAST(a AS BIGINT)) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "bit_and(3)",
    "bit_and(5L)",
  ]),
  bits("bit_or", "|", [
    "bit_or(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "bit_or(3)",
  ]),
  bits("bit_xor", "^", [
    "bit_xor(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "bit_xor(a + 9007199254740991L) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "bit_xor(3)",
    "bit_xor(CAST(NULL AS INT))",
  ]),
  endmost("first", ["first_value"], false, [
    "first(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "first(a, true) FROM VALUES (NULL), (5), (6) AS t(a)",
    "first(a) FROM VALUES (NULL), (5) AS t(a)",
    "first(10)",
    "first_value(NULL)",
    "first(NULL, true)",
  ]),
  endmost("last", ["last_value"], true, [
    "last(a) FROM VALUES (5), (NULL) AS t(a)",
    "last(a, true) FROM VALUES (5), (NULL) AS t(a)",
    "last(10)",
    "last_value('a')",
    "last(NULL, true)",
  ]),
  endmost("any_value", [], false, ["any_value(10)"]),
  extremeBy("max_by", [
    "max_by(s, n) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n)",
    "max_by(n, s) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n)",
    "max_by(x, y) FROM VALUES ('a', 10), ('b', 50), ('c', 20) AS tab(x, y)",
    "max_by(x, y) FROM VALUES ('a', 1), ('b', 1) AS tab(x, y)",
    "max_by('a', 10)",
    "max_by('a', CAST(NULL AS INT))",
  ]),
  extremeBy("min_by", [
    "min_by(s, n) FROM VALUES ('b', 2), ('a', 1), (NULL, 5), ('c', NULL), ('a', 3) AS t(s, n)",
    "min_by(x, y) FROM VALUES ('a', 1), ('b', 1) AS tab(x, y)",
    "min_by('a', 10)",
  ]),
];
