import type { ErrorName } from "../protocol/errors.ts";

/** What a member is told when a rebalance ends. */
export interface JoinResult {
  readonly error: ErrorName;
  readonly memberId: string;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  /** For the leader alone. */
  readonly members: readonly { memberId: string; groupInstanceId: string | null; metadata: Buffer }[];
}

export interface SyncResult {
  readonly error: ErrorName;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
}

export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** One consumer of a group of the classic protocol. */
export interface Member {
  id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: Protocol[];
  assignment: Buffer;
  /** Set while the member waits for the rebalance that it has joined. */
  joining: ((result: JoinResult) => void) | null;
  /** Set while the member waits for its assignment. */
  syncing: ((result: SyncResult) => void) | null;
  session: NodeJS.Timeout | undefined;
}
