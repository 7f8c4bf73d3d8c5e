import { parquetFileSchema, readParquet } from "../../formats/parquet/read.ts";
import { ParquetFile } from "../../formats/parquet/write.ts";
import type { FileFormat } from "./format.ts";

export const parquetFormat: FileFormat = {
  name: "parquet",
  readOptions: [],
  writeOptions: [],
  userSchema: "requiredForStream",
  inferSchema: async (paths) => (paths.length === 0 ? undefined : parquetFileSchema(paths[0])),
  read: (path, schema, request) => readParquet(path, schema, request),
  writer(schema) {
    const file = new ParquetFile(schema);
    return {
      extension: ".snappy.parquet",
      get size() {
        return file.size;
      },
      add: (batch) => file.add(batch),
      finish: () => file.finish(),
    };
  },
};
