/** Short ways to write the common kinds of function definitions. */
import { type DataType, isLongLike } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import type {
  Argument,
  Evaluation,
  FunctionDefinition,
  ResolveContext,
  RunContext,
  ScalarFunction,
  ScalarResolution,
  SessionSettings,
} from "./definition.ts";
import { type Accepts, checkCount, coerce } from "./signature.ts";

export type Group = FunctionDefinition["group"];

/** What `make` may look at to choose the function that runs. */
export interface MakeContext {
  readonly wide: boolean;
  readonly settings: SessionSettings;
  readonly run: RunContext;
  /** Types of the arguments after coercion. */
  readonly types: readonly DataType[];
  readonly output: DataType;
  /** Values of constant arguments. */
  readonly literals: readonly (Value | undefined)[];
}

// Bodies are called from generated code, which passes what the signature promises.
type Body = (...args: never[]) => Value;

export interface SimpleDefinition {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: Group;
  readonly summary: string;
  readonly args: string;
  readonly examples: readonly string[];
  readonly inputs: readonly Accepts[];
  /** Number of arguments that must be there; the rest of `inputs` is optional. Default: all. */
  readonly min?: number;
  /** Type of any further arguments. */
  readonly rest?: Accepts;
  readonly output:
    | DataType
    | ((types: readonly DataType[], args: readonly Argument[], context: ResolveContext) => DataType);
  /** Runs on non-null internal values. */
  readonly run?: Body;
  /** Chooses what runs, from types, settings and constant arguments. */
  readonly make?: (context: MakeContext) => Body;
  /** 64-bit arguments are given as `number` and a 64-bit result is taken as `number`, in the wide form too. */
  readonly asNumbers?: boolean;
  readonly mayReturnNull?: boolean;
  readonly nullable?: boolean;
  readonly deterministic?: boolean;
  readonly perBatch?: boolean;
  /** Extra checks of the arguments when the call is analysed. */
  readonly check?: (args: readonly Argument[], context: ResolveContext, types: readonly DataType[]) => void;
  readonly prettyName?: (args: readonly string[], written?: string) => string;
}

/** A function of non-null arguments that runs as one call of a JS function: null when any argument is null. */
export function simple(def: SimpleDefinition): ScalarFunction {
  const min = def.min ?? def.inputs.length;
  const max = def.rest === undefined ? def.inputs.length : Number.POSITIVE_INFINITY;
  return {
    kind: "scalar",
    name: def.name,
    ...(def.aliases ? { aliases: def.aliases } : {}),
    group: def.group,
    doc: { summary: def.summary, args: def.args, examples: def.examples },
    ...(def.prettyName ? { prettyName: def.prettyName } : {}),
    resolve(args, context): ScalarResolution {
      checkCount(args, context, min, max);
      const inputs = args.map((_, i) => coerce(args, i, def.inputs[i] ?? def.rest!, context));
      def.check?.(args, context, inputs);
      const output = typeof def.output === "function" ? def.output(inputs, args, context) : def.output;
      return {
        inputs,
        output,
        ...(def.nullable === undefined ? {} : { nullable: def.nullable }),
        ...(def.deterministic === undefined ? {} : { deterministic: def.deterministic }),
        ...(def.perBatch === undefined ? {} : { perBatch: def.perBatch }),
        evaluation: simpleEvaluation(def, inputs, output, args),
      };
    },
  };
}

function simpleEvaluation(
  def: SimpleDefinition,
  types: readonly DataType[],
  output: DataType,
  args: readonly Argument[],
): Evaluation {
  const literals = args.map((a) => a.literal?.value);
  return {
    nulls: "propagate",
    ...(def.mayReturnNull ? { mayReturnNull: true } : {}),
    emit(e, values) {
      const { wide, settings, run } = e;
      const body = def.run ?? def.make!({ wide, settings, run, types, output, literals });
      const fn = e.bind(body, def.run?.name || def.name);
      if (!wide || !def.asNumbers) return `${fn}(${values.join(", ")})`;
      const numbers = values.map((v, i) => (isLongLike(types[i]) ? `Number(${v})` : v));
      const call = `${fn}(${numbers.join(", ")})`;
      if (!isLongLike(output)) return call;
      if (!def.mayReturnNull) return `BigInt(${call})`;
      return `${e.bind(bigintOrNull, "bigintOrNull")}(${call})`;
    },
  };
}

function bigintOrNull(x: number | null): bigint | null {
  return x === null ? null : BigInt(x);
}
