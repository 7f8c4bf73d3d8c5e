// Python's pyarrow: Arrow's C++ reader of Parquet. `node scripts/parts/pyarrow.ts` brings it.
import { join } from "node:path";
import { isComplete, once, type Part, partDir, pythonEnvironment, runAsProgram } from "./part.ts";

const folder = "pyarrow";

export const pyarrow: Part = {
  name: "pyarrow",
  command: "node scripts/parts/pyarrow.ts",
  available: () => (isComplete(folder) ? undefined : "Python's pyarrow is not installed"),
  install: () => once(folder, (dir) => pythonEnvironment(join(dir, "venv"), "pyarrow")),
};

/** The Python that can `import pyarrow`. */
export function pyarrowPython(): string {
  return join(partDir(folder), "venv/bin/python");
}

await runAsProgram(import.meta.url, pyarrow);
