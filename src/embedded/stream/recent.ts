/**
 * The newest things of a kind, up to a number. Each takes the place of the oldest: an array that is shifted moves to new memory
 * every so often, and what it leaves keeps what was in it alive for long.
 */
export class Recent<T> {
  private readonly things: T[] = [];
  private readonly max: number;
  /** The place of the oldest, once all are taken. */
  private next = 0;

  constructor(max: number) {
    this.max = max;
  }

  add(thing: T): void {
    if (this.things.length < this.max) {
      this.things.push(thing);
      return;
    }
    if (this.max === 0) return;
    this.things[this.next] = thing;
    this.next = (this.next + 1) % this.max;
  }

  /** From the oldest to the newest. */
  all(): T[] {
    return [...this.things.slice(this.next), ...this.things.slice(0, this.next)];
  }

  get newest(): T | undefined {
    return this.things.at(this.next - 1);
  }
}
