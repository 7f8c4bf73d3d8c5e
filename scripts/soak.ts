// Runs `sluice dev` for some minutes and draws its memory and its counts: `node scripts/soak.ts [minutes]`.
// Writes docs/soak.md and docs/images/soak.svg; fails when something was lost or memory kept growing.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Snapshot } from "../src/console/events.ts";

const minutes = Number(process.argv[2] ?? 30);
const SAMPLE_MS = 10_000;
/** The first minutes are warm-up: the runtime compiles and the page's history fills. */
const warmUpMinutes = Math.min(5, minutes / 3);
const root = new URL("..", import.meta.url);

interface Sample {
  readonly minute: number;
  readonly rssMiB: number;
  readonly produced: number;
  readonly delivered: number;
  readonly lost: number;
}

const child = spawn(
  process.execPath,
  [fileURLToPath(new URL("bin/sluice.js", root)), "dev", "--port", "0", "--broker-port", "0"],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const url = await new Promise<string>((resolve, reject) => {
  let text = "";
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
    const found = /console: (\S+)/.exec(text);
    if (found) resolve(found[1] as string);
  });
  child.once("exit", (code) => reject(new Error(`sluice dev ended with ${code}`)));
});

function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

async function snapshot(): Promise<Snapshot> {
  return (await (await fetch(`${url}/api/snapshot`)).json()) as Snapshot;
}

const samples: Sample[] = [];
const startedMs = Date.now();
let last = await snapshot();
while (Date.now() - startedMs < minutes * 60_000) {
  await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  last = await snapshot();
  const { produced, delivered, lost } = last.totals;
  const minute = (Date.now() - startedMs) / 60_000;
  samples.push({ minute, rssMiB: rssMiB(child.pid as number), produced, delivered, lost });
  process.stderr.write(`\r${minute.toFixed(1)} min, ${samples.at(-1)?.rssMiB.toFixed(0)} MiB, lost ${lost}   `);
}
const ended = new Promise((resolve) => child.once("exit", resolve));
child.kill("SIGTERM");
const exitCode = await ended;

/** Least squares: MiB a minute. */
function slope(points: readonly Sample[]): number {
  const n = points.length;
  const x = points.reduce((s, p) => s + p.minute, 0) / n;
  const y = points.reduce((s, p) => s + p.rssMiB, 0) / n;
  const over = points.reduce((s, p) => s + (p.minute - x) * (p.rssMiB - y), 0);
  return over / points.reduce((s, p) => s + (p.minute - x) ** 2, 0);
}

const settled = samples.filter((s) => s.minute >= warmUpMinutes);
const growth = slope(settled) * 10;
const lost = Math.max(...samples.map((s) => s.lost));
const peak = Math.max(...samples.map((s) => s.rssMiB));

function chart(): string {
  const [w, h, left, bottom] = [760, 260, 56, 36];
  const top = Math.ceil((peak * 1.15) / 50) * 50;
  const x = (minute: number) => left + (minute / minutes) * (w - left - 16);
  const y = (mib: number) => h - bottom - (mib / top) * (h - bottom - 16);
  const line = samples.map((s) => `${x(s.minute).toFixed(1)},${y(s.rssMiB).toFixed(1)}`).join(" ");
  const grid = Array.from({ length: 5 }, (_, i) => (top * i) / 4);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>Resident memory of sluice dev over ${minutes} minutes, in MiB</title>`,
    `<rect width="${w}" height="${h}" fill="#fff"/>`,
    ...grid.map(
      (g) =>
        `<line x1="${left}" x2="${w - 16}" y1="${y(g)}" y2="${y(g)}" stroke="#ddd"/><text x="${left - 8}" y="${y(g) + 4}" text-anchor="end" fill="#555">${g.toFixed(0)}</text>`,
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (q) =>
        `<text x="${x(q * minutes)}" y="${h - 14}" text-anchor="middle" fill="#555">${(q * minutes).toFixed(0)} min</text>`,
    ),
    `<polyline points="${line}" fill="none" stroke="#0b6bcb" stroke-width="1.5"/>`,
    `<text x="${left}" y="12" fill="#222">Resident memory of sluice dev, MiB</text>`,
    "</svg>",
  ].join("\n");
}

writeFileSync(new URL("docs/images/soak.svg", root), `${chart()}\n`);
writeFileSync(
  new URL("docs/soak.md", root),
  `# Half an hour of \`sluice dev\`

Made by \`node scripts/soak.ts ${minutes}\`. Broker, 200 devices, the queries and the page run in one process.

![Memory over time](images/soak.svg)

| | |
|---|---|
| minutes | ${minutes} |
| messages produced | ${last.totals.produced.toLocaleString("en")} |
| delivered | ${last.totals.delivered.toLocaleString("en")} |
| lost, at any time | ${lost} |
| spikes found, of those due | ${last.totals.spikesFound} of ${last.totals.spikesDue} |
| peak memory | ${peak.toFixed(0)} MiB |
| memory growth after ${warmUpMinutes.toFixed(0)} minutes of warm-up | ${growth.toFixed(1)} MiB in ten minutes |
| exit code after SIGTERM | ${exitCode} |
`,
);
console.log(
  `\nlost ${lost}, peak ${peak.toFixed(0)} MiB, growth ${growth.toFixed(1)} MiB in ten minutes, exit code ${exitCode}`,
);
process.exitCode = lost > 0 || exitCode !== 0 ? 1 : 0;
