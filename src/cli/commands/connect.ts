import { parseArgs } from "node:util";
import { startConnectServer } from "../../connect/server.ts";
import type { Command } from "../main.ts";
import { exitSoon, portOption, stopSignal, within } from "../serve.ts";

export const connect: Command = {
  summary: "serves Spark Connect clients, such as PySpark",
  usage: `Usage: sluice connect [--port N] [--host HOST]

Serves Spark Connect in front of the engine in this process, until it is stopped. In PySpark:
SparkSession.builder.remote("sc://127.0.0.1:15002").getOrCreate()

  --port N     port to listen on; 0 picks a free one (default 15002)
  --host HOST  address to listen on (default 127.0.0.1); there is no authentication

Python functions of foreachBatch run in $PYSPARK_PYTHON (default python3), which needs pyspark.`,
  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: { port: { type: "string" }, host: { type: "string" } },
    });
    const stop = stopSignal();
    const server = await startConnectServer({
      port: portOption(values.port, 15002),
      ...(values.host !== undefined && { host: values.host }),
    });
    process.stdout.write(`connect: ${server.url}\n`);
    await stop;
    await within(4000, server.close());
    exitSoon();
    return 0;
  },
};
