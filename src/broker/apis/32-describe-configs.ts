import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import {
  array,
  boolean,
  field,
  int8,
  int16,
  int32,
  nullable,
  type ReadOf,
  string,
  struct,
} from "../protocol/schema.ts";
import { type DescribedConfig, describeTopicConfigs } from "../topics/describe-configs.ts";
import { checkTopicName } from "../topics/topics.ts";

const request = struct({
  resources: array(struct({ resourceType: int8, resourceName: string, configurationKeys: nullable(array(string)) })),
  includeSynonyms: field(boolean, "1+", false),
  includeDocumentation: field(boolean, "3+", false),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  results: array(
    struct({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
      configs: array(
        struct({
          name: string,
          value: nullable(string),
          readOnly: boolean,
          configSource: field(int8, "1+", -1),
          isSensitive: boolean,
          synonyms: field(array(struct({ name: string, value: nullable(string), source: int8 })), "1+", []),
          configType: field(int8, "3+", 0),
          documentation: field(nullable(string), "3+", null),
        }),
      ),
    }),
  ),
});

export const ResourceType = { TOPIC: 2, BROKER: 4 } as const;

type Query = ReadOf<typeof request>;

export const describeConfigs = defineApi({
  key: 32,
  name: "DescribeConfigs",
  versions: [1, 4],
  flexibleFrom: 4,
  request,
  response,
  handle({ broker }, query) {
    return {
      results: query.resources.map((resource) => {
        const { resourceType, resourceName, configurationKeys } = resource;
        const wanted = configurationKeys ?? [];
        try {
          const configs = configsOf(broker, resource).filter(
            ({ name }) => wanted.length === 0 || wanted.includes(name),
          );
          return {
            errorCode: ErrorCode.NONE,
            errorMessage: null,
            resourceType,
            resourceName,
            configs: configs.map((config) => entry(config, query, resourceType)),
          };
        } catch (error) {
          if (!(error instanceof KafkaError)) throw error;
          return { errorCode: error.code, errorMessage: error.message, resourceType, resourceName, configs: [] };
        }
      }),
    };
  },
  failed: ({ resources }, errorCode) => ({
    results: resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage: null,
      resourceType,
      resourceName,
      configs: [],
    })),
  }),
});

function entry(config: DescribedConfig, query: Query, resourceType: number) {
  return {
    name: config.name,
    value: config.value,
    readOnly: resourceType === ResourceType.BROKER,
    configSource: config.source,
    isSensitive: false,
    synonyms: query.includeSynonyms ? config.synonyms : [],
    configType: config.type,
    documentation: query.includeDocumentation ? config.doc : null,
  };
}

function configsOf(broker: Broker, { resourceType, resourceName }: Query["resources"][number]): DescribedConfig[] {
  switch (resourceType) {
    case ResourceType.TOPIC: {
      checkTopicName(resourceName);
      const topic = broker.topics.get(resourceName);
      if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
      return describeTopicConfigs(topic.configs);
    }
    case ResourceType.BROKER:
      if (resourceName !== "" && resourceName !== String(broker.nodeId)) {
        throw new KafkaError(
          "INVALID_REQUEST",
          `Unexpected broker id, expected ${broker.nodeId} or empty string, but received ${resourceName}`,
        );
      }
      return resourceName === "" ? [] : broker.describeConfigs();
    default:
      throw new KafkaError("INVALID_REQUEST", `Unsupported resource type: ${resourceType}`);
  }
}
