/** The broker that looks after a consumer group or a transactional id. */

import { BrokerError, ErrorCode } from "./broker-errors.ts";
import { type Connection, findCoordinatorV4 } from "./client.ts";
import type { KafkaCluster } from "./cluster.ts";

export const CoordinatorType = { GROUP: 0, TRANSACTION: 1 } as const;

type Found = ReturnType<typeof findCoordinatorV4.parseResponse>;

export class Coordinator {
  private readonly cluster: KafkaCluster;
  private readonly type: number;
  private readonly key: string;
  private node: number | undefined;

  constructor(cluster: KafkaCluster, type: (typeof CoordinatorType)[keyof typeof CoordinatorType], key: string) {
    this.cluster = cluster;
    this.type = type;
    this.key = key;
  }

  /** A connection to it. */
  async connection(): Promise<Connection> {
    if (this.node === undefined) {
      const any = await this.cluster.anyBroker();
      const answer: Found = await this.cluster.call(any, findCoordinatorV4.api, this.type, [this.key]);
      const found = answer.coordinators[0];
      if (found === undefined || found.errorCode !== 0) {
        const code = found?.errorCode ?? ErrorCode.COORDINATOR_NOT_AVAILABLE;
        throw new BrokerError(code, `the coordinator of ${this.key}`);
      }
      this.cluster.learn(found.nodeId, { host: found.host, port: found.port });
      this.node = found.nodeId;
    }
    // Not where records are written: a broker answers one request of a connection after the other.
    return this.cluster.broker(this.node, "control");
  }

  /** Throws for an error code; forgets a coordinator that has moved. */
  check(code: number, what: string): void {
    if (code === 0) return;
    if (code === ErrorCode.NOT_COORDINATOR || code === ErrorCode.COORDINATOR_NOT_AVAILABLE) this.forget();
    throw new BrokerError(code, what);
  }

  forget(): void {
    this.node = undefined;
  }
}
