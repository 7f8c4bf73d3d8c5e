// What a real part (Kafka, Spark, Postgres, …) is to the tests, and where its files are kept.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A piece of real software that tests run against. */
export interface Part {
  /** The name that `requireParts` and the command line use. */
  readonly name: string;
  /** The command that brings it. */
  readonly command: string;
  /** Why it can't be used now, or undefined when it can. Costs no more than a few file look-ups. */
  available(): string | undefined;
  /** Brings it. Does nothing when it is there already. */
  install(): Promise<void>;
}

/** The checkout's root folder, with no slash at its end. */
export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** Where downloaded parts are kept: SLUICE_PARTS_DIR, else .cache/parts in the checkout. */
export function partsDir(): string {
  return resolve(root, process.env["SLUICE_PARTS_DIR"] ?? ".cache/parts");
}

/** The folder of one part; its version belongs in the name, so that a new version is a new folder. */
export function partDir(nameAndVersion: string): string {
  return join(partsDir(), nameAndVersion);
}

/** Runs a command to its end, its output on our stderr. Throws, with the last lines, when it fails. */
export function command(
  program: string,
  args: readonly string[],
  options: { cwd?: string; quiet?: boolean } = {},
): string {
  const done = spawnSync(program, args, {
    cwd: options.cwd ?? root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 << 20,
  });
  const output = `${done.stdout ?? ""}${done.stderr ?? ""}`;
  if (done.error) throw new Error(`${program} could not be started: ${done.error.message}`);
  if (done.status !== 0) {
    const tail = output.trimEnd().split("\n").slice(-15).join("\n");
    throw new Error(`${program} ${args.join(" ")} ended with ${done.status ?? done.signal}:\n${tail}`);
  }
  return done.stdout;
}

/** Where a program is on PATH, or undefined. */
export function onPath(program: string): string | undefined {
  for (const dir of (process.env["PATH"] ?? "").split(delimiter)) {
    if (dir && existsSync(join(dir, program))) return join(dir, program);
  }
  return undefined;
}

/**
 * Runs `make(dir)` once for `nameAndVersion` and marks the folder as complete; later calls return at once. Two
 * processes that ask at the same time wait for each other; a broken attempt is started again from an empty folder.
 */
export async function once(nameAndVersion: string, make: (dir: string) => void | Promise<void>): Promise<void> {
  const dir = partDir(nameAndVersion);
  if (isComplete(nameAndVersion)) return;
  await underLock(nameAndVersion, async () => {
    if (isComplete(nameAndVersion)) return;
    process.stderr.write(`bringing ${nameAndVersion} …\n`);
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    await make(dir);
    writeFileSync(join(dir, ".complete"), "");
  });
}

/** Whether `once` has run to its end for this folder. */
export function isComplete(nameAndVersion: string): boolean {
  return existsSync(join(partDir(nameAndVersion), ".complete"));
}

/** Runs `action` while no other process of this machine holds the lock of the same name. */
export async function underLock(name: string, action: () => Promise<void>): Promise<void> {
  mkdirSync(partsDir(), { recursive: true });
  const lock = join(partsDir(), `${name}.lock`);
  while (!tryLock(lock)) await wait(250);
  try {
    await action();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    // Held, or left behind by a process that is gone: then free it for the next attempt.
    try {
      const owner = Number(readFileSync(lock, "utf8"));
      const justMade = Date.now() - statSync(lock).mtimeMs < 5_000;
      if (!(owner > 0 ? isAlive(owner) : justMade)) rmSync(lock, { force: true });
    } catch {
      // Gone in the meantime.
    }
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Installs Debian packages; says what to do when that is not possible here. */
export async function aptInstall(...packages: string[]): Promise<void> {
  if (!onPath("apt-get")) throw new Error(`install ${packages.join(", ")} with this system's package manager`);
  if (process.getuid?.() !== 0) throw new Error(`run as root: apt-get install ${packages.join(" ")}`);
  await underLock("apt", async () => {
    const install = ["-o", "DPkg::Lock::Timeout=300", "install", "-y", "-q", "--no-install-recommends", ...packages];
    const env = "DEBIAN_FRONTEND=noninteractive";
    process.stderr.write(`bringing ${packages.join(", ")} …\n`);
    try {
      command("env", [env, "apt-get", ...install]);
    } catch {
      // The package lists of a fresh machine are empty or old.
      command("apt-get", ["update", "-q"]);
      command("env", [env, "apt-get", ...install]);
    }
  });
}

/** Makes a Python environment in `dir` with these packages. */
export async function pythonEnvironment(dir: string, ...packages: string[]): Promise<void> {
  const python = onPath("python3");
  if (!python) throw new Error("python3 (3.10 or newer) is needed");
  try {
    command(python, ["-m", "venv", dir]);
  } catch {
    // Debian ships Python without ensurepip.
    await aptInstall("python3-venv");
    command(python, ["-m", "venv", "--clear", dir]);
  }
  command(join(dir, "bin/pip"), ["install", "-q", "--disable-pip-version-check", ...packages]);
}

/**
 * Copies Maven artifacts ("group:name:version") into `dir`/jars, with all that they need at run time, or, with
 * `alone`, nothing but themselves.
 */
export function mavenJars(dir: string, artifacts: readonly string[], alone = false): void {
  if (!onPath("mvn")) throw new Error("mvn (Maven) and a JDK of version 17 are needed");
  const nothingElse = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(":");
    const id = `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>`;
    return `<dependency>${id}${alone ? nothingElse : ""}</dependency>`;
  });
  const self = "<modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>parts</artifactId>";
  writeFileSync(
    join(dir, "pom.xml"),
    `<project>${self}<version>1</version>\n<dependencies>\n${dependencies.join("\n")}\n</dependencies></project>\n`,
  );
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${join(dir, "jars")}`];
  command("mvn", ["-B", "-q", "-f", join(dir, "pom.xml"), ...goal]);
}

/** Why Java can't be used, or undefined. */
export function javaMissing(): string | undefined {
  return onPath("java") ? undefined : "Java 17 is not installed";
}

/** Brings the part when its file is run as a program: `node scripts/parts/kafka.ts`. */
export async function runAsProgram(moduleUrl: string, part: Part): Promise<void> {
  const program = process.argv[1];
  if (program === undefined || moduleUrl !== pathToFileURL(resolve(program)).href) return;
  await part.install();
  const missing = part.available();
  if (missing !== undefined) throw new Error(missing);
  process.stderr.write(`${part.name} is ready\n`);
}
