import type { Attribute, TypedExpression } from "../analyze/expression.ts";
import type { Emitted } from "../functions/definition.ts";

/** A struct that is never null, whose fields come as columns of their own. */
export interface SpreadStruct {
  readonly struct: Attribute;
  readonly fields: readonly Attribute[];
}

/**
 * Structs that a stage makes and takes apart again (time windows above all) are never built: the stage remembers which
 * columns hold their fields. The same table remembers columns that are other columns under a new name.
 */
export class StructViews {
  readonly #fields = new Map<number, readonly Attribute[]>();
  readonly #aliases = new Map<number, Attribute>();
  #next = -1;

  /** Ids of columns that exist only within the stage are negative. */
  freshId(): number {
    return this.#next--;
  }

  define(struct: Attribute, fields: readonly Attribute[]): void {
    this.#fields.set(struct.id, fields);
  }

  alias(name: Attribute, column: Attribute): void {
    this.#aliases.set(name.id, column);
  }

  /** The fields of a struct that this expression makes, or undefined when it makes none or may be null. */
  fieldsOf(x: TypedExpression): readonly { readonly name: string; readonly expression: TypedExpression }[] | undefined {
    if (x.type.kind !== "struct") return undefined;
    if (x.kind === "attribute") {
      const aliased = this.#aliases.get(x.id);
      if (aliased !== undefined) return this.fieldsOf(aliased);
      return this.#fields.get(x.id)?.map((f) => ({ name: f.name, expression: f }));
    }
    if (x.kind === "call" && x.fn.name === "named_struct" && !x.nullable) {
      return x.type.fields.map((f, k) => ({ name: f.name, expression: x.args[2 * k + 1] as TypedExpression }));
    }
    return undefined;
  }

  /** The same value with fields of known structs read directly. */
  rewrite(x: TypedExpression): TypedExpression {
    switch (x.kind) {
      case "attribute":
        return this.#aliases.get(x.id) ?? x;
      case "field": {
        const child = this.rewrite(x.child);
        const fields = this.fieldsOf(child);
        if (fields !== undefined) return this.rewrite(fields[x.ordinal].expression);
        return child === x.child ? x : { ...x, child };
      }
      case "cast": {
        const child = this.rewrite(x.child);
        return child === x.child ? x : { ...x, child };
      }
      case "call":
      case "script": {
        const args = x.args.map((a) => this.rewrite(a));
        return args.every((a, k) => a === x.args[k]) ? x : { ...x, args };
      }
      case "lambda": {
        const body = this.rewrite(x.body);
        return body === x.body ? x : { ...x, body };
      }
      default:
        return x;
    }
  }

  /** The struct put together, for whoever wants it whole; or the column behind a new name. */
  build(a: Attribute, access: (a: Attribute) => Emitted): Emitted | undefined {
    const aliased = this.#aliases.get(a.id);
    if (aliased !== undefined) return access(aliased);
    const fields = this.#fields.get(a.id);
    if (fields === undefined) return undefined;
    const parts = fields.map((f) => {
      const x = access(f);
      return x.isNull === "false" ? x.value : `${x.isNull} ? null : ${x.value}`;
    });
    return { value: `[${parts.join(", ")}]`, isNull: "false" };
  }
}
