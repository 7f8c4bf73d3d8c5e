/** Puts the examples' messages on topics of any Kafka broker. */
import { Admin, Producer } from "@platformatic/kafka";
import { messages } from "./input.ts";

/** Topics are `prefix` + the name, with one partition. */
export async function produceInput(bootstrapServers: string, prefix: string): Promise<void> {
  const client = { clientId: "examples", bootstrapBrokers: bootstrapServers.split(",") };
  const admin = new Admin(client);
  const topics = [...Object.keys(messages), "averages"].map((topic) => prefix + topic);
  await admin.createTopics({ topics, partitions: 1, replicas: 1 });
  await admin.close();
  const producer = new Producer(client);
  for (const [topic, values] of Object.entries(messages)) {
    const records = values.map((value) => ({
      topic: prefix + topic,
      partition: 0,
      ...(value !== null && { value: Buffer.from(value) }),
    }));
    await producer.send({ messages: records, acks: -1 });
  }
  await producer.close();
}
