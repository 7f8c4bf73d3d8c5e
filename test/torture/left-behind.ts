/** Child processes don't outlive this one when it ends in an orderly way. */
const endings = new Set<() => void>();

process.on("exit", () => {
  for (const end of endings) end();
});

/** Calls `end` when this process exits; the returned function takes that back. */
export function onExit(end: () => void): () => void {
  endings.add(end);
  return () => endings.delete(end);
}
