/** Parts of nested values: `s.f`, `a[0]`, `m['k']`, withField and dropFields. */

import { SluiceError } from "../errors/error.ts";
import type { ScalarFunction } from "../functions/definition.ts";
import type { Expression_UpdateFields } from "../plan/messages.ts";
import { sqlType } from "../types/print.ts";
import { type ArrayType, array, INT, STRING, type StructField, type StructType, struct } from "../types/types.ts";
import type { Block } from "./block.ts";
import { callNamed, scalarCall } from "./calls.ts";
import type { GetField, TypedExpression } from "./expression.ts";
import { needed, resolve } from "./expressions.ts";
import { nameParts, quoted } from "./identifier.ts";
import { constant } from "./literal.ts";
import { prettyName } from "./print.ts";

/** Field `name` of a struct, the fields of an array's structs, or the value of a map's key. */
export function extractField(block: Block, child: TypedExpression, name: string): TypedExpression {
  return extractValue(block, child, constant(STRING, name));
}

/** `child[extraction]`. */
export function extractValue(block: Block, child: TypedExpression, extraction: TypedExpression): TypedExpression {
  const { type } = child;
  const name = extraction.kind === "literal" && typeof extraction.value === "string" ? extraction.value : undefined;
  if (type.kind === "struct" && name !== undefined) return fieldOf(block, child, type, name);
  if (type.kind === "array") {
    if (type.elementType.kind === "struct" && name !== undefined) {
      return fieldOfElements(block, child, type.elementType, name);
    }
    if (name !== undefined) throw notAnIndex(block, child, extraction);
    return callNamed(block, "[]", child, extraction);
  }
  if (type.kind === "map") return callNamed(block, "[]", child, extraction);
  throw new SluiceError("INVALID_EXTRACT_BASE_FIELD_TYPE", {
    base: `"${prettyName(child, block.session)}"`,
    other: `"${sqlType(type)}"`,
  });
}

/** `array.name` and `array['name']`, where the elements aren't structs. */
function notAnIndex(block: Block, child: TypedExpression, extraction: TypedExpression): SluiceError {
  const [base, index] = [child, extraction].map((e) => prettyName(e, block.session));
  return new SluiceError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
    sqlExpr: `"${base}[${index}]"`,
    paramIndex: "second",
    requiredType: '"INTEGRAL"',
    inputSql: `"${index}"`,
    inputType: `"${sqlType(extraction.type)}"`,
  });
}

function ordinalOf(block: Block, type: StructType, name: string): number {
  const found = type.fields.flatMap((f, i) => (block.session.sameName(f.name, name) ? [i] : []));
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    throw new SluiceError("AMBIGUOUS_REFERENCE_TO_FIELDS", { field: quoted(name), count: found.length });
  }
  throw new SluiceError("FIELD_NOT_FOUND", {
    fieldName: quoted(name),
    fields: type.fields.map((f) => quoted(f.name)).join(", "),
  });
}

function fieldOf(block: Block, child: TypedExpression, type: StructType, name: string): GetField {
  const ordinal = ordinalOf(block, type, name);
  return { ...getField(child, type, ordinal), name };
}

/** The field at this position. */
export function getField(child: TypedExpression, type: StructType, ordinal: number): GetField {
  const field = type.fields[ordinal];
  return {
    kind: "field",
    child,
    ordinal,
    name: field.name,
    type: field.type,
    nullable: child.nullable || field.nullable,
  };
}

/** `array_of_structs.field`: an array of the values of the field with this ordinal; null where a struct is null. */
const arrayStructFields: ScalarFunction = {
  kind: "scalar",
  name: "get_array_struct_fields",
  group: "collection",
  doc: { summary: "One field of every struct in an array.", args: "array, ordinal", examples: [] },
  resolve([items, ordinal]) {
    const { elementType: element, containsNull } = items.type as ArrayType;
    const field = (element as StructType).fields[Number(ordinal.literal?.value)];
    return {
      inputs: [items.type, ordinal.type],
      output: array(field.type, containsNull || field.nullable),
      evaluation: {
        nulls: "propagate",
        emit: (_, [values, at]) => `${values}.map((item) => (item === null ? null : item[${at}]))`,
      },
    };
  },
};

