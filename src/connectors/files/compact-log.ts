/** Names in Spark's compacting logs: each tenth file, `9.compact`, `19.compact`, …, holds all entries from the beginning. */
const INTERVAL = 10;

export function isCompact(id: number): boolean {
  return (id + 1) % INTERVAL === 0;
}

export function logName(id: number): string {
  return isCompact(id) ? `${id}.compact` : String(id);
}

/** The number of a log file; undefined for other files. */
export function logId(name: string): number | undefined {
  return /^\d+(\.compact)?$/.test(name) ? Number.parseInt(name, 10) : undefined;
}

/** The first file that tells all entries, when `last` is the last one. */
export function firstNeeded(last: number): number {
  return Math.max(0, Math.floor((last + 1) / INTERVAL) * INTERVAL - 1);
}

/** Files below this one are needed no more once `id` is written. One more compact file is kept for readers on the way. */
export function firstKept(id: number): number {
  return isCompact(id) ? id - INTERVAL : 0;
}
