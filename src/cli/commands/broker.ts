import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { DevBroker } from "../../broker/index.ts";
import type { Command } from "../main.ts";
import { exitSoon, portOption, stopSignal, within } from "../serve.ts";

export const broker: Command = {
  summary: "runs a Kafka broker for development",
  usage: `Usage: sluice broker [--port N] [--data DIR] [--partitions N]

Runs a Kafka broker for development, on 127.0.0.1, until it is stopped.

  --port N        port to listen on; 0 picks a free one (default 9092)
  --data DIR      where topics are kept; without it they are gone when the broker stops
  --partitions N  partitions of topics that are created without a number (default 1)`,
  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: { port: { type: "string" }, data: { type: "string" }, partitions: { type: "string" } },
    });
    const stop = stopSignal();
    const broker = await DevBroker.start({
      port: portOption(values.port, 9092),
      ...(values.data !== undefined && { dataDir: resolve(values.data) }),
      ...(values.partitions !== undefined && { defaultPartitions: Number(values.partitions) }),
      log: (message) => process.stderr.write(`${message}\n`),
    });
    process.stdout.write(`broker: ${broker.bootstrapServers}\n`);
    await stop;
    await within(4000, broker.close());
    exitSoon();
    return 0;
  },
};
