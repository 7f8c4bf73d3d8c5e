// PySpark's thin clients of the Spark versions before ours, to try that they too find what they expect.
// `node scripts/parts/pyspark-clients.ts` brings them.
import { delimiter, join } from "node:path";
import { command, isComplete, once, type Part, partDir, runAsProgram } from "./part.ts";
import { spark, sparkEnvironment, sparkPython } from "./spark.ts";

/** The versions of `pyspark-client` besides the one that comes with Spark itself. */
export const pysparkClientVersions = ["4.0.4", "4.1.3"] as const;
export type PysparkClientVersion = (typeof pysparkClientVersions)[number];

const folder = `pyspark-clients-${pysparkClientVersions.join("-")}`;

export const pysparkClients: Part = {
  name: "pyspark-clients",
  command: "node scripts/parts/pyspark-clients.ts",
  available: () =>
    spark.available() ?? (isComplete(folder) ? undefined : `pyspark-client ${pysparkClientVersions} is not installed`),
  async install() {
    await spark.install();
    await once(folder, (dir) => {
      // Nothing but the clients: what they need (pandas, pyarrow, grpcio) is in Spark's own environment.
      for (const version of pysparkClientVersions) {
        const pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"];
        command(sparkPython(), [...pip, "--target", join(dir, version), `pyspark-client==${version}`]);
      }
    });
  },
};

/** The environment in which `sparkPython()` has that client as its `pyspark`. */
export function pysparkClientEnvironment(version: PysparkClientVersion): NodeJS.ProcessEnv {
  const environment = sparkEnvironment();
  const path = [join(partDir(folder), version), environment["PYTHONPATH"]].filter((part) => part).join(delimiter);
  return { ...environment, PYTHONPATH: path };
}

await runAsProgram(import.meta.url, pysparkClients);
