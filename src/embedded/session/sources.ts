/** The sources that a plan reads, opened once each. */
import type { ReadDescriptor } from "../../analyze/context.ts";
import type { ScanNode } from "../../analyze/plan.ts";
import type { Batch } from "../../columns/vector.ts";
import type { Environment, JsonFields, Source } from "../../connectors/contract.ts";
import { sourceProvider } from "../../connectors/list.ts";
import { checkOptions } from "../../connectors/options.ts";
import { SluiceError } from "../../errors/error.ts";
import { toJson } from "../../types/json.ts";
import type { StructType } from "../../types/types.ts";

type ReadLike = Pick<ReadDescriptor, "format" | "options" | "paths" | "userSchema" | "streaming">;

export class OpenSources {
  private readonly sources = new Map<string, Source>();
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** Opens those that aren't open yet. */
  async open(reads: Iterable<ReadDescriptor>): Promise<void> {
    for (const read of reads) {
      const key = keyOf(read);
      if (!this.sources.has(key)) this.sources.set(key, await openSource(read, this.environment));
    }
  }

  schema(read: ReadDescriptor): StructType {
    return this.of(read).schema;
  }

  of(read: ReadLike): Source {
    const source = this.sources.get(keyOf(read));
    if (source === undefined) throw new SluiceError("INTERNAL_ERROR", { message: `source ${read.format} is not open` });
    return source;
  }

  all(): Source[] {
    return [...this.sources.values()];
  }

  /** Rows of a scan that isn't streaming. */
  readScan(node: ScanNode, batchRowsMax: number, wide: boolean, json?: JsonFields): AsyncIterable<Batch> {
    const source = this.of(node);
    if (source.readBatch === undefined) throw unsupported(node.format, "batch reading", "Read it with readStream.");
    return source.readBatch({ columns: node.columns, batchRowsMax, wide, json });
  }
}

async function openSource(read: ReadDescriptor, environment: Environment): Promise<Source> {
  const provider = await sourceProvider(read.format);
  const options = checkOptions(read.format, read.options, provider.options);
  const { userSchema, streaming } = read;
  if (userSchema !== undefined && provider.userSchema === "refused") {
    throw new SluiceError("USER_SPECIFIED_SCHEMA_REFUSED", { provider: read.format });
  }
  const needed = provider.userSchema === "required" || (streaming && provider.userSchema === "requiredForStream");
  if (userSchema === undefined && needed) throw new SluiceError("SOURCE_SCHEMA_REQUIRED", { provider: read.format });
  const source = await provider.open({ options, paths: read.paths, schema: userSchema, streaming }, environment);
  if (streaming && source.openStream === undefined) {
    throw unsupported(read.format, "streamed reading", "Read it with read.");
  }
  if (!streaming && source.readBatch === undefined) {
    throw unsupported(read.format, "batch reading", "Read it with readStream.");
  }
  return source;
}

function unsupported(provider: string, operation: string, hint: string): SluiceError {
  return new SluiceError("DATA_SOURCE_OPERATION_UNSUPPORTED", { provider, operation, hint });
}

/** Equal for reads of the same thing. */
function keyOf(read: ReadLike): string {
  const options = [...read.options].sort(([a], [b]) => (a < b ? -1 : 1));
  const schema = read.userSchema === undefined ? "" : toJson(read.userSchema);
  return JSON.stringify([read.format, options, read.paths, schema, read.streaming]);
}
