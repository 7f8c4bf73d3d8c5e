import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, boolean, int8, nullable, type ReadOf, string, struct } from "../protocol/schema.ts";
import { TOPIC_CONFIGS, TopicConfigs } from "../topics/configs.ts";
import { alterConfigsResponse, refuseResources, topicToAlter } from "./33-alter-configs.ts";

const request = struct({
  resources: array(
    struct({
      resourceType: int8,
      resourceName: string,
      configs: array(struct({ name: string, configOperation: int8, value: nullable(string) })),
    }),
  ),
  validateOnly: boolean,
});

const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;
const LIST_TYPE = 7;

type Change = ReadOf<typeof request>["resources"][number]["configs"][number];

export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: "IncrementalAlterConfigs",
  versions: [0, 1],
  flexibleFrom: 1,
  request,
  response: alterConfigsResponse,
  handle({ broker }, { resources, validateOnly }) {
    return {
      responses: resources.map(({ resourceType, resourceName, configs }) =>
        attempt(
          () => {
            const topic = topicToAlter(broker, resourceType, resourceName);
            const changed = new Map(topic.configs.overrides);
            for (const change of configs) apply(changed, topic.configs, change);
            const checked = TopicConfigs.checked(changed);
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

function apply(changed: Map<string, string>, before: TopicConfigs, { name, configOperation, value }: Change): void {
  const definition = TOPIC_CONFIGS.get(name);
  if (definition === undefined) throw new KafkaError("INVALID_CONFIG", `Unknown topic config name: ${name}`);
  if (configOperation === DELETE) {
    changed.delete(name);
    return;
  }
  if (value === null) throw new KafkaError("INVALID_REQUEST", `Null value not supported for : ${name}`);
  if (configOperation === SET) {
    changed.set(name, value);
    return;
  }
  if ((configOperation !== APPEND && configOperation !== SUBTRACT) || definition.type !== LIST_TYPE) {
    throw new KafkaError("INVALID_CONFIG", `Config value append is not allowed for config key: ${name}`);
  }
  const items = before
    .get(name)
    .split(",")
    .filter((item) => item !== "");
  const given = value.split(",").map((item) => item.trim());
  const kept = items.filter((item) => !given.includes(item));
  changed.set(name, (configOperation === APPEND ? [...kept, ...given] : kept).join(","));
}
