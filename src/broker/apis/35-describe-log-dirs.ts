import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, boolean, field, int16, int32, int64, nullable, string, struct } from "../protocol/schema.ts";

const request = struct({ topics: nullable(array(struct({ topic: string, partitions: array(int32) }))) });

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  errorCode: field(int16, "3+", 0),
  results: array(
    struct({
      errorCode: int16,
      logDir: string,
      topics: array(
        struct({
          name: string,
          partitions: array(
            struct({ partitionIndex: int32, partitionSize: int64, offsetLag: int64, isFutureKey: boolean }),
          ),
        }),
      ),
      totalBytes: field(int64, "4+", -1),
      usableBytes: field(int64, "4+", -1),
    }),
  ),
});

export const describeLogDirs = defineApi({
  key: 35,
  name: "DescribeLogDirs",
  versions: [1, 4],
  flexibleFrom: 2,
  request,
  response,
  handle({ broker }, { topics: wanted }) {
    const selected = wanted === null ? null : new Map(wanted.map(({ topic, partitions }) => [topic, partitions]));
    const topics = broker.topics
      .list()
      .filter(({ name }) => selected?.has(name) ?? true)
      .map(({ name, partitions }) => ({
        name,
        partitions: partitions
          .map((log, partitionIndex) => ({
            partitionIndex,
            partitionSize: log.sizeBytes,
            offsetLag: 0,
            isFutureKey: false,
          }))
          .filter(({ partitionIndex }) => selected?.get(name)?.includes(partitionIndex) ?? true),
      }));
    return { results: [{ errorCode: ErrorCode.NONE, logDir: broker.logDirectory, topics, ...broker.space() }] };
  },
  failed: (_request, errorCode) => ({ errorCode, results: [] }),
});
