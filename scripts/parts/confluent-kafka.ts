// Python's confluent-kafka, which is librdkafka as most of the world runs it.
// `node scripts/parts/confluent-kafka.ts` brings it.
import { join } from "node:path";
import { isComplete, once, type Part, partDir, pythonEnvironment, runAsProgram } from "./part.ts";

const folder = "confluent-kafka";

export const confluentKafka: Part = {
  name: "confluent-kafka",
  command: "node scripts/parts/confluent-kafka.ts",
  available: () => (isComplete(folder) ? undefined : "Python's confluent-kafka is not installed"),
  install: () => once(folder, (dir) => pythonEnvironment(join(dir, "venv"), "confluent-kafka")),
};

/** The Python that can `import confluent_kafka`. */
export function confluentKafkaPython(): string {
  return join(partDir(folder), "venv/bin/python");
}

await runAsProgram(import.meta.url, confluentKafka);
