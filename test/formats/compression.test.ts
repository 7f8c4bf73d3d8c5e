import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import fc from "fast-check";
import { Codec, DecompressionError, decompress, Output } from "../../src/formats/compression/codecs.ts";
import { lz4Frames } from "../../src/formats/compression/lz4.ts";

const compressors: Readonly<Record<string, { codec: number; compress(data: Uint8Array): Buffer }>> = {
  gzip: { codec: Codec.GZIP, compress: (data) => gzipSync(data) },
  snappy: {
    codec: Codec.SNAPPY,
    compress: (data) => compressionsAlgorithms.snappy.compressSync(Buffer.from(data)) as Buffer,
  },
  "snappy in xerial's framing": { codec: Codec.SNAPPY, compress: xerial },
  lz4: { codec: Codec.LZ4, compress: (data) => compressionsAlgorithms.lz4.compressSync(Buffer.from(data)) as Buffer },
  zstd: { codec: Codec.ZSTD, compress: (data) => zstdCompressSync(data) },
};

/** As Java's producers write Snappy: a header, then blocks of at most 32 KiB, each with its length. */
function xerial(data: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])];
  for (let p = 0; p < data.length; p += 32768) {
    const block = compressionsAlgorithms.snappy.compressSync(Buffer.from(data.subarray(p, p + 32768))) as Buffer;
    const size = Buffer.alloc(4);
    size.writeUInt32BE(block.length);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}

function unfold(codec: number, data: Uint8Array, bytesMax = 64 << 20): Buffer {
  const out = new Output(1024, bytesMax);
  decompress(codec, data, 0, data.length, out);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

const samples = {
  short: Buffer.from("sluice"),
  text: Buffer.from('{"device":"d-17","temperature":21.5}'.repeat(5000)),
  random: randomBytes(200_000),
  mixed: Buffer.concat([randomBytes(70_000), Buffer.alloc(300_000, 7), randomBytes(100)]),
};

for (const [name, { codec, compress }] of Object.entries(compressors)) {
  test(`${name}: what was compressed comes back`, () => {
    for (const data of Object.values(samples)) assert.ok(unfold(codec, compress(data)).equals(data));
  });

  test(`${name}: a bomb ends at the limit`, () => {
    const bomb = compress(Buffer.alloc(64 << 20));
    assert.throws(() => unfold(codec, bomb, 1 << 20), DecompressionError);
  });

  test(`${name}: damaged data is an error or other bytes, never a crash or more than the limit`, () => {
    const whole = compress(samples.text);
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(changes, fc.nat(whole.length), (bytes, cut) => {
        const damaged = Buffer.from(whole);
        for (const [at, byte] of bytes) damaged[at] = byte;
        for (const data of [damaged, damaged.subarray(0, cut)]) {
          try {
            assert.ok(unfold(codec, data, 4 << 20).length <= 4 << 20);
          } catch (error) {
            assert.ok(error instanceof DecompressionError, String(error));
          }
        }
      }),
      { numRuns: 300 },
    );
  });
}

test("lz4: an output that has no byte to spare is filled to its end", () => {
  for (const data of Object.values(samples)) {
    const frame = compressors["lz4"]?.compress(data) as Buffer;
    const out = new Output(16, data.length);
    lz4Frames(frame, 0, frame.length, out);
    assert.ok(Buffer.from(out.bytes.subarray(0, out.length)).equals(data));
  }
});

test("an unknown codec is refused", () => {
  assert.throws(() => unfold(5, samples.short), DecompressionError);
});
