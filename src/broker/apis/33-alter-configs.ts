import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, boolean, field, int8, int16, int32, nullable, string, struct } from "../protocol/schema.ts";
import { TopicConfigs } from "../topics/configs.ts";
import type { Topic } from "../topics/topics.ts";
import { ResourceType } from "./32-describe-configs.ts";

const request = struct({
  resources: array(
    struct({
      resourceType: int8,
      resourceName: string,
      configs: array(struct({ name: string, value: nullable(string) })),
    }),
  ),
  validateOnly: boolean,
});

export const alterConfigsResponse = struct({
  throttleTimeMs: field(int32, "0+", 0),
  responses: array(
    struct({ errorCode: int16, errorMessage: nullable(string), resourceType: int8, resourceName: string }),
  ),
});

export const alterConfigs = defineApi({
  key: 33,
  name: "AlterConfigs",
  versions: [0, 2],
  flexibleFrom: 2,
  request,
  response: alterConfigsResponse,
  handle({ broker }, { resources, validateOnly }) {
    return {
      responses: resources.map(({ resourceType, resourceName, configs }) =>
        attempt(
          () => {
            const topic = topicToAlter(broker, resourceType, resourceName);
            const unset = configs.find(({ value }) => value === null);
            if (unset !== undefined)
              throw new KafkaError("INVALID_REQUEST", `Null value not supported for : ${unset.name}`);
            const checked = TopicConfigs.checked(configs.map(({ name, value }) => [name, value] as const));
            if (!validateOnly) broker.topics.configure(topic, checked);
            return { errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName };
          },
          (error) => ({ errorCode: error.code, errorMessage: error.message, resourceType, resourceName }),
        ),
      ),
    };
  },
  failed: ({ resources }, errorCode) => refuseResources(resources, errorCode),
});

export function refuseResources(
  resources: readonly { resourceType: number; resourceName: string }[],
  errorCode: number,
) {
  return {
    responses: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage: null,
      resourceType,
      resourceName,
    })),
  };
}

/** The topic whose settings a request wants to change. The broker's own settings are those it was started with. */
export function topicToAlter(broker: Broker, resourceType: number, name: string): Topic {
  if (resourceType === ResourceType.BROKER) {
    throw new KafkaError("INVALID_REQUEST", "The settings of a dev broker are given when it is started.");
  }
  if (resourceType !== ResourceType.TOPIC) {
    throw new KafkaError("INVALID_REQUEST", `Unsupported resource type: ${resourceType}`);
  }
  const topic = broker.topics.get(name);
  if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", `The topic '${name}' does not exist.`);
  return topic;
}
