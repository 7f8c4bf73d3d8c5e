/**
 * Where the unresolved plan's messages hold relations and expressions. The table is read off the messages' descriptors,
 * so a message added to the `.proto` files is walked, rewritten and printed without a line here.
 */
import { create, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { type Expression, ExpressionSchema, type Relation, RelationSchema } from "./messages.ts";

/** Any message of the plan, by field name. */
export type Fields = Record<string, unknown> & { readonly $typeName: string };

/** A field that holds messages which are, or contain, relations or expressions. */
interface Slot {
  readonly field: DescField;
  readonly message: DescMessage;
  readonly list: boolean;
}

const slots = new Map<string, readonly Slot[]>();
const schemas = new Map<string, DescMessage>();

/** Messages that have nothing to walk into. */
const LEAVES = new Set(["spark.connect.Expression.Literal", "spark.connect.DataType"]);

function reachable(message: DescMessage, seen = new Set<string>()): boolean {
  if (message.typeName === RelationSchema.typeName || message.typeName === ExpressionSchema.typeName) return true;
  if (LEAVES.has(message.typeName) || seen.has(message.typeName)) return false;
  seen.add(message.typeName);
  return message.fields.some((f) => {
    const inner = messageOf(f);
    return inner !== undefined && reachable(inner, seen);
  });
}

function messageOf(field: DescField): DescMessage | undefined {
  if (field.fieldKind === "message") return field.message;
  if (field.fieldKind === "list" && field.listKind === "message") return field.message;
  if (field.fieldKind === "map" && field.mapKind === "message") return field.message;
  return undefined;
}

function register(message: DescMessage): void {
  if (schemas.has(message.typeName)) return;
  schemas.set(message.typeName, message);
  const found: Slot[] = [];
  for (const field of message.fields) {
    const inner = messageOf(field);
    if (!inner || !reachable(inner)) continue;
    found.push({ field, message: inner, list: field.fieldKind === "list" });
    register(inner);
  }
  slots.set(message.typeName, found);
}
register(RelationSchema);
register(ExpressionSchema);

export function isRelation(message: Fields): message is Fields & Relation {
  return message.$typeName === RelationSchema.typeName;
}

export function isExpression(message: Fields): message is Fields & Expression {
  return message.$typeName === ExpressionSchema.typeName;
}

/** The value of a field, wherever the message keeps it (a oneof keeps its one value beside its case). */
export function valueOf(message: Fields, field: DescField): unknown {
  if (!field.oneof) return message[field.localName];
  const one = message[field.oneof.localName] as { case?: string; value?: unknown };
  return one.case === field.localName ? one.value : undefined;
}

/** The messages directly inside that are, or contain, relations or expressions. */
export function inside(message: Fields): Fields[] {
  const found: Fields[] = [];
  for (const slot of slots.get(message.$typeName) ?? []) {
    const value = valueOf(message, slot.field);
    if (value === undefined || value === null) continue;
    if (slot.list) found.push(...(value as Fields[]));
    else if (slot.field.fieldKind === "map") found.push(...Object.values(value as Record<string, Fields>));
    else found.push(value as Fields);
  }
  return found;
}

/** The message with each message inside replaced; the very message when none changed. */
export function replaceInside(message: Fields, change: (inner: Fields) => Fields): Fields {
  let copy: Fields | undefined;
  for (const slot of slots.get(message.$typeName) ?? []) {
    const value = valueOf(message, slot.field);
    if (value === undefined || value === null) continue;
    const made = replaceValue(slot, value, change);
    if (made === value) continue;
    copy ??= shallowCopy(message);
    const { oneof, localName } = slot.field;
    if (oneof) copy[oneof.localName] = { case: localName, value: made };
    else copy[localName] = made;
  }
  return copy ?? message;
}

function replaceValue(slot: Slot, value: unknown, change: (inner: Fields) => Fields): unknown {
  if (slot.list) {
    const list = value as Fields[];
    const made = list.map(change);
    return made.every((m, i) => m === list[i]) ? value : made;
  }
  if (slot.field.fieldKind !== "map") return change(value as Fields);
  const entries = Object.entries(value as Record<string, Fields>);
  const made = entries.map(([key, item]) => [key, change(item)] as const);
  return made.every(([, item], i) => item === entries[i][1]) ? value : Object.fromEntries(made);
}

/** A message with the same fields, to be changed. */
export function shallowCopy<T extends Fields>(message: T): T {
  const schema = schemas.get(message.$typeName);
  if (!schema) throw new TypeError(`${message.$typeName} is not part of a plan`);
  return Object.assign(create(schema), message) as unknown as T;
}

export function schemaOf(message: Fields): DescMessage | undefined {
  return schemas.get(message.$typeName);
}
