import { MalformedRequest } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/**
 * One type of the wire format. `R` is what reading gives, `W` what writing takes.
 *
 * The nullable forms exist where the encoding has room for a null.
 */
export interface Type<R, W = R> {
  /** What a field holds in versions that don't carry it, unless the field says otherwise. */
  readonly zero: R;
  read(reader: Reader, version: number, flexible: boolean): R;
  write(writer: Writer, value: W, version: number, flexible: boolean): void;
  readNullable?(reader: Reader, version: number, flexible: boolean): R | null;
  writeNullable?(writer: Writer, value: W | null, version: number, flexible: boolean): void;
}

/** A field of a struct: a type, the versions that carry it, and what it holds elsewhere. */
export interface Field<R, W, Optional extends boolean> {
  readonly type: Type<R, W>;
  readonly from: number;
  readonly to: number;
  readonly tag: number | undefined;
  readonly fallback: R | undefined;
  readonly optional: Optional;
}

export type ReadOf<T> = T extends Type<infer R, infer _W> ? R : never;
export type WriteOf<T> = T extends Type<infer _R, infer W> ? W : never;

type AnyType = Type<unknown, never>;
type AnyField = Field<unknown, never, boolean>;
type Spec = Record<string, AnyType | AnyField>;
type ReadField<F> = F extends Field<infer R, infer _W, boolean> ? R : F extends Type<infer R, infer _V> ? R : never;
type WriteField<F> = F extends Field<infer _R, infer W, boolean> ? W : F extends Type<infer _S, infer W> ? W : never;
type OptionalKeys<S extends Spec> = {
  [K in keyof S]: S[K] extends Field<infer _R, infer _W, true> ? K : never;
}[keyof S];
type StructRead<S extends Spec> = { [K in keyof S]: ReadField<S[K]> };
type StructWrite<S extends Spec> = { [K in Exclude<keyof S, OptionalKeys<S>>]: WriteField<S[K]> } & {
  [K in OptionalKeys<S>]?: WriteField<S[K]> | undefined;
};

/**
 * A field that only some versions carry. `versions` is `"3+"`, `"0-7"` or `"4"`. With a `fallback` it may be left out
 * when writing.
 */
export function field<R, W>(type: Type<R, W>, versions: string): Field<R, W, false>;
export function field<R, W>(type: Type<R, W>, versions: string, fallback: R): Field<R, W, true>;
export function field<R, W>(type: Type<R, W>, versions: string, fallback?: R): Field<R, W, boolean> {
  const [, from, open, to] = /^(\d+)(?:(\+)|-(\d+))?$/.exec(versions)!;
  const last = open ? 32767 : Number(to ?? from);
  return { type, from: Number(from), to: last, tag: undefined, fallback, optional: fallback !== undefined };
}

/** A tagged field of flexible versions; left out of the bytes when it isn't given. */
export function tagged<R, W>(tag: number, type: Type<R, W>, versions: string, fallback: R): Field<R, W, true> {
  return { ...field(type, versions, fallback), tag };
}

export const int8: Type<number> = {
  zero: 0,
  read: (reader) => reader.int8(),
  write: (writer, value) => writer.int8(value),
};
export const int16: Type<number> = {
  zero: 0,
  read: (reader) => reader.int16(),
  write: (writer, value) => writer.int16(value),
};
export const uint16: Type<number> = {
  zero: 0,
  read: (reader) => reader.uint16(),
  write: (writer, value) => writer.uint16(value),
};
export const int32: Type<number> = {
  zero: 0,
  read: (reader) => reader.int32(),
  write: (writer, value) => writer.int32(value),
};
export const int64: Type<number> = {
  zero: 0,
  read: (reader) => reader.int64(),
  write: (writer, value) => writer.int64(value),
};
export const float64: Type<number> = {
  zero: 0,
  read: (reader) => reader.float64(),
  write: (writer, value) => writer.float64(value),
};
export const boolean: Type<boolean> = {
  zero: false,
  read: (reader) => reader.int8() !== 0,
  write: (writer, value) => writer.int8(value ? 1 : 0),
};
export const uuid: Type<string> = {
  zero: "0".repeat(32),
  read: (reader) => reader.uuid(),
  write: (writer, value) => writer.uuid(value),
};

export const string: Type<string> = {
  zero: "",
  read: (reader, version, flexible) => notNull(string.readNullable!(reader, version, flexible)),
  write: (writer, value, _version, flexible) => writer.string(value, flexible),
  readNullable(reader, _version, flexible) {
    const length = reader.length(2, flexible);
    return length < 0 ? null : reader.string(length);
  },
  writeNullable(writer, value, _version, flexible) {
    if (value === null) writer.lengthPrefix(-1, 2, flexible);
    else writer.string(value, flexible);
  },
};

export const bytes: Type<Buffer> = {
  zero: Buffer.alloc(0),
  read: (reader, version, flexible) => notNull(bytes.readNullable!(reader, version, flexible)),
  write(writer, value, _version, flexible) {
    writer.lengthPrefix(value.length, 4, flexible);
    writer.bytes(value);
  },
  readNullable(reader, _version, flexible) {
    const length = reader.length(4, flexible);
    return length < 0 ? null : reader.bytes(length);
  },
  writeNullable(writer, value, version, flexible) {
    if (value === null) writer.lengthPrefix(-1, 4, flexible);
    else bytes.write(writer, value, version, flexible);
  },
};

