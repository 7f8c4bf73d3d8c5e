// Kafka Streams 4.3.1 with RocksDB, for applications of one Java source file.
// `node scripts/parts/kafka-streams.ts` brings it.
import { join } from "node:path";
import { isComplete, javaMissing, mavenJars, once, type Part, partDir, runAsProgram } from "./part.ts";

const version = "4.3.1";
const folder = `kafka-streams-${version}`;

export const kafkaStreams: Part = {
  name: "kafka-streams",
  command: "node scripts/parts/kafka-streams.ts",
  available: () => javaMissing() ?? (isComplete(folder) ? undefined : `Kafka Streams ${version} is not installed`),
  install: () =>
    once(folder, (dir) =>
      mavenJars(dir, [`org.apache.kafka:kafka-streams:${version}`, "org.slf4j:slf4j-simple:1.7.36"]),
    ),
};

/** How to run a Java source file that uses Kafka Streams; it is compiled at each start, which takes a second. */
export function kafkaStreamsCommand(source: string, ...args: string[]): [program: string, ...args: string[]] {
  const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
  return ["java", "-Xmx256m", quiet, "-cp", join(partDir(folder), "jars/*"), source, ...args];
}

await runAsProgram(import.meta.url, kafkaStreams);
