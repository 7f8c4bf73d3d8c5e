/**
 * The device rollup as a loop written by hand for exactly these messages: plain JavaScript over typed arrays, one core, from
 * decompressed record batches in memory to groups. It knows the fields, their order and the form of their values, and finds the
 * messages that are not like that: the measure of what the engine's generated code could reach.
 *
 * `node bench/handwritten.ts BOOTSTRAP TOPIC MESSAGES [passes]`. Prints one line of JSON.
 */
import { fetchArguments, parseFetchResponse } from "../src/connectors/kafka/fetch.ts";
import { decompress, Output } from "../src/formats/compression/codecs.ts";
import { Digest, rollupRow } from "./answers.ts";
import { connected, fetchApi, topicOf } from "./latency/wire.ts";

export interface HandwrittenResult {
  /** Of each pass over all messages. */
  readonly seconds: readonly number[];
  readonly rows: number;
  readonly digest: string;
}

interface RecordBatch {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

const [servers, name, messages, passes = "5"] = process.argv.slice(2) as [string, string, string, string?];
const HEADER_BYTES = 61;
const WINDOW_MS = 10_000;
const DELAY_MS = 10_000;

/** Everything in the topic, decompressed. */
async function load(): Promise<RecordBatch[]> {
  const { brokers, leaders } = await topicOf(servers, name);
  const [broker] = brokers.values();
  if (broker === undefined) throw new Error("no broker");
  const connection = await connected(broker.host, broker.port);
  const offsets = new Map([...leaders.keys()].map((partition) => [partition, 0]));
  const batches: RecordBatch[] = [];
  const limits = { maxWaitMs: 100, minBytes: 1, maxBytes: 32 << 20, partitionMaxBytes: 8 << 20, readCommitted: true };
  for (let rows = 0; rows < Number(messages); ) {
    const partitions = [...offsets].map(([partition, fetchOffset]) => ({ partition, fetchOffset, leaderEpoch: -1 }));
    const answer = await fetchApi.async(
      connection,
      ...fetchArguments({ ...limits, topics: [{ topic: name, partitions }] }),
    );
    for (const { partition, records } of parseFetchResponse(answer).partitions) {
      for (let at = 0; at + HEADER_BYTES <= records.length; ) {
        const size = 12 + records.readInt32BE(at + 8);
        if (at + size > records.length) break;
        const count = records.readInt32BE(at + 57);
        const out = new Output(size * 6, 256 << 20);
        decompress(records.readInt16BE(at + 21) & 7, records, at + HEADER_BYTES, at + size, out);
        batches.push({ bytes: out.bytes, from: 0, to: out.length, count });
        rows += count;
        offsets.set(partition, Number(records.readBigInt64BE(at)) + records.readInt32BE(at + 23) + 1);
        at += size;
      }
    }
  }
  await connection.close();
  return batches;
}

/** An open-addressing table of groups, and of devices' names. */
class Groups {
  readonly counts: Int32Array;
  readonly sums: Float64Array;
  readonly lows: Float64Array;
  readonly highs: Float64Array;
  readonly windows: Float64Array;
  readonly devices: Int32Array;
  readonly names: Uint8Array;
  /** Slot + 1 of a group, by hash; of a device's name. */
  readonly groupTable: Int32Array;
  readonly nameTable: Int32Array;
  groups = 0;
  devicesKnown = 0;
  latestMs = 0;

