// franz-go, the Go client, as its own tests: one program that runs them against any broker.
// `node scripts/parts/franz-go.ts` brings it.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { goProgram, runGo } from "./go.ts";
import { isComplete, once, type Part, partDir, runAsProgram } from "./part.ts";

const version = "1.22.2";
const folder = `franz-go-${version}`;

export const franzGo: Part = {
  name: "franz-go",
  command: "node scripts/parts/franz-go.ts",
  available: () => (isComplete(folder) ? undefined : `franz-go ${version} is not built`),
  install: async () => {
    if (isComplete(folder)) return;
    const go = await goProgram();
    await once(folder, (dir) => {
      const modules = join(dir, "modules");
      const env = { GOMODCACHE: modules };
      runGo(go, ["mod", "download", `github.com/twmb/franz-go@v${version}`], { cwd: dir, env });
      // A module's folder is for reading only; tests are built from a copy.
      const source = join(dir, "source");
      cpSync(join(modules, `github.com/twmb/franz-go@v${version}`), source, { recursive: true });
      runGo(go, ["test", "-c", "-o", franzGoTests(), "./pkg/kgo"], { cwd: source, env });
      for (const each of [modules, source]) rmSync(each, { recursive: true, force: true });
    });
  },
};

/** The program that holds the tests of franz-go's client; `KGO_SEEDS` says which broker. */
export function franzGoTests(): string {
  return join(partDir(folder), "kgo.test");
}

await runAsProgram(import.meta.url, franzGo);
