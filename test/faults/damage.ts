/** Ways in which a disk, or somebody, damages a file. Each gives other bytes than were there. */
export interface Damage {
  readonly how: string;
  readonly bytes: Uint8Array;
}

/** A generator that the seed repeats: numbers in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const SMALL_BYTES = 4096;

/** The file cut after each of its bytes, where it is small. */
export function truncations(whole: Uint8Array): Damage[] {
  if (whole.length > SMALL_BYTES) return [];
  return Array.from({ length: whole.length }, (_, length) => ({
    how: `cut to ${length} of ${whole.length} bytes`,
    bytes: whole.slice(0, length),
  }));
}

type Maker = (whole: Uint8Array, other: Uint8Array, random: () => number) => Damage;

const below = (limit: number, random: () => number): number => Math.floor(random() * limit);

function block(bytes: Uint8Array, random: () => number): [from: number, to: number] {
  const from = below(bytes.length, random);
  return [from, Math.min(bytes.length, from + 1 + below(Math.min(512, bytes.length), random))];
}

const makers: readonly Maker[] = [
  function flippedBit(whole, _, random) {
    const bytes = whole.slice();
    const bit = below(bytes.length * 8, random);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    return { how: `bit ${bit} flipped`, bytes };
  },
  function zeroedBlock(whole, _, random) {
    const [from, to] = block(whole, random);
    return { how: `bytes ${from} to ${to} zeroed`, bytes: whole.slice().fill(0, from, to) };
  },
  function swappedBlocks(whole, _, random) {
    const size = 1 + below(Math.max(1, whole.length >> 1), random);
    const [a, b] = [below(whole.length - size + 1, random), below(whole.length - size + 1, random)];
    const bytes = whole.slice();
    bytes.set(whole.subarray(a, a + size), b);
    bytes.set(whole.subarray(b, b + size), a);
    return { how: `${size} bytes at ${a} swapped with those at ${b}`, bytes };
  },
  function staleBlock(whole, other, random) {
    const [from, to] = block(whole, random);
    const bytes = whole.slice();
    bytes.set(other.subarray(from, Math.min(to, other.length)), from);
    return { how: `bytes ${from} to ${to} of another version`, bytes };
  },
  function otherFile(_, other) {
    return { how: "the bytes of another version", bytes: other.slice() };
  },
  function appended(whole, other, random) {
    const [from, to] = block(other, random);
    return { how: "bytes appended", bytes: Buffer.concat([whole, other.subarray(from, to)]) };
  },
];

/** One damage at random. `other` is a file of the same kind, of an older version or of another table. */
export function randomDamage(whole: Uint8Array, other: Uint8Array, random: () => number): Damage {
  for (;;) {
    const damage = makers[below(makers.length, random)](whole, other, random);
    if (Buffer.compare(damage.bytes, whole) !== 0) return damage;
  }
}
