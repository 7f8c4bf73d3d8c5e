/** Compressed bytes that can't be what they say, or that unfold beyond the caller's limit. */
export class DecompressionError extends Error {
  override readonly name = "DecompressionError";
}
