/** Waits that an AbortSignal ends. */

/** Settles as `promise` does, or rejects with the signal's reason as soon as it is aborted. Leaves nothing behind on the signal. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {}); // nobody waits for it any more
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** A thing that changes: whoever waits is woken by the next change. */
export class Change {
  private next = Promise.withResolvers<void>();

  wait(): Promise<void> {
    return this.next.promise;
  }

  tell(): void {
    this.next.resolve();
    this.next = Promise.withResolvers();
  }
}
