/** Table functions in FROM, and LATERAL VIEW with one. */
import { nearest, SluiceError } from "../../errors/error.ts";
import { functionNames } from "../../functions/registry.ts";
import type { Expression, LateralJoin, Relation, UnresolvedTableValuedFunction } from "../../plan/messages.ts";
import { LONG } from "../../types/types.ts";
import type { Block } from "../block.ts";
import { constantOf, lookup, resolveFunction } from "../calls.ts";
import type { Attribute } from "../expression.ts";
import { condition, needed, resolve } from "../expressions.ts";
import type { GenerateNode } from "../plan.ts";
import { analyzeRelation, blockOf, type Place } from "../relation.ts";
import { mergePlanIds, type Resolved } from "../scope.ts";
import { filterOver } from "./filter.ts";
import { joinTypeOf } from "./join.ts";
import { leaf, oneRow } from "./leaf.ts";

export function tableFunction(place: Place, message: UnresolvedTableValuedFunction): Resolved {
  const name = message.functionName.toLowerCase();
  const input = oneRow();
  const block = blockOf(place, input);
  if (name === "range") return rangeFunction(block, message.arguments);
  const node = generated(block, input, message, false);
  return leaf(node.generated.length === node.output.length ? node : { ...node, output: [...node.generated] });
}

/** range(end), range(start, end[, step[, partitions]]). */
function rangeFunction(block: Block, messages: readonly Expression[]): Resolved {
  const numbers = messages.map((m) => {
    const value = constantOf(block, resolve(block, m))?.value;
    if (typeof value === "number" || typeof value === "bigint") return BigInt(value);
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "An argument of range that is not a constant whole number",
      where: "",
      hint: "Write range(start, end, step) with numbers.",
    });
  });
  if (numbers.length < 1 || numbers.length > 4) {
    throw new SluiceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
      functionName: "range",
      expectedNum: "1 to 4",
      actualNum: numbers.length,
      args: "start, end, step, numPartitions",
    });
  }
  const [start, end, step] = numbers.length === 1 ? [0n, numbers[0], 1n] : [numbers[0], numbers[1], numbers[2] ?? 1n];
  if (step === 0n) throw new SluiceError("INVALID_RANGE_STEP", {});
  return leaf({ kind: "range", output: [block.session.attribute("id", LONG, false)], start, end, step });
}

function generated(
  block: Block,
  input: Resolved,
  message: UnresolvedTableValuedFunction,
  outer: boolean,
): GenerateNode {
  const name = message.functionName.toLowerCase();
  if (lookupKind(name) !== "generator") {
    const near = nearest(
      name,
      [...functionNames()].filter((n) => lookupKind(n) === "generator"),
    );
    throw new SluiceError("UNRESOLVABLE_TABLE_VALUED_FUNCTION", {
      name: `\`${message.functionName}\``,
      suggestion: near === undefined ? "" : ` Did you mean \`${near}\`?`,
    });
  }
  resolveFunction(block, name, message.arguments, false);
  const [use] = block.pending.generators;
  const outputs = outer ? use.outputs.map((a) => ({ ...a, nullable: true })) : use.outputs;
  return {
    kind: "generate",
    output: [...input.plan.output, ...outputs],
    input: input.plan,
    args: use.args,
    generate: use.generate,
    outer: outer || use.outer,
    generated: outputs,
  };
}

function lookupKind(name: string): string | undefined {
  try {
    return lookup(name).kind;
  } catch {
    return undefined;
  }
}

/** The table function at the bottom of the right side, with the names that aliases above it give. */
function functionOf(message: Relation): {
  call: UnresolvedTableValuedFunction;
  names: readonly string[] | undefined;
  alias: string | undefined;
} {
  const r = message.relType;
  switch (r.case) {
    case "unresolvedTableValuedFunction":
      return { call: r.value, names: undefined, alias: undefined };
    case "subqueryAlias":
      return { ...functionOf(needed(r.value.input)), alias: r.value.alias };
    case "toDf":
      return { ...functionOf(needed(r.value.input)), names: r.value.columnNames };
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: "LATERAL with a subquery",
        where: "",
        hint: "Use LATERAL VIEW or LATERAL with a table function such as explode, or a join.",
      });
  }
}

/** LATERAL VIEW [OUTER] f(…) t AS a, b. */
export function lateralJoin(place: Place, message: LateralJoin): Resolved {
  const left = analyzeRelation(place, message.left);
  const right = needed(message.right);
  const { call, names, alias } = functionOf(right);
  const type = joinTypeOf(message);
  if (type !== "inner" && type !== "cross" && type !== "left") {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `A lateral join of the kind ${type}`,
      where: "",
      hint: "Use an inner or a left one.",
    });
  }
  const node = generated(blockOf(place, left), left, call, type === "left");
  if (names !== undefined && names.length !== node.generated.length) {
    throw new SluiceError("UDTF_ALIAS_NUMBER_MISMATCH", {
      aliasesSize: node.generated.length,
      aliasesNames: names.join(","),
    });
  }
  const made = node.generated.map(
    (a, i): Attribute => ({ ...a, name: names?.[i] ?? a.name, qualifier: alias === undefined ? [] : [alias] }),
  );
  const plan: GenerateNode = { ...node, generated: made, output: [...left.plan.output, ...made] };
  const id = right.common?.planId;
  const own = id === undefined ? new Map() : new Map([[id, [made]]]);
  const resolved: Resolved = {
    plan,
    output: [...left.output, ...made],
    planIds: mergePlanIds([left.planIds, own]),
  };
  if (message.joinCondition === undefined) return resolved;
  if (type === "left") {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "A left lateral join with a condition",
      where: "",
      hint: "Filter inside the table function's argument.",
    });
  }
  const block = blockOf(place, resolved);
  return { ...resolved, plan: filterOver(plan, condition(block, message.joinCondition, "join condition")) };
}
