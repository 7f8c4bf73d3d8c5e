// Which room of src/ may import which: the table behind ARCHITECTURE.md's "Rooms".

const ground = ["types", "errors"];
const engine = ["compile", "analyze", "functions", "columns", "connectors", "formats", "plan", "sql", ...ground];
const surface = ["index", "functions.ts", "api", "embedded", "cluster", "broker", "devices", "detect", ...engine];

/** Room → the rooms that it may import besides itself. "api/engine" is that one file. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  types: ["errors"],
  plan: ground,
  columns: ground,
  sql: ["plan", ...ground],
  "package-files.ts": [],
  api: ["plan", "columns", "package-files.ts", ...ground],
  functions: ["columns", ...ground],
  analyze: ["functions", "plan", "columns", ...ground],
  compile: ["analyze", "functions", "columns", ...ground],
  formats: ["columns", ...ground],
  connectors: ["formats", "columns", "package-files.ts", ...ground],
  embedded: ["api/engine", ...engine],
  cluster: ["api/engine", "plan", "columns", ...ground],
  broker: ["formats", "errors"],
  devices: ["formats", ...ground],
  // Written with the API that users have.
  detect: ["functions.ts", "api", ...ground],
  // The files that users import.
  index: ["api", "embedded", "cluster", "sql", "connectors", ...ground],
  "functions.ts": ["api"],
  testing: surface,
  connect: surface,
  console: surface,
  cli: ["package-files.ts", "console", "connect", "testing", ...surface],
};

/** What to do instead, where the table alone doesn't say it. */
export const instead: Readonly<Record<string, string>> = {
  "api → embedded": "the contract in src/api/engine.ts, which src/index.ts fills",
  "api → cluster": "the contract in src/api/engine.ts, which src/index.ts fills",
  "embedded → api": "src/api/engine.ts, the one file that both sides know",
  "cluster → api": "src/api/engine.ts, the one file that both sides know",
  "analyze → sql": "a parser taken as a parameter, which the engine fills",
  "connectors → embedded": "src/connectors/contract.ts, which the engine calls",
  "functions → analyze": "the resolve context that the analyser passes in",
};

/** The room of a file of src/, e.g. "embedded"; "index" and "functions.ts" are the files that users import. */
export function roomOf(path: string): string {
  const [, first, ...below] = path.split("/") as [string, string, ...string[]];
  if (below.length > 0) return first;
  return first === "index.ts" ? "index" : first;
}

/** Why `from` may not import `target`, both files from the root; undefined when it may. */
export function refusal(from: string, target: string): string | undefined {
  const room = roomOf(from);
  const other = roomOf(target);
  if (room === other) return undefined;
  const allowed = mayImport[room] ?? [];
  if (allowed.includes(other) || allowed.some((one) => one.includes("/") && target === `src/${one}.ts`))
    return undefined;
  const choice =
    allowed.length > 0
      ? `${room} may import ${allowed.join(", ")}, or take it as a parameter`
      : "nothing of the other rooms";
  return instead[`${room} → ${other}`] ?? choice;
}
