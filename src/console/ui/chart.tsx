import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { decimal, timeShort } from "./format.ts";
import { colorRevision, cssColor } from "./theme.ts";

export interface ChartProps {
  /** What the chart shows, in words. */
  readonly label: () => string;
  readonly height: number;
  /** Series, bands, axes; called once. */
  readonly options: () => Omit<uPlot.Options, "width" | "height">;
  /** Reads signals; called again when one of them changes. */
  readonly data: () => { readonly columns: uPlot.AlignedData; readonly fromMs: number; readonly toMs: number };
  readonly class?: string;
}

/** A uPlot chart that follows its data, its width and the theme. */
export function Chart({ label, height, options, data, class: className }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  // A chart is built once; what it reads are signals.
  useEffect(() => {
    const root = host.current;
    if (root === null) return;
    const plot = new uPlot({ width: root.clientWidth, height, ...options() }, [[]], root);
    const stopData = effect(() => {
      const { columns, fromMs, toMs } = data();
      root.setAttribute("aria-label", label());
      plot.batch(() => {
        plot.setData(columns, true);
        plot.setScale("x", { min: fromMs / 1000, max: toMs / 1000 });
      });
    });
    const stopColors = effect(() => {
      colorRevision.value;
      plot.redraw(false);
    });
    const resized = new ResizeObserver(() => {
      if (root.clientWidth > 0) plot.setSize({ width: root.clientWidth, height });
    });
    resized.observe(root);
    return () => {
      stopData();
      stopColors();
      resized.disconnect();
      plot.destroy();
    };
  }, []);
  return <div class={`chart ${className ?? ""}`} role="img" ref={host} />;
}

const font = '11px system-ui, -apple-system, "Segoe UI", sans-serif';

/** Degrees at the left. */
export function valueAxis(options: Partial<uPlot.Axis> = {}): uPlot.Axis {
  return {
    font,
    size: 44,
    gap: 6,
    space: 36,
    stroke: () => cssColor("--text-faint"),
    grid: { stroke: () => cssColor("--grid"), width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((v) => `${Number.isInteger(v) ? v : decimal(v)}°`),
    ...options,
  };
}

/** Times of day below. */
export function timeAxis(options: Partial<uPlot.Axis> = {}): uPlot.Axis {
  return {
    font,
    size: 26,
    gap: 4,
    space: 64,
    incrs: [60, 120, 180, 300],
    stroke: () => cssColor("--text-faint"),
    grid: { stroke: () => cssColor("--grid"), width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((s) => timeShort(s * 1000)),
    ...options,
  };
}

/** Names at the right end of the lines, moved apart where they would overlap. */
export function endLabels(lines: () => readonly { readonly name: string; readonly token: string }[]): uPlot.Plugin {
  return {
    hooks: {
      draw: (u) => {
        const ratio = uPlot.pxRatio;
        const apart = 13 * ratio;
        const labels = lines().flatMap(({ name, token }, i) => {
          const values = u.data[i + 1] ?? [];
          let last = values.length - 1;
          while (last >= 0 && values[last] == null) last--;
          if (last < 0 || u.series[i + 1]?.show === false) return [];
          return [{ name: name.slice(0, 10), token, y: u.valToPos(values[last] as number, "y", true) }];
        });
        labels.sort((a, b) => a.y - b.y);
        const bottom = u.bbox.top + u.bbox.height;
        for (let i = 1; i < labels.length; i++) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + apart);
        for (let i = labels.length - 1; i >= 0; i--) {
          const most = i === labels.length - 1 ? bottom : labels[i + 1].y - apart;
          labels[i].y = Math.min(labels[i].y, most);
        }
        const { ctx } = u;
        ctx.save();
        ctx.font = `600 ${11 * ratio}px system-ui, -apple-system, "Segoe UI", sans-serif`;
        ctx.textAlign = "left";
        ctx.textBaseline = "middle";
        for (const { name, token, y } of labels) {
          ctx.fillStyle = cssColor(token);
          ctx.fillText(name, u.bbox.left + u.bbox.width + 6 * ratio, y);
        }
        ctx.restore();
      },
    },
  };
}
