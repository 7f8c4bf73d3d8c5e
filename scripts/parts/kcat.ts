// kcat, a command-line client on librdkafka. `node scripts/parts/kcat.ts` brings it.
import { aptInstall, onPath, type Part, runAsProgram } from "./part.ts";

export const kcat: Part = {
  name: "kcat",
  command: "node scripts/parts/kcat.ts",
  available: () => (onPath("kcat") === undefined ? "kcat is not installed" : undefined),
  install: async () => {
    if (onPath("kcat") === undefined) await aptInstall("kcat");
  },
};

await runAsProgram(import.meta.url, kcat);
