/** A thread that decodes chunks: started by workers.ts. */
import { type MessagePort, workerData } from "node:worker_threads";
import { ChunkDecoder, type PackedBlock } from "./chunk.ts";
import { type FromWorker, outcomeOf, type ToWorker } from "./protocol.ts";

/** Memory that came back, kept for the next blocks. */
const SPARE_MAX = 32;
const BUFFER_BYTES_MIN = 256 << 10;

const port = workerData as MessagePort;
const decoders = new Map<number, ChunkDecoder>();
const spare: ArrayBuffer[] = [];

port.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "request":
      decoders.set(message.id, new ChunkDecoder(message.request));
      return;
    case "forget":
      decoders.delete(message.id);
      return;
    case "memory":
      if (spare.length < SPARE_MAX) spare.push(message.buffer);
      return;
    case "chunk":
      decode(message);
  }
});

function room(bytes: number): ArrayBuffer {
  const at = spare.findIndex((b) => b.byteLength >= bytes && b.byteLength <= Math.max(bytes, BUFFER_BYTES_MIN) * 4);
  if (at >= 0) return spare.splice(at, 1)[0];
  spare.shift();
  let size = BUFFER_BYTES_MIN;
  while (size < bytes) size *= 2;
  return new ArrayBuffer(size);
}

function decode({ id, task, records, from, to, nowMs }: Extract<ToWorker, { kind: "chunk" }>): void {
  const { buffer, byteOffset, length } = records.bytes;
  const range = { records: { ...records, bytes: Buffer.from(buffer, byteOffset, length) }, from, to };
  const blocks: PackedBlock[] = [];
  const input = buffer as ArrayBuffer;
  let answer: FromWorker;
  try {
    for (const block of (decoders.get(id) as ChunkDecoder).decode(range, nowMs, room)) blocks.push(block);
    answer = { task, outcome: { kind: "blocks", blocks }, input };
  } catch (error) {
    blocks.length = 0;
    answer = { task, outcome: outcomeOf(error), input };
  }
  port.postMessage(answer, [input, ...blocks.map((b) => b.buffer)]);
}
