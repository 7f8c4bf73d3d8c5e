/**
 * The JSON scanner on device messages of about 138 bytes, beside a loop written by hand for exactly these messages and
 * beside JSON.parse, in turns in one run. `node bench/scanner.ts [rounds]`
 */
import { jsonOptions } from "../src/formats/json/options.ts";
import { createJsonScanner } from "../src/formats/json/scanner.ts";
import { DOUBLE, field, INT, LONG, STRING, struct } from "../src/types/types.ts";

const MESSAGES = 65_536;
const BATCH = 8192;
const schema = struct(
  field("device", STRING),
  field("ts", LONG),
  field("temperature", DOUBLE),
  field("humidity", DOUBLE),
  field("status", STRING),
  field("battery", INT),
);

interface Messages {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

function makeMessages(): Messages {
  const texts: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const temperature = (20 + ((i * 7919) % 1000) / 100).toFixed(2);
    texts.push(
      `{"device":"dev-${String(i % 1000).padStart(4, "0")}","site":"site-${i % 5}","ts":${1_700_000_000_000 + i},` +
        `"temperature":${temperature},"humidity":${((i * 31) % 1000) / 10},"status":"ok","battery":${i % 100},"seq":${i}}`,
    );
  }
  const bytes = new Uint8Array(Buffer.from(texts.join("\u0000")));
  const starts = new Int32Array(MESSAGES);
  const ends = new Int32Array(MESSAGES);
  let p = 0;
  texts.forEach((text, i) => {
    starts[i] = p;
    ends[i] = p + text.length;
    p += text.length + 1;
  });
  return { bytes, starts, ends };
}

/** What somebody would write who knows these messages: positions found from fixed key lengths, digits by hand. */
function byHand({ bytes: b, starts, ends }: Messages, from: number, to: number): number {
  const deviceStart = new Int32Array(to - from);
  const deviceEnd = new Int32Array(to - from);
  const ts = new Float64Array(to - from);
  const temperature = new Float64Array(to - from);
  const humidity = new Float64Array(to - from);
  let sum = 0;
  for (let i = from, o = 0; i < to; i++, o++) {
    let p = starts[i] + 11;
    deviceStart[o] = p;
    while (b[p] !== 34) p++;
    deviceEnd[o] = p;
    p += 10;
    while (b[p] !== 34) p++;
    p += 7;
    let m = 0;
    while (b[p] !== 44) m = m * 10 + b[p++] - 48;
    ts[o] = m;
    for (const target of [temperature, humidity]) {
      p += target === temperature ? 15 : 12;
      let scale = 0;
      m = 0;
      while (b[p] !== 44) {
        if (b[p] === 46) scale = 1;
        else {
          m = m * 10 + b[p] - 48;
          scale *= 10;
        }
        p++;
      }
      target[o] = scale > 1 ? m / scale : m;
    }
    if (p > ends[i]) throw new Error("not such a message");
    sum += temperature[o];
  }
  return sum;
}

function withJsonParse({ bytes, starts, ends }: Messages, from: number, to: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let i = from; i < to; i++) {
    const message = JSON.parse(buffer.toString("latin1", starts[i], ends[i])) as { temperature: number };
    sum += message.temperature;
  }
  return sum;
}

function perSecond(run: (from: number, to: number) => void): number {
  const begin = process.hrtime.bigint();
  for (let from = 0; from < MESSAGES; from += BATCH) run(from, from + BATCH);
  return MESSAGES / (Number(process.hrtime.bigint() - begin) / 1e9);
}

const messages = makeMessages();
const rounds = Number(process.argv[2] ?? 30);
const options = { json: jsonOptions(new Map(), "UTC"), wide: false };
const four = createJsonScanner(schema, [0, 1, 2, 3], options);
const all = createJsonScanner(schema, [0, 1, 2, 3, 4, 5], options);
const contenders: Record<string, (from: number, to: number) => void> = {
  "scanner, 4 of 8 fields": (from, to) => four.scan(messages.bytes, messages.starts, messages.ends, null, from, to),
  "scanner, 6 of 8 fields": (from, to) => all.scan(messages.bytes, messages.starts, messages.ends, null, from, to),
  "by hand, 4 of 8 fields": (from, to) => byHand(messages, from, to),
  "JSON.parse": (from, to) => withJsonParse(messages, from, to),
};
const results = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of Object.entries(contenders)) results.get(name)?.push(perSecond(run));
}
const median = (numbers: number[]): number => numbers.slice().sort((a, b) => a - b)[numbers.length >> 1];
const parse = median(results.get("JSON.parse") as number[]);
console.log(`messages of ${(messages.bytes.length / MESSAGES).toFixed(0)} bytes, medians of ${rounds} rounds`);
for (const [name, numbers] of results) {
  const rate = median(numbers);
  console.log(`${name.padEnd(24)} ${(rate / 1e6).toFixed(2)} M/s   ${(rate / parse).toFixed(2)} x JSON.parse`);
}