function fieldOfElements(block: Block, child: TypedExpression, type: StructType, name: string): TypedExpression {
  const ordinal = constant(INT, ordinalOf(block, type, name));
  return scalarCall(block, arrayStructFields, "get_array_struct_fields", [child, ordinal]);
}

/** A struct made of another struct's null-ness (the first argument) and one value for each field. */
const updateStruct = (output: StructType, nullable: boolean, written: string): ScalarFunction => ({
  kind: "scalar",
  name: "update_fields",
  group: "struct",
  doc: { summary: "A struct with fields added, replaced or dropped.", args: "struct, value, …", examples: [] },
  prettyName: (args) => `update_fields(${args[0]}, ${written})`,
  resolve: (args) => ({
    inputs: args.map((a) => a.type),
    output,
    nullable,
    evaluation: {
      nulls: "custom",
      emit(e, lazy) {
        const whole = lazy[0].emit();
        const values = lazy.slice(1).map((arg) => {
          const v = arg.emit();
          return v.isNull === "false" ? v.value : `${v.isNull} ? null : ${v.value}`;
        });
        const name = e.fresh("updated");
        const made = `[${values.join(", ")}]`;
        e.line(`const ${name} = ${whole.isNull === "false" ? made : `${whole.isNull} ? null : ${made}`};`);
        return { value: name, isNull: whole.isNull === "false" ? "false" : `${name} === null` };
      },
    },
  }),
});

/** Column.withField and dropFields; names may go into structs inside the struct. */
export function updateFields(block: Block, message: Expression_UpdateFields): TypedExpression {
  const whole = resolve(block, needed(message.structExpression));
  const value = message.valueExpression && resolve(block, message.valueExpression);
  return updated(block, whole, nameParts(message.fieldName), value);
}

function updated(
  block: Block,
  whole: TypedExpression,
  path: readonly string[],
  value: TypedExpression | undefined,
): TypedExpression {
  const { session } = block;
  const { type } = whole;
  if (type.kind !== "struct") {
    throw new SluiceError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
      sqlExpr: `"update_fields(${prettyName(whole, session)})"`,
      paramIndex: "first",
      requiredType: '"STRUCT"',
      inputSql: `"${prettyName(whole, session)}"`,
      inputType: `"${sqlType(type)}"`,
    });
  }
  const [name, ...rest] = path;
  const matches = (f: StructField): boolean => session.sameName(f.name, name);
  const fields: StructField[] = [];
  const values: TypedExpression[] = [];
  const add = (fieldName: string, v: TypedExpression): void => {
    fields.push({ name: fieldName, type: v.type, nullable: v.nullable });
    values.push(v);
  };
  if (rest.length > 0) ordinalOf(block, type, name);
  type.fields.forEach((f, i) => {
    const old = getField(whole, type, i);
    if (!matches(f)) {
      fields.push(f);
      values.push(old);
    } else if (rest.length > 0) add(f.name, updated(block, old, rest, value));
    else if (value !== undefined) add(name, value);
  });
  if (value !== undefined && rest.length === 0 && !type.fields.some(matches)) add(name, value);
  if (fields.length === 0) {
    throw new SluiceError("DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS", {
      sqlExpr: `"update_fields(${prettyName(whole, session)}, dropfield())"`,
    });
  }
  const written = value === undefined ? "dropfield()" : `WithField(${prettyName(value, session)})`;
  return scalarCall(block, updateStruct(struct(...fields), whole.nullable, written), "update_fields", [
    whole,
    ...values,
  ]);
}
