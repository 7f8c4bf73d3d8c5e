import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { SluiceError } from "../../errors/error.ts";
import { BINARY, type DataType, INT, LONG, STRING } from "../../types/types.ts";
import { longValue, type MapValue, type Value } from "../../types/values.ts";
import { simple } from "../define.ts";
import type { Emitted, Emitter, ScalarFunction } from "../definition.ts";
import { named } from "../predicate/comparison.ts";
import { checkCount } from "../signature.ts";
import { utf8Bytes } from "../string/characters.ts";
import { hashBytes, hashHalves, hashInt, hashText } from "./murmur3.ts";
import { xxBytes, xxInt, xxLong } from "./xxhash64.ts";

const scratch = new DataView(new ArrayBuffer(8));

/** Bytes of an unscaled decimal as Java's BigInteger.toByteArray: big endian, two's complement, as short as can be. */
export function bigIntegerBytes(x: bigint): Uint8Array {
  let size = 1;
  while (BigInt.asIntN(size * 8, x) !== x) size++;
  let hex = BigInt.asUintN(size * 8, x).toString(16);
  hex = hex.padStart(size * 2, "0");
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** What a hash is made of; `S` is the seed and result. */
interface Hasher<S> {
  int(value: number, seed: S): S;
  long(value: bigint, seed: S): S;
  bytes(value: Uint8Array, seed: S): S;
  text(value: string, seed: S): S;
}

const murmur: Hasher<number> = {
  int: hashInt,
  long: (v, seed) => hashHalves(Number(BigInt.asIntN(32, v)), Number(BigInt.asIntN(32, v >> 32n)), seed),
  bytes: hashBytes,
  text: hashText,
};
const xx: Hasher<bigint> = { int: xxInt, long: xxLong, bytes: xxBytes, text: (v, seed) => xxBytes(utf8Bytes(v), seed) };

/** Spark's HashExpression for a value of the type; a null leaves the seed as it is. */
function hashOf<S>(type: DataType, hasher: Hasher<S>): (value: Value, seed: S) => S {
  switch (type.kind) {
    case "null":
      return (_, seed) => seed;
    case "boolean":
      return (v, seed) => (v === null ? seed : hasher.int(v === true ? 1 : 0, seed));
    case "byte":
    case "short":
    case "integer":
    case "date":
    case "yearmonth_interval":
      return (v, seed) => (v === null ? seed : hasher.int(v as number, seed));
    case "long":
    case "timestamp":
    case "timestamp_ntz":
    case "daytime_interval":
      return (v, seed) => (v === null ? seed : hasher.long(BigInt(v as number | bigint), seed));
    case "float":
      return (v, seed) => {
        if (v === null) return seed;
        scratch.setFloat32(0, v === 0 ? 0 : (v as number));
        return hasher.int(scratch.getInt32(0), seed);
      };
    case "double":
      return (v, seed) => {
        if (v === null) return seed;
        scratch.setFloat64(0, v === 0 ? 0 : (v as number));
        return hasher.long(scratch.getBigInt64(0), seed);
      };
    case "decimal":
      if (type.precision <= 18)
        return (v, seed) => (v === null ? seed : hasher.long(BigInt(v as number | bigint), seed));
      return (v, seed) => (v === null ? seed : hasher.bytes(bigIntegerBytes(BigInt(v as number | bigint)), seed));
    case "string":
      return (v, seed) => (v === null ? seed : hasher.text(v as string, seed));
    case "binary":
      return (v, seed) => (v === null ? seed : hasher.bytes(v as Uint8Array, seed));
    case "array": {
      const element = hashOf(type.elementType, hasher);
      return (v, seed) => (v === null ? seed : (v as Value[]).reduce((s: S, x) => element(x, s), seed));
    }
    case "map": {
      const key = hashOf(type.keyType, hasher);
      const value = hashOf(type.valueType, hasher);
      return (v, seed) =>
        v === null
          ? seed
          : (v as MapValue).keys.reduce((s: S, k, i) => value((v as MapValue).values[i], key(k, s)), seed);
    }
    case "struct": {
      const fields = type.fields.map((f) => hashOf(f.type, hasher));
      return (v, seed) => (v === null ? seed : fields.reduce((s: S, f, i) => f((v as Value[])[i], s), seed));
    }
  }
}

/** Spark's Murmur3 hash of one value; also what shuffles and hash partitions use. */
export function murmurOf(type: DataType): (value: Value, seed: number) => number {
  return hashOf(type, murmur);
}

/** Spark's xxHash64 of one value, as bigint. */
export function xxHashOf(type: DataType): (value: Value, seed: bigint) => bigint {
  return hashOf(type, xx);
}

function holdsMap(type: DataType): boolean {
  if (type.kind === "map") return true;
  if (type.kind === "array") return holdsMap(type.elementType);
  return type.kind === "struct" && type.fields.some((f) => holdsMap(f.type));
}

function hashFunction(name: "hash" | "xxhash64", summary: string, examples: readonly string[]): ScalarFunction {
  const is64 = name === "xxhash64";
  return {
    kind: "scalar",
    name,
    group: "hash",
    doc: { summary, args: "expr, …", examples },
    resolve(args, context) {
      checkCount(args, context, 1, Number.POSITIVE_INFINITY);
      const types = args.map((a) => a.type);
      if (types.some(holdsMap)) {
        throw new SluiceError("DATATYPE_MISMATCH.HASH_MAP_TYPE", {
          sqlExpr: `"${context.sql}"`,
          functionName: `\`${name}\``,
        });
      }
      return {
        inputs: types,
        output: is64 ? LONG : INT,
        nullable: false,
        evaluation: {
          nulls: "custom",
          emit(e: Emitter, lazy): Emitted {
            let seed = is64 ? "42n" : "42";
            lazy.forEach((arg, i) => {
              const { value, isNull } = named(e, arg.emit(), "value");
              if (isNull === "true") return;
              const fn = e.bind(is64 ? xxHashOf(types[i]) : murmurOf(types[i]), `${name}_${types[i].kind}`);
              const next = e.fresh("hash");
              e.line(`const ${next} = ${fn}(${isNull === "false" ? value : `${isNull} ? null : ${value}`}, ${seed});`);
              seed = next;
            });
            if (!is64) return { value: seed, isNull: "false" };
            const result = e.fresh("hash");
            e.line(`const ${result} = ${e.bind(longValue, "longValue")}(${seed}, ${e.wide});`);
            return { value: result, isNull: "false" };
          },
        },
      };
    },
  };
}

function digest(algorithm: string): (b: Uint8Array) => string {
  return (b) => createHash(algorithm).update(b).digest("hex");
}

function sha2(b: Uint8Array, bits: number): string | null {
  const algorithm = { 0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512" }[bits];
  return algorithm === undefined ? null : createHash(algorithm).update(b).digest("hex");
}

function crc(b: Uint8Array): number {
  return crc32(b);
}

export const hashFunctions: readonly ScalarFunction[] = [
  hashFunction("hash", "Murmur3 hash of the arguments, the same as Spark's.", [
    "hash('Spark', array(123), 2)",
    "hash(1)",
    "hash(1L)",
    "hash(NULL)",
    "hash(1.5D)",
    "hash(-0D)",
    "hash(1.5F)",
    "hash('')",
    "hash('abcde')",
    "hash(true)",
    "hash(DATE'2024-01-01')",
    "hash(TIMESTAMP'2024-01-01 00:00:00')",
    "hash(1.10)",
    "hash(12345678901234567890.5)",
    "hash(map('a', 1))",
    "hash(struct(1, 'a'))",
    "hash(X'0102ff')",
    "hash('é😀')",
  ]),
  hashFunction("xxhash64", "xxHash64 of the arguments, the same as Spark's.", [
    "xxhash64('Spark', array(123), 2)",
    "xxhash64(1)",
    "xxhash64(1L)",
    "xxhash64(NULL)",
    "xxhash64('a longer text with more than thirty-two bytes in it')",
    "xxhash64(1.5D, 'x')",
    "xxhash64(X'01')",
    "xxhash64(1.5F, true)",
  ]),
  simple({
    name: "md5",
    group: "hash",
    summary: "MD5 in hexadecimal.",
    args: "expr",
    examples: ["md5('Spark')", "md5(NULL)", "md5('')"],
    inputs: [BINARY],
    output: STRING,
    run: digest("md5"),
  }),
  simple({
    name: "sha1",
    aliases: ["sha"],
    group: "hash",
    summary: "SHA-1 in hexadecimal.",
    args: "expr",
    examples: ["sha('Spark')", "sha1('')"],
    inputs: [BINARY],
    output: STRING,
    run: digest("sha1"),
  }),
  simple({
    name: "sha2",
    group: "hash",
    summary: "SHA-2 with 224, 256, 384 or 512 bits in hexadecimal; 0 means 256.",
    args: "expr, bitLength",
    examples: ["sha2('Spark', 256)", "sha2('Spark', 0)", "sha2('Spark', 512)", "sha2('Spark', 1)"],
    inputs: [BINARY, INT],
    output: STRING,
    mayReturnNull: true,
    run: sha2,
  }),
  simple({
    name: "crc32",
    group: "hash",
    summary: "CRC-32.",
    args: "expr",
    examples: ["crc32('Spark')", "crc32('')"],
    inputs: [BINARY],
    output: LONG,
    asNumbers: true,
    run: crc,
  }),
];