  constructor(capacity: number) {
    this.counts = new Int32Array(capacity);
    this.sums = new Float64Array(capacity);
    this.lows = new Float64Array(capacity);
    this.highs = new Float64Array(capacity);
    this.windows = new Float64Array(capacity);
    this.devices = new Int32Array(capacity);
    this.names = new Uint8Array(capacity * NAME_BYTES);
    this.groupTable = new Int32Array(capacity * 2);
    this.nameTable = new Int32Array(capacity * 2);
  }
}

/** Bytes of `device-0000000`. */
const NAME_BYTES = 14;
const QUOTE = 34;
const DOT = 46;
const BRACE = 125;

function deviceOf(g: Groups, b: Uint8Array, at: number): number {
  let hash = 0;
  for (let i = 0; i < NAME_BYTES; i++) hash = Math.imul(hash ^ b[at + i], 0x01000193);
  hash ^= hash >>> 15;
  const { nameTable, names } = g;
  const mask = nameTable.length - 1;
  for (let place = hash & mask; ; place = (place + 1) & mask) {
    const device = nameTable[place] - 1;
    if (device < 0) {
      nameTable[place] = ++g.devicesKnown;
      names.set(b.subarray(at, at + NAME_BYTES), (g.devicesKnown - 1) * NAME_BYTES);
      return g.devicesKnown - 1;
    }
    let i = 0;
    const known = device * NAME_BYTES;
    while (i < NAME_BYTES && names[known + i] === b[at + i]) i++;
    if (i === NAME_BYTES) return device;
  }
}

function slotOf(g: Groups, device: number, window: number): number {
  let hash = Math.imul(device, 0x9e3779b1) ^ Math.imul(window, 0x85ebca6b);
  hash ^= hash >>> 15;
  const { groupTable, devices, windows } = g;
  const mask = groupTable.length - 1;
  for (let place = hash & mask; ; place = (place + 1) & mask) {
    const slot = groupTable[place] - 1;
    if (slot < 0) {
      groupTable[place] = ++g.groups;
      const made = g.groups - 1;
      devices[made] = device;
      windows[made] = window;
      g.lows[made] = Number.POSITIVE_INFINITY;
      g.highs[made] = Number.NEGATIVE_INFINITY;
      return made;
    }
    if (devices[slot] === device && windows[slot] === window) return slot;
  }
}

let day = -1;
let dayMs = 0;

/** Milliseconds of `2026-01-01T00:00:00.000Z`. */
function timeAt(b: Uint8Array, p: number): number {
  const month = (b[p + 5] - 48) * 10 + b[p + 6] - 48;
  const date = (b[p + 8] - 48) * 10 + b[p + 9] - 48;
  const year = (b[p] - 48) * 1000 + (b[p + 1] - 48) * 100 + (b[p + 2] - 48) * 10 + b[p + 3] - 48;
  const now = (year * 16 + month) * 32 + date;
  if (now !== day) {
    day = now;
    dayMs = Date.UTC(year, month - 1, date);
  }
  const seconds =
    ((b[p + 11] - 48) * 10 + b[p + 12] - 48) * 3600 +
    ((b[p + 14] - 48) * 10 + b[p + 15] - 48) * 60 +
    ((b[p + 17] - 48) * 10 + b[p + 18] - 48);
  return dayMs + seconds * 1000 + (b[p + 20] - 48) * 100 + (b[p + 21] - 48) * 10 + b[p + 22] - 48;
}

const text = (literal: string): Uint8Array => new TextEncoder().encode(literal);
const TO_DEVICE = text('{"device":"');
const TO_TS = text('","ts":"');
const TO_TEMPERATURE = text('","temperature":');
const TO_HUMIDITY = text(',"humidity":');
const TO_BATTERY = text(',"battery":');
const TO_STATUS = text(',"status":"');
const TS_BYTES = 24;

/** The position after `literal`, which must stand at `p`; -1 otherwise. */
function after(literal: Uint8Array, b: Uint8Array, p: number, end: number): number {
  if (p < 0 || p + literal.length > end) return -1;
  for (let i = 0; i < literal.length; i++) if (b[p + i] !== literal[i]) return -1;
  return p + literal.length;
}

/** The number read last. */
let read = 0;

/** Reads a decimal number; gives the position after it, or -1 where there is none. */
function afterNumber(b: Uint8Array, p: number, end: number): number {
  if (p < 0) return -1;
  let digits = 0;
  let scale = 0;
  let q = p;
  for (; q < end; q++) {
    const c = b[q];
    if (c >= 48 && c <= 57) {
      digits = digits * 10 + c - 48;
      scale *= 10;
    } else if (c === DOT && scale === 0) scale = 1;
    else break;
  }
  read = scale > 1 ? digits / scale : digits;
  return q === p ? -1 : q;
}

/** Adds the message in `[p, end)` of `b`, if it is one. */
function add(g: Groups, b: Uint8Array, p: number, end: number): void {
  const nameAt = after(TO_DEVICE, b, p, end);
  const timeIsAt = after(TO_TS, b, nameAt + NAME_BYTES, end);
  const temperatureAt = after(TO_TEMPERATURE, b, timeIsAt + TS_BYTES, end);
  let q = afterNumber(b, temperatureAt, end);
  const temperature = read;
  q = afterNumber(b, after(TO_HUMIDITY, b, q, end), end);
  q = afterNumber(b, after(TO_BATTERY, b, q, end), end);
  q = after(TO_STATUS, b, q, end);
  if (nameAt < 0 || timeIsAt < 0 || q < 0) return;
  while (q < end && b[q] !== QUOTE) q++;
  if (q + 2 !== end || b[q + 1] !== BRACE || !(temperature > -50)) return;
  const atMs = timeAt(b, timeIsAt);
  if (atMs > g.latestMs) g.latestMs = atMs;
  const slot = slotOf(g, deviceOf(g, b, nameAt), Math.floor(atMs / WINDOW_MS));
  g.counts[slot]++;
  g.sums[slot] += temperature;
  if (temperature < g.lows[slot]) g.lows[slot] = temperature;
  if (temperature > g.highs[slot]) g.highs[slot] = temperature;
}

/** Goes over a batch's records: length, attributes, two deltas, key, value, headers, all numbers but one of variable length. */
function addBatch(g: Groups, { bytes: b, from, count }: RecordBatch): void {
  let p = from;
  const number = (): number => {
    let byte = b[p++];
    let value = byte & 127;
    for (let shift = 7; byte > 127; shift += 7) {
      byte = b[p++];
      value |= (byte & 127) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  };
  for (let i = 0; i < count; i++) {
    const length = number();
    const end = p + length;
    p++;
    number();
    number();
    const keyBytes = number();
    if (keyBytes > 0) p += keyBytes;
    const valueBytes = number();
    add(g, b, p, p + valueBytes);
    p = end;
  }
}

function digestOf(g: Groups): string {
  const digest = new Digest();
  for (let slot = 0; slot < g.groups; slot++) {
    const startMs = g.windows[slot] * WINDOW_MS;
    if (startMs + WINDOW_MS > g.latestMs - DELAY_MS) continue;
    const at = g.devices[slot] * NAME_BYTES;
    const device = Buffer.from(g.names.subarray(at, at + NAME_BYTES)).toString("latin1");
    const [n, low, high] = [g.counts[slot], g.lows[slot], g.highs[slot]];
    digest.add(rollupRow({ device, startMs, n, mean: g.sums[slot] / n, low, high }));
  }
  return digest.text();
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least + 1));
}

const batches = await load();
const rows = batches.reduce((n, batch) => n + batch.count, 0);
const seconds: number[] = [];
let groups = new Groups(1);
/** Of the first pass for any number of groups, of the others for those that there are: a table that fits is in the cache. */
let capacity = powerOfTwo(Math.min(rows, 8_000_000));
for (let pass = 0; pass < Number(passes); pass++) {
  const begun = performance.now();
  groups = new Groups(capacity);
  for (const batch of batches) addBatch(groups, batch);
  seconds.push((performance.now() - begun) / 1000);
  capacity = powerOfTwo(groups.groups * 2);
}
const result: HandwrittenResult = { seconds, rows, digest: digestOf(groups) };
console.log(JSON.stringify(result));
