import assert from "node:assert/strict";
import { test } from "node:test";
import { kafkaTool } from "../../scripts/parts/kafka.ts";
import { requireParts, uniqueName } from "../support/parts.ts";

const parts = requireParts("kafka");

test("Apache Kafka creates a topic and lists it", parts.options, async () => {
  const { bootstrapServers } = await parts.kafka();
  const topic = uniqueName("parts");
  const topics = ["org.apache.kafka.tools.TopicCommand", "--bootstrap-server", bootstrapServers] as const;
  kafkaTool(...topics, "--create", "--topic", topic, "--partitions", "2");
  assert.match(kafkaTool(...topics, "--list"), new RegExp(`^${topic}$`, "m"));
});
