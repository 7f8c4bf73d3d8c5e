import type { PartitionLog } from "../log/partition-log.ts";
import { KafkaError } from "../protocol/errors.ts";

/** Refuses a client that believes in another leader epoch than the partition's; −1 means that it doesn't say. */
export function checkLeaderEpoch(log: PartitionLog, believed: number): void {
  if (believed < 0 || believed === log.leaderEpoch) return;
  throw new KafkaError(believed < log.leaderEpoch ? "FENCED_LEADER_EPOCH" : "UNKNOWN_LEADER_EPOCH");
}
