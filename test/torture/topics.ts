import { Admin } from "@platformatic/kafka";
import { placesOf } from "./kcat.ts";

export const INPUT_PARTITIONS = 8;
export const OUTPUT_PARTITIONS = 6;

/** Resolves when every partition has a leader, by the word of the broker that was asked. */
export async function createTopics(
  brokers: string,
  topics: readonly string[],
  partitions: number,
  replicas = 1,
): Promise<void> {
  const admin = new Admin({ clientId: "torture", bootstrapBrokers: brokers.split(",") });
  try {
    await admin.createTopics({ topics: [...topics], partitions, replicas });
  } finally {
    await admin.close();
  }
  for (const topic of topics) {
    for (let led = 0; led < partitions; ) {
      const places = (await placesOf(brokers, topic)) ?? [];
      led = places.filter(({ leader }) => leader > 0).length;
    }
  }
}
