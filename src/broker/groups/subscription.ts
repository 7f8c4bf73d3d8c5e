import { MalformedRequest } from "../protocol/errors.ts";
import { Reader } from "../protocol/reader.ts";

/** The topics in a consumer's subscription: version, then topic names. Other kinds of members have none. */
export function subscribedTopics(metadata: Buffer): string[] {
  try {
    const reader = new Reader(metadata);
    reader.int16();
    const count = reader.arrayLength(false);
    return Array.from({ length: Math.max(count, 0) }, () => reader.string(reader.length(2, false)));
  } catch (error) {
    if (error instanceof MalformedRequest) return [];
    throw error;
  }
}
