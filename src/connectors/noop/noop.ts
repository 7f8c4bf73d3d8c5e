/** `noop`: reads everything and keeps nothing; for measuring. */
import type { SinkProvider } from "../contract.ts";

export const noopSink: SinkProvider = {
  format: "noop",
  options: [],
  outputModes: ["append", "update", "complete"],
  batch: true,
  async create() {
    return {
      description: "NoopTable",
      guarantee: "exactly-once",
      open: async () => -1,
      begin: async () => ({ write() {}, commit: async () => undefined, async abort() {} }),
      async close() {},
    };
  },
};
