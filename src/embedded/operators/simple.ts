/** Operators that pass rows through one by one, without state beyond a batch. */
import type { Attribute, TypedExpression } from "../../analyze/expression.ts";
import type { GenerateNode, JsonDecodeNode, LimitNode, SampleNode, TailNode, UnionNode } from "../../analyze/plan.ts";
import { concatBatches, sliceRows, takeRows } from "../../columns/ops.ts";
import { batchFromRows, rowsOf } from "../../columns/rows.ts";
import { type Batch, type Vector, valueAt } from "../../columns/vector.ts";
import { emitEnd } from "../../compile/emit.ts";
import { Stage, type StageEnvironment, type StageStep } from "../../compile/stage.ts";
import type { JsonFields } from "../../connectors/contract.ts";
import { jsonOptions } from "../../formats/json/options.ts";
import { createJsonScanner, scanNaming } from "../../formats/json/scanner.ts";
import { badRecordReason } from "../../functions/json/rejecting.ts";
import type { Value } from "../../types/values.ts";
import type { Operator } from "./operator.ts";
import type { RejectedRecords } from "./rejects.ts";

/** Filters, projections, expands and watermarks over `input`, in one loop; rows out. */
export function stageOperator(
  name: string,
  input: Operator,
  steps: readonly StageStep[],
  output: readonly Attribute[],
  environment: StageEnvironment,
): Operator & { readonly stage: Stage<[], Batch> } {
  const capacity = steps.reduce((n, s) => (s.kind === "expand" ? n * s.projections.length : n), 1);
  const end = emitEnd(output, capacity);
  const stage = new Stage<[], Batch>(name, input.output, steps, end, environment, input.structs);
  return {
    output,
    stage,
    async *run(request) {
      for await (const batch of input.run(request)) {
        const { rows, columns } = stage.run(batch);
        // What comes out may stand in the memory of what went in.
        const { release } = batch;
        if (rows > 0) yield { rows, columns, release };
        else release?.();
        await request.context.breathe();
      }
    },
  };
}

/** Appends the values of expressions as columns. */
export function computeColumns(
  name: string,
  input: readonly Attribute[],
  expressions: readonly { readonly expression: TypedExpression; readonly output: Attribute }[],
  environment: StageEnvironment,
): Stage<[], Batch> {
  return new Stage<[], Batch>(
    name,
    input,
    [{ kind: "project", expressions }],
    emitEnd(
      expressions.map((e) => e.output),
      1,
    ),
    environment,
  );
}

/** Records that could not be read as their schema says, in one batch. */
export interface BadRecords {
  count: number;
}

/** What a scan below a JsonDecode node may read out of its rows by itself. */
export function jsonFieldsOf(
  node: JsonDecodeNode,
  environment: StageEnvironment,
  keepsTexts: boolean,
): () => JsonFields {
  const column = node.input.output.findIndex((a) => a.id === node.source.id);
  const fields = node.fields.map((f) => f.ordinal);
  const options = jsonOptions(node.options, environment.settings.timeZone);
  return () => ({ column, schema: node.schema, fields, options, keepsTexts, nowMs: environment.run.nowUs / 1000 });
}

/** from_json's fields as columns, decoded straight from bytes. */
export function jsonDecodeOperator(
  node: JsonDecodeNode,
  input: Operator,
  bad: BadRecords,
  rejects: RejectedRecords | undefined,
  environment: StageEnvironment,
): Operator {
  const { column: source, fields, options } = jsonFieldsOf(node, environment, true)();
  const scanner = createJsonScanner(node.schema, fields, {
    json: options,
    wide: environment.wide,
    nowMs: () => environment.run.nowUs / 1000,
    checksAll: node.rejects !== undefined,
  });
  const reject = rejects && rejecter(node, input, source, rejects, environment);
  return {
    output: node.output,
    async *run(request) {
      for await (const batch of input.run(request)) {
        const decoded = batch.decoded ?? scanNaming(scanner, batch.columns[source], batch.rows, batch.origin);
        bad.count += decoded.corruptCount;
        const out = { ...batch, decoded: undefined, columns: [...batch.columns, ...decoded.columns] };
        const kept = decoded.corrupt === null || reject === undefined ? out : reject(out, decoded.corrupt);
        if (kept.rows > 0) yield kept;
        await request.context.breathe();
      }
    },
  };
}

