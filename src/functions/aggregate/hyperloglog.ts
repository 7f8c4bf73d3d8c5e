/**
 * HyperLogLog++ with one byte a register: linear counting for small counts, the raw estimate for large ones, and in between
 * the raw estimate without the tables of empirical bias, where it may differ from Spark's by about a percent.
 */

/** The number of index bits for a relative standard deviation, as Spark chooses it. */
export function precisionFor(deviation: number): number {
  return Math.ceil((2 * Math.log(1.106 / deviation)) / Math.log(2));
}

export function emptyRegisters(p: number): Uint8Array {
  return new Uint8Array(2 ** p);
}

export function addHash(registers: Uint8Array, p: number, hash: bigint): void {
  const x = BigInt.asUintN(64, hash);
  const index = Number(x >> BigInt(64 - p));
  const rest = BigInt.asUintN(64, x << BigInt(p)) | (1n << BigInt(p - 1));
  const zeros = 64 - rest.toString(2).length + 1;
  if (zeros > registers[index]) registers[index] = zeros;
}

/** Empty stands for a sketch that nothing was added to. */
export function mergeRegisters(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b.slice();
  for (let i = 0; i < b.length; i++) if (b[i] > a[i]) a[i] = b[i];
  return a;
}

/** Above these counts of precision 4, 5, … linear counting gives way to the raw estimate. */
const THRESHOLDS = [10, 20, 40, 80, 220, 400, 900, 1800, 3100, 6500, 11500, 20000, 50000, 120000, 350000];

export function estimate(registers: Uint8Array, p: number): number {
  const m = 2 ** p;
  if (registers.length === 0) return 0;
  let inverse = 0;
  let empty = 0;
  for (const r of registers) {
    inverse += 2 ** -r;
    if (r === 0) empty++;
  }
  const alpha = p === 4 ? 0.673 : p === 5 ? 0.697 : p === 6 ? 0.709 : 0.7213 / (1 + 1.079 / m);
  const raw = (alpha * m * m) / inverse;
  if (empty > 0) {
    const linear = m * Math.log(m / empty);
    if (p < 4 || p > 18 || linear <= THRESHOLDS[p - 4]) return Math.round(linear);
  }
  return Math.round(raw);
}