/** Record batches: read as one view, written from the chunks that the log returned. */
export const records: Type<Buffer | null, readonly Buffer[] | null> = {
  zero: null,
  read: (reader, version, flexible) => bytes.readNullable!(reader, version, flexible),
  write(writer, value, _version, flexible) {
    if (value === null) {
      writer.lengthPrefix(-1, 4, flexible);
      return;
    }
    let length = 0;
    for (const chunk of value) length += chunk.length;
    writer.lengthPrefix(length, 4, flexible);
    for (const chunk of value) writer.bytes(chunk);
  },
};

export function array<R, W>(item: Type<R, W>): Type<R[], readonly W[]> {
  const type: Type<R[], readonly W[]> = {
    zero: [],
    read: (reader, version, flexible) => notNull(type.readNullable!(reader, version, flexible)),
    write(writer, value, version, flexible) {
      writer.lengthPrefix(value.length, 4, flexible);
      for (const each of value) item.write(writer, each, version, flexible);
    },
    readNullable(reader, version, flexible) {
      const length = reader.arrayLength(flexible);
      if (length < 0) return null;
      const result: R[] = [];
      for (let i = 0; i < length; i++) result.push(item.read(reader, version, flexible));
      return result;
    },
    writeNullable(writer, value, version, flexible) {
      if (value === null) writer.lengthPrefix(-1, 4, flexible);
      else type.write(writer, value, version, flexible);
    },
  };
  return type;
}

/** The nullable form of a string, byte string, array or struct; before version `since` it is not nullable. */
export function nullable<R, W>(type: Type<R, W>, since = 0): Type<R | null, W | null> {
  return {
    zero: null,
    read: (reader, version, flexible) =>
      version >= since ? type.readNullable!(reader, version, flexible) : type.read(reader, version, flexible),
    write(writer, value, version, flexible) {
      if (version >= since) type.writeNullable!(writer, value, version, flexible);
      else type.write(writer, value ?? (type.zero as unknown as W), version, flexible);
    },
  };
}

interface Plan {
  readonly plain: [string, Type<unknown, unknown>, unknown][];
  readonly tags: [number, string, Type<unknown, unknown>][];
  /** What a value holds before anything is read. */
  readonly initial: Record<string, unknown>;
}

/** A struct of fields in order. Flexible versions end it with tagged fields; unknown tags are skipped. */
export function struct<S extends Spec>(spec: S): Type<StructRead<S>, StructWrite<S>> {
  const plans: Plan[] = [];
  const fields = Object.entries(spec).map(([name, entry]): [string, Field<unknown, unknown, boolean>] => [
    name,
    "type" in entry
      ? (entry as Field<unknown, unknown, boolean>)
      : {
          type: entry as Type<unknown, unknown>,
          from: 0,
          to: 32767,
          tag: undefined,
          fallback: undefined,
          optional: false,
        },
  ]);
  const planOf = (version: number): Plan => {
    const known = plans[version];
    if (known !== undefined) return known;
    const plan: Plan = { plain: [], tags: [], initial: {} };
    for (const [name, f] of fields) {
      const fallback = f.fallback === undefined ? f.type.zero : f.fallback;
      plan.initial[name] = fallback;
      if (version < f.from || version > f.to) continue;
      if (f.tag === undefined) plan.plain.push([name, f.type, fallback]);
      else plan.tags.push([f.tag, name, f.type]);
    }
    plans[version] = plan;
    return plan;
  };
  const type: Type<StructRead<S>, StructWrite<S>> = {
    get zero() {
      return { ...planOf(32767).initial } as StructRead<S>;
    },
    read(reader, version, flexible) {
      const plan = planOf(version);
      const value = { ...plan.initial };
      for (const [name, item] of plan.plain) value[name] = item.read(reader, version, flexible);
      if (flexible) readTags(reader, plan, value, version);
      return value as StructRead<S>;
    },
    write(writer, value, version, flexible) {
      const plan = planOf(version);
      const given = value as Record<string, unknown>;
      for (const [name, item, fallback] of plan.plain) {
        const each = given[name];
        item.write(writer, each === undefined ? fallback : each, version, flexible);
      }
      if (flexible) writeTags(writer, plan, given, version);
    },
    readNullable: (reader, version, flexible) => (reader.int8() < 0 ? null : type.read(reader, version, flexible)),
    writeNullable(writer, value, version, flexible) {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) type.write(writer, value, version, flexible);
    },
  };
  return type;
}

function readTags(reader: Reader, plan: Plan, value: Record<string, unknown>, version: number): void {
  const count = reader.unsignedVarint();
  for (let i = 0; i < count; i++) {
    const tag = reader.unsignedVarint();
    const length = reader.unsignedVarint();
    const start = reader.take(length);
    const known = plan.tags.find(([number]) => number === tag);
    if (known === undefined) continue;
    reader.position = start;
    value[known[1]] = known[2].read(reader, version, true);
    if (reader.position !== start + length)
      throw new MalformedRequest(`tagged field ${tag} is not ${length} bytes long`);
  }
}

function writeTags(writer: Writer, plan: Plan, value: Record<string, unknown>, version: number): void {
  const present = plan.tags.filter(([, name]) => value[name] !== undefined);
  writer.unsignedVarint(present.length);
  for (const [tag, name, type] of present) {
    const inner = writer.nested();
    type.write(inner, value[name], version, true);
    const content = inner.toBuffer();
    writer.unsignedVarint(tag);
    writer.unsignedVarint(content.length);
    writer.bytes(content);
  }
}

function notNull<T>(value: T | null): T {
  if (value === null) throw new MalformedRequest("null where a value is required");
  return value;
}
