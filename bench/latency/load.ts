/** The messages of the latency workload, and the clock by which they are timed. */

/** Microseconds of the system's monotonic clock, which all processes of one machine share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

const START_MS = Date.UTC(2026, 0, 1);

/**
 * Message `n` of a load of `rate` a second: a reading of one of `devices` devices, whose event time runs as fast as real
 * time does. One in twenty is a warning, which the queries leave out.
 */
export function reading(n: number, rate: number, devices: number, sentUs: number): string {
  const device = `device-${String(Math.imul(n, 7919) % devices).padStart(5, "0")}`;
  const ts = new Date(START_MS + Math.floor((n / rate) * 1000)).toISOString();
  const temperature = (15 + ((n * 31) % 2000) / 100).toFixed(2);
  const status = n % 20 === 7 ? "WARN" : "OK";
  return `{"device":"${device}","ts":"${ts}","temperature":${temperature},"humidity":${30 + (n % 50)}.5,"battery":${n % 101},"status":"${status}","sent":${sentUs}}`;
}

/** The part of the readings that the queries let through. */
export const PASSING = 19 / 20;
