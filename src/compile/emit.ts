/** The end of a stage that writes rows out, as columns. */
import type { Attribute } from "../analyze/expression.ts";
import { type Batch, reprOf } from "../columns/vector.ts";
import type { StageEnd, StageScope } from "./stage.ts";

interface Target {
  readonly attribute: Attribute;
  readonly values: string;
  readonly nulls: string | undefined;
  /** Set when the column goes through as the bytes it came in. */
  readonly utf8: { readonly vector: string; readonly ends: string } | undefined;
}

/**
 * Rows out. `capacity` is how many output rows one input row can make at most.
 * The generated function returns a Batch.
 */
export function emitEnd(output: readonly Attribute[], capacity: number): StageEnd<Batch> {
  let targets: Target[] = [];
  let count = "";
  let declarations: string[] = [];
  return {
    parameters: [],
    row(scope: StageScope): void {
      const { e } = scope;
      count = e.fresh("out");
      declarations = [];
      targets = output.map((attribute) => {
        const values = e.fresh(`out_${attribute.name}`);
        const passed = scope.utf8Column(attribute);
        if (passed !== undefined) {
          const utf8 = { vector: passed, ends: e.fresh(`out_${attribute.name}_ends`) };
          const isNull = scope.emit(attribute).isNull;
          const nulls = isNull === "false" ? undefined : e.fresh(`out_${attribute.name}_nulls`);
          e.line(`${values}[${count}] = ${passed}.starts[${scope.row}];`);
          e.line(`${utf8.ends}[${count}] = ${passed}.ends[${scope.row}];`);
          if (nulls) e.line(`if (${isNull}) ${nulls}[${count}] = 1;`);
          return { attribute, values, nulls, utf8 };
        }
        const x = scope.emit(attribute);
        const repr = reprOf(attribute.type, scope.wide);
        const store = repr === "bool" ? `${x.value} ? 1 : 0` : x.value;
        if (x.isNull === "false") {
          e.line(`${values}[${count}] = ${store};`);
          return { attribute, values, nulls: undefined, utf8: undefined };
        }
        const nulls = e.fresh(`out_${attribute.name}_nulls`);
        const onNull =
          repr === "obj" ? `{ ${nulls}[${count}] = 1; ${values}[${count}] = null; }` : `${nulls}[${count}] = 1;`;
        e.line(`if (${x.isNull}) ${onNull}`);
        e.line(`else ${values}[${count}] = ${store};`);
        return { attribute, values, nulls, utf8: undefined };
      });
      e.line(`${count}++;`);
      const size = capacity === 1 ? scope.rows : `${scope.rows} * ${capacity}`;
      declarations.push(`let ${count} = 0;`);
      for (const t of targets) {
        const repr = t.utf8 ? "utf8" : reprOf(t.attribute.type, scope.wide);
        declarations.push(`const ${t.values} = ${allocation[repr](size)};`);
        if (t.utf8) declarations.push(`const ${t.utf8.ends} = new Int32Array(${size});`);
        if (t.nulls) declarations.push(`const ${t.nulls} = new Uint8Array(${size});`);
      }
    },
    begin(scope: StageScope): void {
      for (const d of declarations) scope.e.line(d);
    },
    finish(scope: StageScope): void {
      const { e } = scope;
      const columns = targets.map((t) => {
        const type = e.bind(t.attribute.type, `${t.attribute.name}_type`);
        const nulls = t.nulls ?? "null";
        if (t.utf8) {
          return `{ repr: "utf8", type: ${type}, bytes: ${t.utf8.vector}.bytes, starts: ${t.values}, ends: ${t.utf8.ends}, nulls: ${nulls} }`;
        }
        const repr = reprOf(t.attribute.type, scope.wide);
        return `{ repr: "${repr}", type: ${type}, values: ${t.values}, nulls: ${nulls} }`;
      });
      e.line(`return { rows: ${count}, columns: [\n  ${columns.join(",\n  ")}\n] };`);
    },
  };
}

const allocation: Record<string, (size: string) => string> = {
  bool: (n) => `new Uint8Array(${n})`,
  i32: (n) => `new Int32Array(${n})`,
  f64: (n) => `new Float64Array(${n})`,
  i64: (n) => `new BigInt64Array(${n})`,
  utf8: (n) => `new Int32Array(${n})`,
  obj: (n) => `new Array(${n})`,
};
