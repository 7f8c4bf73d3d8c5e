/** The end of a stage that writes rows out, as columns. */
import type { Attribute } from "../analyze/expression.ts";
import { type Batch, reprOf } from "../columns/vector.ts";
import type { Emitted } from "../functions/definition.ts";
import type { DataType } from "../types/types.ts";
import type { CodeEmitter } from "./emitter.ts";
import type { StageEnd, StageScope } from "./stage.ts";

/** A column that generated code fills row by row, in the storage of computed columns. */
export interface ColumnTarget {
  /** Lines that make room for so many rows. */
  declare(size: string): string[];
  /** Emits the storing of the value in row `at`. */
  store(at: string): void;
  /** The Vector, once all rows are stored. */
  readonly vector: string;
}

export function columnTarget(e: CodeEmitter, name: string, type: DataType, x: Emitted): ColumnTarget {
  const repr = reprOf(type, e.wide);
  const values = e.fresh(`out_${name}`);
  const nulls = x.isNull !== "false" ? e.fresh(`out_${name}_nulls`) : undefined;
  return {
    declare(size) {
      const own = `const ${values} = ${allocation[repr](size)};`;
      return nulls === undefined ? [own] : [own, `const ${nulls} = new Uint8Array(${size});`];
    },
    store(at) {
      const value = `${values}[${at}] = ${repr === "bool" ? `${x.value} ? 1 : 0` : x.value};`;
      if (nulls === undefined) {
        e.line(value);
        return;
      }
      const onNull = `${nulls}[${at}] = 1;`;
      e.line(`if (${x.isNull}) ${repr === "obj" ? `{ ${onNull} ${values}[${at}] = null; }` : onNull}`);
      e.line(`else ${value}`);
    },
    get vector() {
      return `{ repr: "${repr}", type: ${e.bind(type, `${name}_type`)}, values: ${values}, nulls: ${nulls ?? "null"} }`;
    },
  };
}

/** A column that goes through as the bytes it came in. */
function passedTarget(
  { e, row }: StageScope,
  name: string,
  type: DataType,
  from: string,
  isNull: string,
): ColumnTarget {
  const starts = e.fresh(`out_${name}`);
  const ends = e.fresh(`out_${name}_ends`);
  const nulls = isNull !== "false" ? e.fresh(`out_${name}_nulls`) : undefined;
  return {
    declare(size) {
      const own = [starts, ends].map((variable) => `const ${variable} = new Int32Array(${size});`);
      return nulls === undefined ? own : [...own, `const ${nulls} = new Uint8Array(${size});`];
    },
    store(at) {
      e.line(`${starts}[${at}] = ${from}.starts[${row}];`);
      e.line(`${ends}[${at}] = ${from}.ends[${row}];`);
      if (nulls !== undefined) e.line(`if (${isNull}) ${nulls}[${at}] = 1;`);
    },
    get vector() {
      const bound = e.bind(type, `${name}_type`);
      return `{ repr: "utf8", type: ${bound}, bytes: ${from}.bytes, starts: ${starts}, ends: ${ends}, nulls: ${nulls ?? "null"} }`;
    },
  };
}

/**
 * Rows out. `capacity` is how many output rows one input row can make at most.
 * The generated function returns a Batch.
 */
export function emitEnd(output: readonly Attribute[], capacity: number): StageEnd<Batch> {
  let targets: ColumnTarget[] = [];
  let count = "";
  return {
    parameters: [],
    row(scope: StageScope): void {
      const { e } = scope;
      count = e.fresh("out");
      targets = output.map((attribute) => {
        const { name, type } = attribute;
        const passed = scope.utf8Column(attribute);
        const x = scope.emit(attribute);
        const target =
          passed === undefined ? columnTarget(e, name, type, x) : passedTarget(scope, name, type, passed, x.isNull);
        target.store(count);
        return target;
      });
      e.line(`${count}++;`);
    },
    begin({ e, rows }: StageScope): void {
      const size = capacity === 1 ? rows : `${rows} * ${capacity}`;
      e.line(`let ${count} = 0;`);
      for (const t of targets) for (const line of t.declare(size)) e.line(line);
    },
    finish({ e }: StageScope): void {
      e.line(`return { rows: ${count}, columns: [\n  ${targets.map((t) => t.vector).join(",\n  ")}\n] };`);
    },
  };
}

const allocation: Record<ReturnType<typeof reprOf>, (size: string) => string> = {
  bool: (n) => `new Uint8Array(${n})`,
  i32: (n) => `new Int32Array(${n})`,
  f64: (n) => `new Float64Array(${n})`,
  i64: (n) => `new BigInt64Array(${n})`,
  obj: (n) => `new Array(${n})`,
};
