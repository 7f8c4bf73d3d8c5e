/** Files that a client uploads: local relations too large for a plan, kept by their hash. */
import { crc32 } from "node:zlib";
import { SluiceError } from "../errors/error.ts";
import type { AddArtifactsRequest, AddArtifactsRequest_ArtifactChunk } from "../plan/messages.ts";

const CACHE = "cache/";
/** Bytes of artifacts in a session. */
const BYTES_MAX = 1 << 30;

export interface ArtifactSummary {
  readonly name: string;
  readonly isCrcSuccessful: boolean;
}

export class ArtifactCache {
  private readonly artifacts = new Map<string, Uint8Array>();
  private bytes = 0;

  has(name: string): boolean {
    return this.artifacts.has(name);
  }

  /** A cached relation's bytes. @throws CACHED_RELATION_NOT_FOUND */
  cached(hash: string): Uint8Array {
    const found = this.artifacts.get(`${CACHE}${hash}`);
    if (found === undefined) throw new SluiceError("CACHED_RELATION_NOT_FOUND", { relationId: hash });
    return found;
  }

  /** Takes one upload; resolves when the client has sent all of it. */
  async add(requests: AsyncIterable<AddArtifactsRequest>): Promise<ArtifactSummary[]> {
    const summaries: ArtifactSummary[] = [];
    let open: { name: string; chunks: Uint8Array[]; left: number; intact: boolean } | undefined;
    const take = (chunk: AddArtifactsRequest_ArtifactChunk | undefined) => {
      if (open === undefined || chunk === undefined) return;
      open.chunks.push(chunk.data);
      open.intact &&= isIntact(chunk);
      this.count(chunk.data.length);
      if (--open.left > 0) return;
      summaries.push(this.keep(open.name, Buffer.concat(open.chunks), open.intact));
      open = undefined;
    };
    for await (const { payload } of requests) {
      if (payload.case === "batch") {
        for (const { name, data } of payload.value.artifacts) {
          open = { name, chunks: [], left: 1, intact: true };
          take(data);
        }
      } else if (payload.case === "beginChunk") {
        const { name, numChunks, initialChunk } = payload.value;
        open = { name, chunks: [], left: Number(numChunks), intact: true };
        take(initialChunk);
      } else if (payload.case === "chunk") take(payload.value);
    }
    return summaries;
  }

  private keep(name: string, data: Uint8Array, intact: boolean): ArtifactSummary {
    if (!name.startsWith(CACHE)) {
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `The artifact ${name}`,
        where: " by this server",
        hint: "It takes no jars, Python files or archives; put modules where $PYSPARK_PYTHON finds them.",
      });
    }
    if (intact && !this.artifacts.has(name)) this.artifacts.set(name, data);
    else this.bytes -= data.length;
    return { name, isCrcSuccessful: intact };
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes <= BYTES_MAX) return;
    this.bytes -= bytes;
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `More than ${BYTES_MAX} bytes of cached local relations in a session`,
      where: "",
      hint: "Read large data from files.",
    });
  }
}

function isIntact({ data, crc }: AddArtifactsRequest_ArtifactChunk): boolean {
  return BigInt(crc32(data)) === crc;
}
