import { type BatchHeader, isTransactional } from "../protocol/batch.ts";
import { KafkaError } from "../protocol/errors.ts";

/** A change of the producers, as the journal keeps it. */
export type TransactionEvent = { type: "ids"; next: number };

export interface TransactionStore {
  now(): number;
  write(event: TransactionEvent): void;
}

const FIRST_PRODUCER_ID = 1000;
/** Producer ids that are set aside in the journal at a time. */
const ID_BLOCK = 1000;

/** Gives out producer ids, and keeps producers to what they are allowed to write. */
export class Transactions {
  readonly #store: TransactionStore;
  #nextId = FIRST_PRODUCER_ID;
  #idsUpTo = FIRST_PRODUCER_ID;

  constructor(store: TransactionStore) {
    this.#store = store;
  }

  /** Gives a producer its id and epoch. */
  initProducer(transactionalId: string | null, _timeoutMs: number, _producerId: number, _producerEpoch: number) {
    if (transactionalId !== null) throw new KafkaError("INVALID_REQUEST", "Transactions are not supported.");
    return { producerId: this.#newId(), producerEpoch: 0 };
  }

  #newId(): number {
    if (this.#nextId === this.#idsUpTo) {
      this.#idsUpTo += ID_BLOCK;
      this.#store.write({ type: "ids", next: this.#idsUpTo });
    }
    return this.#nextId++;
  }

  /**
   * Checks that a batch may be written to a partition now.
   *
   * @throws KafkaError INVALID_TXN_STATE
   */
  checkProduce(header: BatchHeader, _transactionalId: string | null, _topic: string, _partition: number): void {
    if (isTransactional(header)) throw new KafkaError("INVALID_TXN_STATE", "There is no transaction.");
  }

  restore(events: Iterable<TransactionEvent>): void {
    for (const event of events) this.#nextId = this.#idsUpTo = event.next;
  }

  *snapshot(): Iterable<TransactionEvent> {
    yield { type: "ids", next: this.#idsUpTo };
  }
}
