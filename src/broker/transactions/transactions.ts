import { type BatchHeader, isTransactional } from "../protocol/batch.ts";
import { KafkaError } from "../protocol/errors.ts";

/** Gives out producer ids, and keeps producers to what they are allowed to write. */
export class Transactions {
  #nextProducerId = 1000;

  /** Gives a producer its id and epoch. */
  initProducer(transactionalId: string | null, _timeoutMs: number, _producerId: number, _producerEpoch: number) {
    if (transactionalId !== null) throw new KafkaError("INVALID_REQUEST", "Transactions are not supported.");
    return { producerId: this.#nextProducerId++, producerEpoch: 0 };
  }

  /**
   * Checks that a batch may be written to a partition now.
   *
   * @throws KafkaError INVALID_TXN_STATE
   */
  checkProduce(header: BatchHeader, _transactionalId: string | null, _topic: string, _partition: number): void {
    if (isTransactional(header)) throw new KafkaError("INVALID_TXN_STATE", "There is no transaction.");
  }
}