/** Rejects a batch's bad records, and gives the others. Undefined where bad records stay, with nulls. */
function rejecter(
  node: JsonDecodeNode,
  input: Operator,
  source: number,
  rejects: RejectedRecords,
  { settings, run }: StageEnvironment,
): ((batch: Batch, corrupt: Uint8Array) => Batch) | undefined {
  if (node.rejects === undefined) return undefined;
  const { record, source: sourceId } = node.rejects;
  const numbers = input.output.findIndex((a) => a.id === record.id);
  const reasonOf = badRecordReason(node.schema, node.options, settings, run);
  return (batch, corrupt) => {
    const { columns, rows } = batch;
    const kept = new Int32Array(rows);
    let count = 0;
    for (let i = 0; i < rows; i++) {
      if (corrupt[i] === 0) kept[count++] = i;
      else rejects.reject(sourceId, Number(valueAt(columns[numbers], i)), reasonOf(textOf(columns[source], i)));
    }
    return takeRows(batch, kept, count);
  };
}

function textOf(column: Vector, row: number): string {
  const value = valueAt(column, row);
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}

export function unionOperator(node: UnionNode, inputs: readonly Operator[]): Operator {
  return {
    output: node.output,
    async *run(request) {
      for (const input of inputs) yield* input.run(request);
    },
  };
}

export function limitOperator(node: LimitNode, input: Operator): Operator {
  return {
    output: node.output,
    async *run(request) {
      let skip = node.offset;
      let left = node.count;
      if (left <= 0) return;
      for await (const batch of input.run(request)) {
        const from = Math.min(skip, batch.rows);
        skip -= from;
        const to = Math.min(batch.rows, from + left);
        if (to > from) {
          left -= to - from;
          yield sliceRows(batch, from, to);
        }
        if (left <= 0) return;
      }
    },
  };
}

export function tailOperator(node: TailNode, input: Operator, wide: boolean): Operator {
  return {
    output: node.output,
    async *run(request) {
      let kept: Batch[] = [];
      let rows = 0;
      for await (const batch of input.run(request)) {
        kept.push(batch);
        rows += batch.rows;
        while (kept.length > 1 && rows - kept[0].rows >= node.count) rows -= (kept.shift() as Batch).rows;
      }
      kept = [
        concatBatches(
          kept,
          node.output.map((a) => a.type),
          wide,
        ),
      ];
      yield sliceRows(kept[0], Math.max(0, rows - node.count), rows);
    },
  };
}

/** Rows chosen by a generator of its own, so that the same seed gives the same rows. */
export function sampleOperator(node: SampleNode, input: Operator): Operator {
  return {
    output: node.output,
    async *run(request) {
      const next = generator(Number(BigInt.asUintN(32, node.seed)));
      for await (const batch of input.run(request)) {
        const chosen: number[] = [];
        for (let i = 0; i < batch.rows; i++) {
          if (node.withReplacement) for (let k = poisson(node.upper - node.lower, next); k > 0; k--) chosen.push(i);
          else {
            const x = next();
            if (x >= node.lower && x < node.upper) chosen.push(i);
          }
        }
        if (chosen.length > 0) yield takeRows(batch, Int32Array.from(chosen), chosen.length);
      }
    },
  };
}

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function poisson(mean: number, next: () => number): number {
  const limit = Math.exp(-mean);
  let n = 0;
  for (let p = next(); p > limit; p *= next()) n++;
  return n;
}

/** Rows by rows: the input's columns, then what the generator made of each. */
export function generateOperator(node: GenerateNode, input: Operator, environment: StageEnvironment): Operator {
  const outputs = node.args.map(
    (a, k): Attribute => ({
      kind: "attribute",
      id: -2_000_000 - k,
      name: `arg${k + 1}`,
      type: a.type,
      nullable: a.nullable,
      qualifier: [],
    }),
  );
  const stage = computeColumns(
    "generate",
    input.output,
    node.args.map((expression, k) => ({ expression, output: outputs[k] })),
    environment,
  );
  const types = node.generated.map((a) => a.type);
  const empty: Value[] = types.map(() => null);
  return {
    output: node.output,
    async *run(request) {
      for await (const batch of input.run(request)) {
        const args = rowsOf(stage.run(batch));
        const from: number[] = [];
        const made: Value[][] = [];
        for (let i = 0; i < batch.rows; i++) {
          const rows = node.generate(args[i]);
          for (const r of rows) {
            from.push(i);
            made.push(r);
          }
          if (rows.length === 0 && node.outer) {
            from.push(i);
            made.push(empty);
          }
        }
        if (made.length === 0) continue;
        const kept = takeRows(batch, Int32Array.from(from), from.length);
        yield {
          rows: made.length,
          columns: [...kept.columns, ...batchFromRows(types, made, environment.wide).columns],
        };
        await request.context.breathe();
      }
    },
  };
}
