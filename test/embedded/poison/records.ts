// Device messages of which one in a hundred is poison, the same at every call: for the engine here and for Spark.

export const COUNT = 100_000;

export const SCHEMA =
  "id INT, device STRING, ts TIMESTAMP, celsius DOUBLE, tags ARRAY<STRING>, s STRUCT<x: INT, y: STRING>";

export interface PoisonRecord {
  /** `good`, or which poison it is. */
  readonly kind: string;
  readonly value: Buffer | null;
}

const MEBIBYTE = 1 << 20;

/** A good message's text; `more` goes before its end. */
function message(id: number, more = ""): string {
  const ts = new Date(1_700_000_000_000 + id * 100).toISOString();
  const tags = id % 3 === 0 ? `["a","b${id % 7}"]` : "[]";
  return `{"id":${id},"device":"d${id % 50}","ts":"${ts}","celsius":${(id % 400) / 10},"tags":${tags},"s":{"x":${id},"y":"é"}${more}}`;
}

/** The text with some bytes in the place of `@`. */
function withBytes(text: string, ...bytes: number[]): Buffer {
  const [before, after] = text.split("@") as [string, string];
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);

const POISON: Readonly<Record<string, (id: number) => string | Buffer | null>> = {
  truncated: (id) => message(id).slice(0, 60),
  "truncated in a string": (id) => message(id).slice(0, 22),
  "not JSON": () => "hello, world",
  "bare word": (id) => `{"id":${id},"device":nope}`,
  "bare word unwanted": (id) => `{"id":${id},"zz":nope,"device":"d"}`,
  "bare word in array": (id) => `{"id":${id},"tags":["a",nope,"b"],"device":"d"}`,
  "bare word in array before": (id) => `{"tags":[nope],"id":${id},"device":"d"}`,
  "bare word in struct": (id) => `{"id":${id},"s":{"x":nope,"y":"q"},"device":"d"}`,
  "bare word in struct before": (id) => `{"s":{"y":"q","x":nope},"id":${id}}`,
  "comma in array": (id) => `{"id":${id},"tags":["a",],"device":"d"}`,
  "comma in object": (id) => `{"id":${id},"device":"d",}`,
  "comma in struct": (id) => `{"id":${id},"s":{"x":1,},"device":"d"}`,
  "wrong close": (id) => `{"id":${id},"tags":["a"},"device":"d"}`,
  "open array": (id) => `{"id":${id},"tags":["a","device":"d"}`,
  "open struct": (id) => `{"id":${id},"s":{"x":1,"device":"d"}`,
  "no colon": (id) => `{"id" ${id}}`,
  "single quotes": (id) => `{'id':${id},'device':'d'}`,
  "bad escape": (id) => `{"id":${id},"device":"a\\qb"}`,
  "control character": (id) => `{"id":${id},"device":"a\tb"}`,
  "wrong type": (id) => `{"id":"${id}","device":"d"}`,
  "wrong type in struct": (id) => `{"id":${id},"s":{"x":"one","y":"q"}}`,
  "wrong type in array": (id) => `{"id":${id},"tags":{"a":1}}`,
  "wrong time": (id) => `{"id":${id},"ts":"yesterday"}`,
  "number too large": () => `{"id":3000000000,"device":"d"}`,
  "fraction for a whole": () => `{"id":1.5,"device":"d"}`,
  "leading zero": () => `{"id":007,"device":"d"}`,
  "plus sign": () => `{"id":+7,"device":"d"}`,
  "long number": (id) => `{"id":${id},"celsius":${"1".repeat(1200)}}`,
  "array of records": (id) => `[${message(id)}]`,
  "a number": () => "42",
  "a string": () => '"text"',
  "a null": () => "null",
  "two records": (id) => message(id) + message(id),
  "trailing text": (id) => `${message(id)} trailing`,
  "bad UTF-8 in a string": (id) => withBytes(`{"id":${id},"device":"a@b"}`, 0xff, 0xfe),
  "bad UTF-8 in a key": (id) => withBytes(`{"id":${id},"de@vice":"a"}`, 0xc3, 0x28),
  "bad UTF-8 outside": (id) => withBytes(`{"id":${id},@"device":"a"}`, 0x80),
  "bad UTF-8 alone": () => Buffer.of(0xff, 0xfe, 0xfd),
  "overlong UTF-8": (id) => withBytes(`{"id":${id},"device":"@"}`, 0xc0, 0xaf),
  "cut UTF-8": (id) => withBytes(`{"id":${id},"device":"@"}`, 0xe2, 0x82),
  tombstone: () => null,
  empty: () => "",
  blank: () => "  \t ",
  "one MiB": (id) => message(id, `,"device":"${"x".repeat(MEBIBYTE - 300)}"`),
  "one MiB unwanted": (id) => message(id, `,"blob":"${"x".repeat(MEBIBYTE - 300)}"`),
  "one MiB truncated": (id) => message(id, `,"device":"${"x".repeat(MEBIBYTE)}"`).slice(0, MEBIBYTE),
  "deep unwanted, allowed": (id) => `{"id":${id},"deep":${nested("[", "]", 900)}}`,
  "deep unwanted": (id) => `{"id":${id},"deep":${nested("[", "]", 1100)}}`,
  "deep wanted": (id) => `{"id":${id},"device":${nested("[", "]", 1100)}}`,
  "deep objects": (id) => `{"id":${id},"deep":${'{"a":'.repeat(1100)}1${"}".repeat(1100)}}`,
  "deep and open": () => "[".repeat(100_000),
  "key __proto__": (id) => `{"__proto__":{"id":1},"id":${id}}`,
};

const LARGE_MAX = 2;

/** All records, in order. */
export function* poisonRecords(): Generator<PoisonRecord> {
  const kinds = Object.keys(POISON);
  const large = new Map<string, number>();
  let turn = 0;
  for (let id = 0; id < COUNT; id++) {
    if (id % 100 !== 99) {
      yield { kind: "good", value: Buffer.from(message(id)) };
      continue;
    }
    let kind = kinds[turn++ % kinds.length];
    // A few of the large ones are enough.
    if (kind.startsWith("one MiB") || kind === "deep and open") {
      const seen = (large.get(kind) ?? 0) + 1;
      large.set(kind, seen);
      if (seen > LARGE_MAX) kind = kinds[0];
    }
    const value = (POISON[kind] as (id: number) => string | Buffer | null)(id);
    yield { kind, value: typeof value === "string" ? Buffer.from(value) : value };
  }
}

/**
 * Spark reads JSON files by Jackson's parser of bytes, from_json by the one of characters. They differ in what malformed
 * UTF-8 is, in how they go on after an unknown word, and files may hold several records in an array. Here there is one
 * reader, which does as from_json; these records are left out of files.
 */
const OTHERWISE_IN_FILES = ["array of records", "bare word in array", "bare word in array before"];

/** What a record is in a file of lines: a line. A tombstone has none. */
export function lineOf({ kind, value }: PoisonRecord): Buffer | undefined {
  if (OTHERWISE_IN_FILES.includes(kind) || kind.includes("UTF-8")) return undefined;
  return value === null ? undefined : Buffer.concat([value, Buffer.from("\n")]);
}
