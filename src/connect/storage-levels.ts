/** `persist` and `unpersist`: remembered and told, as nothing has to be kept in memory for results to be right. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { fingerprint } from "../plan/fingerprint.ts";
import type { Relation, StorageLevelSchema } from "../plan/messages.ts";

export type StorageLevelForm = Omit<MessageInitShape<typeof StorageLevelSchema>, "$typeName">;

const DEFAULT: StorageLevelForm = {
  useDisk: true,
  useMemory: true,
  useOffHeap: false,
  deserialized: true,
  replication: 1,
};
const NONE: StorageLevelForm = {
  useDisk: false,
  useMemory: false,
  useOffHeap: false,
  deserialized: false,
  replication: 1,
};
/** Relations remembered; the oldest are forgotten. */
const LEVELS_MAX = 1000;

export class StorageLevels {
  private readonly levels = new Map<string, StorageLevelForm>();

  persist(relation: Relation, level: StorageLevelForm | undefined): void {
    this.levels.set(fingerprint(relation), level ?? DEFAULT);
    const [oldest] = this.levels.keys();
    if (this.levels.size > LEVELS_MAX) this.levels.delete(oldest);
  }

  unpersist(relation: Relation): void {
    this.levels.delete(fingerprint(relation));
  }

  of(relation: Relation): StorageLevelForm {
    return this.levels.get(fingerprint(relation)) ?? NONE;
  }
}
