import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { SparkSession } from "../../index.ts";
import { type Command, UsageError } from "../main.ts";
import { exitSoon, stopSignal, within } from "../serve.ts";

export const run: Command = {
  summary: "runs a TypeScript program",
  usage: `Usage: sluice run FILE.ts [arguments]

Runs a program that imports from "sluice". The command ends when the program's queries have ended, or at SIGINT or
SIGTERM, which stop them cleanly. Arguments after the file are the program's own (process.argv).`,
  async run(args) {
    const [file, ...rest] = args;
    if (file === undefined) throw new UsageError("which file?");
    const path = resolve(file);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) throw new UsageError(`there is no file ${file}`);
    process.argv = [process.argv[0] as string, path, ...rest];
    const stop = stopSignal();
    const program = import(pathToFileURL(path).href).then(async () => {
      // A program may end while its queries run on.
      const session = SparkSession.active();
      const queries = (await session?.streams.active()) ?? [];
      await Promise.all(queries.map((q) => q.awaitTermination()));
      await session?.stop();
    });
    const stopped = stop.then(() => within(4000, SparkSession.active()?.stop() ?? Promise.resolve()));
    await Promise.race([program, stopped]);
    exitSoon();
    return 0;
  },
};
