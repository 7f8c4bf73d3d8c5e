// A Go toolchain, to build Go programs that tests run. The one on PATH when it is new enough; else Debian's older one
// fetches a newer one as a Go module.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, once, onPath, partDir } from "./part.ts";

const version = "1.26.0";
const folder = `go-${version}`;

/** The Go program for at least the version above, brought when there is none. */
export async function goProgram(): Promise<string> {
  const installed = onPath("go");
  if (installed !== undefined && isNewEnough(installed)) return installed;
  const fetched = join(partDir(folder), `mod/golang.org/toolchain@${moduleVersion()}`);
  await once(folder, async (dir) => {
    if (installed === undefined) await aptInstall("golang-go", "ca-certificates");
    runGo(onPath("go") ?? "go", ["mod", "download", `golang.org/toolchain@${moduleVersion()}`], {
      cwd: dir,
      env: { GOMODCACHE: join(dir, "mod"), GOFLAGS: "-modcacherw" },
    });
    // Files of a module are never executable.
    for (const tools of ["bin", ...toolFolders(fetched)]) {
      for (const name of readdirSync(join(fetched, tools))) chmodSync(join(fetched, tools, name), 0o755);
    }
  });
  return join(fetched, "bin/go");
}

/** Runs Go to its end and gives its stdout. Modules come from where this machine's settings say. */
export function runGo(
  go: string,
  args: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string>> },
): string {
  const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-buildvcs=false -modcacherw", ...options.env };
  const done = spawnSync(go, args, { cwd: options.cwd, env, encoding: "utf8", maxBuffer: 64 << 20 });
  if (done.error) throw new Error(`Go could not be started: ${done.error.message}`);
  if (done.status === 0) return done.stdout;
  const tail = `${done.stdout}${done.stderr}`.trimEnd().split("\n").slice(-15).join("\n");
  throw new Error(`go ${args.join(" ")} ended with ${done.status ?? done.signal}:\n${tail}`);
}

function isNewEnough(go: string): boolean {
  const said = spawnSync(go, ["env", "GOVERSION"], { encoding: "utf8", env: { ...process.env, GOTOOLCHAIN: "local" } });
  const [major, minor] = (/^go(\d+)\.(\d+)/.exec(said.stdout ?? "") ?? []).slice(1).map(Number);
  const [wantedMajor, wantedMinor] = version.split(".").map(Number) as [number, number];
  if (major === undefined || minor === undefined) return false;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function moduleVersion(): string {
  const machines: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", arm64: "arm64" };
  return `v0.0.1-go${version}.${process.platform}-${machines[process.arch] ?? process.arch}`;
}

/** The folders, under the toolchain's, of the programs that `go` itself runs. */
function toolFolders(toolchain: string): string[] {
  const tools = "pkg/tool";
  if (!existsSync(join(toolchain, tools))) return [];
  return readdirSync(join(toolchain, tools)).map((machine) => join(tools, machine));
}
