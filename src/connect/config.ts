/** The Config call: the session's settings, and what clients ask about the server before they send data. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EngineConfig } from "../api/engine.ts";
import { SluiceError } from "../errors/error.ts";
import type { ConfigRequest_Operation, KeyValueSchema } from "../plan/messages.ts";

type Pair = MessageInitShape<typeof KeyValueSchema>;

export interface ConfigAnswer {
  readonly pairs: Pair[];
  readonly warnings: string[];
}

/**
 * Settings that clients read, with Spark's defaults unless said otherwise. Plans are never compressed, and local relations
 * travel in the plan up to 128 MiB: uploads cost a client more calls than they save between processes of one machine.
 */
const CLIENT_SETTINGS: Readonly<Record<string, string>> = {
  "spark.connect.session.planCompression.threshold": "-1",
  "spark.connect.session.planCompression.defaultAlgorithm": "NONE",
  "spark.sql.session.localRelationCacheThreshold": String(128 << 20),
  "spark.sql.session.localRelationSizeLimit": String(1 << 30),
  "spark.sql.session.localRelationChunkSizeRows": "10000",
  "spark.sql.session.localRelationChunkSizeBytes": String(16 << 20),
  "spark.sql.session.localRelationBatchOfChunksSizeBytes": String(1 << 30),
  "spark.sql.timestampType": "TIMESTAMP_LTZ",
  "spark.sql.execution.pandas.convertToArrowArraySafely": "false",
  "spark.sql.execution.pandas.inferPandasDictAsMap": "false",
  "spark.sql.execution.pandas.structHandlingMode": "legacy",
  "spark.sql.execution.arrow.useLargeVarTypes": "false",
  "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
  "spark.sql.execution.arrow.pyspark.enabled": "false",
  "spark.sql.execution.arrow.pyspark.fallback.enabled": "true",
  "spark.sql.execution.arrow.pyspark.selfDestruct.enabled": "false",
  "spark.sql.execution.pyspark.binaryAsBytes": "true",
  "spark.sql.execution.pythonUDF.arrow.enabled": "true",
  "spark.sql.execution.pythonUDTF.arrow.enabled": "false",
  "spark.sql.artifact.isolation.enabled": "true",
  "spark.sql.artifact.isolation.alwaysApplyClassloader": "true",
  "spark.sql.catalogImplementation": "in-memory",
  "spark.sql.mapKeyDedupPolicy": "EXCEPTION",
  "spark.sql.sources.partitionOverwriteMode": "STATIC",
  "spark.sql.pyspark.inferNestedDictAsStruct.enabled": "false",
  "spark.sql.pyspark.legacy.inferArrayTypeFromFirstElement.enabled": "false",
  "spark.sql.pyspark.legacy.inferMapTypeFromFirstPair.enabled": "false",
  "spark.sql.pyspark.jvmStacktrace.enabled": "false",
  "spark.sql.pyspark.plotting.max_rows": "1000",
  "spark.sql.pyspark.udf.profiler": "",
  "spark.sql.connect.serverStacktrace.enabled": "false",
  "spark.sql.repl.eagerEval.enabled": "false",
  "spark.sql.repl.eagerEval.maxNumRows": "20",
  "spark.sql.repl.eagerEval.truncate": "20",
  "spark.sql.warehouse.dir": "spark-warehouse",
  "spark.python.sql.dataFrameDebugging.enabled": "true",
};

/** Fixed when the server starts. */
const STATIC = /^spark\.sql\.(warehouse\.dir|extensions|catalogImplementation|streaming\.ui\.|queryExecutionListeners)/;

export async function answerConfig(config: EngineConfig, { opType }: ConfigRequest_Operation): Promise<ConfigAnswer> {
  const read = async (key: string) => (await config.get(key)) ?? CLIENT_SETTINGS[key];
  const pairs = async (keys: readonly string[], value: (key: string) => Promise<string | undefined>): Promise<Pair[]> =>
    Promise.all(keys.map(async (key) => pair(key, await value(key))));
  switch (opType.case) {
    case "set":
      for (const { key, value } of opType.value.pairs) {
        if (STATIC.test(key) && opType.value.silent !== true)
          throw new SluiceError("CANNOT_MODIFY_STATIC_CONFIG", { key });
        if (!STATIC.test(key)) await config.set(key, value ?? "");
      }
      return { pairs: [], warnings: [] };
    case "get":
      return answer(
        await pairs(opType.value.keys, async (key) => {
          const value = await read(key);
          if (value === undefined) throw new SluiceError("SQL_CONF_NOT_FOUND", { sqlConf: `"${key}"` });
          return value;
        }),
      );
    case "getWithDefault": {
      const defaults = new Map(opType.value.pairs.map(({ key, value }) => [key, value]));
      return answer(await pairs([...defaults.keys()], async (key) => (await read(key)) ?? defaults.get(key)));
    }
    case "getOption":
      return answer(await pairs(opType.value.keys, read));
    case "getAll": {
      const { prefix } = opType.value;
      const all = [...(await config.all())].filter(([key]) => prefix === undefined || key.startsWith(prefix));
      return answer(all.map(([key, value]) => ({ key: key.slice(prefix?.length ?? 0), value })));
    }
    case "unset":
      for (const key of opType.value.keys) {
        if (STATIC.test(key)) throw new SluiceError("CANNOT_MODIFY_STATIC_CONFIG", { key });
        await config.unset(key);
      }
      return { pairs: [], warnings: [] };
    case "isModifiable":
      return answer(
        await pairs(opType.value.keys, async (key) => {
          const isKnown = key.startsWith("spark.sql.") && (await read(key)) !== undefined;
          return String(isKnown && !STATIC.test(key));
        }),
      );
    default:
      throw new SluiceError("INTERNAL_ERROR", { message: "a Config call without an operation" });
  }
}

function answer(pairs: Pair[]): ConfigAnswer {
  return { pairs, warnings: [] };
}

function pair(key: string, value: string | undefined): Pair {
  return value === undefined ? { key } : { key, value };
}
