/** The messages of the latency workload, and the clock by which they are timed. */

/** Microseconds of the system's monotonic clock, which all processes of one machine share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

const START_MS = Date.UTC(2026, 0, 1);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const DEVICE = bytesOf('{"device":"device-');
const TS = bytesOf('","ts":"');
const TEMPERATURE = bytesOf('Z","temperature":');
const HUMIDITY = bytesOf(',"humidity":');
const BATTERY = bytesOf('.5,"battery":');
const OK = bytesOf(',"status":"OK","sent":');
const WARN = bytesOf(',"status":"WARN","sent":');
const DOT = 46;
const END = 125;

/**
 * Writes the readings of a load of `rate` a second: each is of one of `devices` devices, and its event time runs as fast as real
 * time does. One in twenty is a warning, which the queries leave out. No text is made on the way: what the producer takes of the
 * machine, the query lacks.
 */
export class Readings {
  /** Holds the reading that was written last. */
  readonly bytes = new Uint8Array(256);
  readonly #rate: number;
  readonly #devices: number;
  #length = 0;
  /** The second that `#secondText` is of, counted from the start. */
  #second = -1;
  #secondText: Uint8Array = new Uint8Array(0);

  constructor(rate: number, devices: number) {
    this.#rate = rate;
    this.#devices = devices;
  }

  /** Writes message `n`, sent at `sentUs`, e.g. `{"device":"device-00919","ts":"2026-01-01T00:00:00.001Z",…}`; gives its length. */
  write(n: number, sentUs: number): number {
    this.#length = 0;
    this.#put(DEVICE);
    this.#digits((n * 7919) % this.#devices, 5);
    this.#put(TS);
    this.#time(Math.floor((n / this.#rate) * 1000));
    this.#put(TEMPERATURE);
    const hundredths = 1500 + ((n * 31) % 2000);
    this.#digits(Math.floor(hundredths / 100), 2);
    this.bytes[this.#length++] = DOT;
    this.#digits(hundredths % 100, 2);
    this.#put(HUMIDITY);
    this.#digits(30 + (n % 50), 2);
    this.#put(BATTERY);
    this.#digits(n % 101, 1);
    this.#put(n % 20 === 7 ? WARN : OK);
    this.#digits(sentUs, 1);
    this.bytes[this.#length++] = END;
    return this.#length;
  }

  #put(text: Uint8Array): void {
    for (let i = 0; i < text.length; i++) this.bytes[this.#length++] = text[i] as number;
  }

  /** At least so many digits. */
  #digits(value: number, least: number): void {
    let count = least;
    for (let bound = 10 ** least; bound <= value; bound *= 10) count++;
    this.#length += count;
    let rest = value;
    for (let at = this.#length - 1; count > 0; count--, at--) {
      const higher = Math.floor(rest / 10);
      this.bytes[at] = 48 + rest - higher * 10;
      rest = higher;
    }
  }

  #time(ms: number): void {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = bytesOf(new Date(START_MS + second * 1000).toISOString().slice(0, 20));
    }
    this.#put(this.#secondText);
    this.#digits(ms % 1000, 3);
  }
}
