import { useComputed } from "@preact/signals";
import type { Ring } from "./ring.ts";
import { type SparklineBox, sparklinePath } from "./sparkline-path.ts";
import { model } from "./state.ts";

export interface SparklineProps extends SparklineBox {
  readonly ring: () => Ring | undefined;
  /** A second line on the same scale, drawn fainter. */
  readonly second?: () => Ring | undefined;
  /** Without a label it is decoration beside a figure that says the same. */
  readonly label?: string;
}

const noValues = new Float64Array(0);

/** A small line of a series. It is redrawn with the page. */
export function Sparkline(props: SparklineProps) {
  const { ring, second, label, ...box } = props;
  const paths = useComputed(() => {
    model.revision.value;
    const values = ring()?.values() ?? noValues;
    if (second === undefined) return [sparklinePath(values, box), ""];
    const others = second()?.values() ?? noValues;
    const shared = { ...box, ...range(values, others, box) };
    return [sparklinePath(values, shared), sparklinePath(others, shared)];
  });
  const first = useComputed(() => paths.value[0]);
  const other = useComputed(() => paths.value[1]);
  const lines = (
    <svg class="sparkline" viewBox={`0 0 ${box.width} ${box.height}`} preserveAspectRatio="none" aria-hidden="true">
      {second === undefined ? null : <path class="second" d={other} />}
      <path d={first} />
    </svg>
  );
  if (label === undefined) return lines;
  return (
    <span class="sparkline-box" role="img" aria-label={label}>
      {lines}
    </span>
  );
}

function range(a: Float64Array, b: Float64Array, box: SparklineBox): { min: number; max: number } {
  let min = box.min ?? Number.POSITIVE_INFINITY;
  let max = box.max ?? Number.NEGATIVE_INFINITY;
  for (const v of [...a, ...b]) {
    if (Number.isNaN(v)) continue;
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  return { min, max };
}
