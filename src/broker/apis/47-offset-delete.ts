import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, string, struct } from "../protocol/schema.ts";

const request = struct({
  groupId: string,
  topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32 })) })),
});

const response = struct({
  errorCode: int16,
  throttleTimeMs: field(int32, "0+", 0),
  topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, errorCode: int16 })) })),
});

export const offsetDelete = defineApi({
  key: 47,
  name: "OffsetDelete",
  versions: [0, 0],
  flexibleFrom: 1,
  request,
  response,
  handle({ broker }, { groupId, topics }) {
    const { NONE, GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP, GROUP_SUBSCRIBED_TO_TOPIC, UNKNOWN_TOPIC_OR_PARTITION } =
      ErrorCode;
    const group = broker.groups.get(groupId);
    if (group === undefined) return { errorCode: GROUP_ID_NOT_FOUND, topics: [] };
    if (group.memberCount > 0 && group.protocolType !== "consumer") return { errorCode: NON_EMPTY_GROUP, topics: [] };
    return {
      errorCode: NONE,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          if (broker.topics.partition(name, partitionIndex) === undefined) {
            return { partitionIndex, errorCode: UNKNOWN_TOPIC_OR_PARTITION };
          }
          if (group.subscribes(name)) return { partitionIndex, errorCode: GROUP_SUBSCRIBED_TO_TOPIC };
          broker.groups.forget(group, name, partitionIndex);
          return { partitionIndex, errorCode: NONE };
        }),
      })),
    };
  },
  failed: (_request, errorCode) => ({ errorCode, topics: [] }),
});
