export interface SparklineBox {
  readonly width: number;
  readonly height: number;
  /** Points that fill the width; fewer are drawn at the right. */
  readonly capacity: number;
  /** The range of values; it widens to take in every value. */
  readonly min?: number;
  readonly max?: number;
}

/** SVG path of a line through the values, oldest first; NaN is a gap. Empty for fewer than two values. */
export function sparklinePath(values: Float64Array, box: SparklineBox): string {
  let min = box.min ?? Number.POSITIVE_INFINITY;
  let max = box.max ?? Number.NEGATIVE_INFINITY;
  let known = 0;
  for (const v of values) {
    if (Number.isNaN(v)) continue;
    known++;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  if (known < 2) return "";
  const step = box.width / Math.max(1, box.capacity - 1);
  const left = box.width - step * (values.length - 1);
  const scale = max > min ? (box.height - 2) / (max - min) : 0;
  const flat = scale === 0 ? box.height / 2 : 0;
  let path = "";
  let pen = "M";
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (Number.isNaN(v)) {
      pen = "M";
      continue;
    }
    const y = flat || box.height - 1 - (v - min) * scale;
    path += `${pen}${(left + i * step).toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return path;
}
