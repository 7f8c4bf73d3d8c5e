import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Interner } from "../../src/columns/interner.ts";
import { valueAt } from "../../src/columns/vector.ts";
import { STRING } from "../../src/types/types.ts";

test("equal bytes get one code, different ones different codes, from text or from bytes", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 40 })), (texts) => {
      const interner = new Interner();
      const codes = new Map<string, number>();
      for (const text of [...texts, ...texts]) {
        const padded = encoder.encode(`#${text}#`);
        const code = interner.code(padded, 1, padded.length - 1);
        assert.equal(interner.codeOfText(text.toWellFormed()), code);
        const known = codes.get(text.toWellFormed());
        if (known === undefined) codes.set(text.toWellFormed(), code);
        else assert.equal(code, known);
      }
      assert.equal(interner.size, codes.size);
      const all = [...codes];
      const column = interner.column(
        STRING,
        all.map(([, code]) => code),
        all.length,
        null,
      );
      all.forEach(([text], i) => {
        assert.equal(valueAt(column, i), text);
      });
    }),
  );
});

test("compacting keeps the texts in use, under new codes, and columns made before stay as they were", () => {
  const interner = new Interner();
  const codes = Array.from({ length: 1000 }, (_, i) => interner.codeOfText(`device ${i}`));
  const before = interner.column(STRING, codes, codes.length, null);
  const moved = interner.compact(codes.filter((c) => c % 10 === 0));
  assert.equal(interner.size, 100);
  for (const [old, code] of moved) {
    assert.equal(interner.codeOfText(`device ${old}`), code);
    assert.equal(valueAt(before, old), `device ${old}`);
  }
});

test("every one of many texts keeps its code while the interner grows", () => {
  const interner = new Interner();
  const codes = Array.from({ length: 20_000 }, (_, i) => interner.codeOfText(`device-${i}`));
  assert.equal(new Set(codes).size, codes.length);
  codes.forEach((code, i) => {
    assert.equal(interner.codeOfText(`device-${i}`), code);
  });
});

test("codes looked up ahead are those that the texts have, -1 for new ones and for nulls", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.array(fc.option(fc.string({ maxLength: 20 })), { maxLength: 200 }), fc.nat(3), (texts, known) => {
      const interner = new Interner();
      texts.forEach((text, i) => {
        if (text !== null && i % 4 >= known) interner.codeOfText(text.toWellFormed());
      });
      const before = interner.size;
      const parts = texts.map((text) => encoder.encode(text ?? "null"));
      const ends = Int32Array.from(parts, (_, i) => parts.slice(0, i + 1).reduce((n, p) => n + p.length, 0));
      const starts = Int32Array.from(ends, (end, i) => end - parts[i].length);
      const nulls = Uint8Array.from(texts, (text) => Number(text === null));
      const bytes = new Uint8Array(Buffer.concat(parts));
      const codes = interner.known({ repr: "utf8", type: STRING, bytes, starts, ends, nulls }, texts.length).slice();
      texts.forEach((text, i) => {
        if (text === null) assert.equal(codes[i], -1);
        else {
          const code = interner.codeOfText(text.toWellFormed());
          assert.equal(codes[i], code < before ? code : -1);
        }
      });
    }),
  );
});
