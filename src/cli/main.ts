/** The `sluice` command: one file for each subcommand in commands/. Data goes to stdout, everything else to stderr. */
import { nearest, SluiceError } from "../errors/error.ts";
import { packageRoot } from "../package-files.ts";

/** What every subcommand is. */
export interface Command {
  readonly summary: string;
  readonly usage: string;
  /** Resolves to the exit code. */
  run(args: readonly string[]): Promise<number>;
}

const commands: Record<string, () => Promise<Command>> = {
  dev: async () => (await import("./commands/dev.ts")).dev,
  broker: async () => (await import("./commands/broker.ts")).broker,
  connect: async () => (await import("./commands/connect.ts")).connect,
  run: async () => (await import("./commands/run.ts")).run,
  sql: async () => (await import("./commands/sql.ts")).sql,
  topic: async () => (await import("./commands/topic.ts")).topic,
};

/** Runs the command; resolves to its exit code: 0 done, 1 failed, 2 used wrongly. */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever reads our output has gone (`sluice … | head`): nothing is left to do.
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const [name, ...args] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(await help());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${await version()}\n`);
    return 0;
  }
  if (!Object.hasOwn(commands, name)) {
    const near = nearest(name, Object.keys(commands));
    return fail(`there is no command ${name}${near ? `; did you mean ${near}?` : ""}\n\n${await help()}`, 2);
  }
  const command = await (commands[name] as () => Promise<Command>)();
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`${command.usage}\n`);
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) return fail(`${error.message}\n\n${command.usage}`, 2);
    if (isParseArgsError(error)) return fail(`${error.message}\n\n${command.usage}`, 2);
    if (error instanceof SluiceError) return fail(error.message, 1);
    return fail(error instanceof Error ? (error.stack ?? error.message) : String(error), 1);
  }
}

/** The command was given wrong arguments. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

function isParseArgsError(error: unknown): error is Error {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && code.startsWith("ERR_PARSE_ARGS");
}

function fail(message: string, code: number): number {
  process.stderr.write(`sluice: ${message}\n`);
  return code;
}

async function help(): Promise<string> {
  const lines = ["Spark Structured Streaming for TypeScript.", "", "Usage: sluice COMMAND [arguments]", ""];
  for (const [name, load] of Object.entries(commands)) lines.push(`  ${name.padEnd(8)} ${(await load()).summary}`);
  lines.push("", "`sluice COMMAND --help` says more.");
  return `${lines.join("\n")}\n`;
}

async function version(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(new URL("package.json", packageRoot), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
