/** Examples whose result differs from Spark's on purpose or within a documented limit, with the reason. */
export const differences: ReadonlyMap<string, string> = new Map<string, string>([]);
