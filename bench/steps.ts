/**
 * The steps of the rollup, and which functions belong to which. A sample counts for the step of the innermost function on its
 * stack that a rule knows, so that what a function calls in Node itself (copying bytes, say) is its own.
 */

import type { Generated } from "./generated.ts";

export interface Step {
  readonly name: string;
  readonly what: string;
  /** It is work on messages: it has a share. */
  readonly counts: boolean;
  /** The loop written by hand does it too. */
  readonly byHandToo: boolean;
  readonly rules: readonly Rule[];
}

interface Rule {
  /**
   * Of the file's path, without its ending: from src/ or dist/ on; a package's from its name on; `generated/` before the file that
   * made it for generated code.
   */
  readonly file: RegExp;
  /** Of the function's name; any where it is left out. */
  readonly name?: RegExp;
  /** Of a generated loop, only the lines before the one on which the group's hash begins; the others are "aggregate". */
  readonly part?: "before the group";
}

/** The first rule that fits a function decides. */
export const steps: readonly Step[] = [
  {
    name: "fetch",
    what: "connections, Fetch requests and responses",
    counts: true,
    byHandToo: false,
    rules: [
      {
        file: /^connectors\/kafka\/(fetch|fetcher|cluster|stream|source|discovery|wire|coordinator|group-offsets|offsets)$/,
      },
      { file: /^@platformatic\/(kafka(?!.*crc)|dynamic-buffer)\// },
      { file: /^node:(net|internal\/stream|internal\/streams|internal\/net|_|tls|events)/ },
    ],
  },
  {
    name: "CRC",
    what: "CRC-32C of each record batch",
    counts: true,
    byHandToo: false,
    rules: [{ file: /crc|^@platformatic\/wasm-utils\// }, { file: /^connectors\/kafka\//, name: /crc/i }],
  },
  {
    name: "decompress",
    what: "LZ4 blocks to bytes",
    counts: true,
    byHandToo: false,
    rules: [{ file: /^formats\/compression\// }, { file: /^connectors\/kafka\/records$/, name: /^unfold$/ }],
  },
  {
    name: "hand over",
    what: "chunks to the threads that decode, columns back",
    counts: true,
    byHandToo: false,
    rules: [
      { file: /^connectors\/kafka\/decode\// },
      { file: /^columns\/(pack|arrays|ops)$/ },
      { file: /^node:internal\/(worker|per_context\/messageport)/ },
    ],
  },
  {
    name: "index",
    what: "where each record's value begins and ends",
    counts: true,
    byHandToo: true,
    rules: [{ file: /^connectors\/kafka\/(records|reader|columns|rows)$/ }],
  },
  {
    name: "scan",
    what: "JSON bytes to columns",
    counts: true,
    byHandToo: true,
    rules: [
      { file: /^formats\/json\// },
      { file: /^generated\/formats\/json\// },
      { file: /^embedded\/operators\/(json|leaves)/ },
      { file: /^(types|functions)\/.*datetime/ },
    ],
  },
  {
    name: "evaluate",
    what: "filter, watermark and window, in the generated loop",
    counts: true,
    byHandToo: true,
    rules: [
      { file: /^generated\/compile\/stage$/, name: /aggregate/, part: "before the group" },
      { file: /^generated\/compile\/stage$/, name: /^(?!.*aggregate)/ },
      { file: /^(compile|functions)\// },
    ],
  },
  {
    name: "aggregate",
    what: "find the group and update it; put out what is closed",
    counts: true,
    byHandToo: true,
    rules: [
      { file: /^generated\// },
      { file: /^columns\/interner$/ },
      { file: /^embedded\/(operators|state)\/(?!files|codec)/ },
      { file: /^columns\// },
    ],
  },
  {
    name: "log",
    what: "offsets, commits and state to disk, and the query's life around a batch",
    counts: true,
    byHandToo: false,
    rules: [
      { file: /^embedded\/(checkpoint|stream|state)\// },
      { file: /^node:(fs|internal\/fs|crypto|internal\/crypto|zlib)/ },
      { file: /^connectors\// },
      { file: /^embedded\// },
    ],
  },
  {
    name: "start",
    what: "modules, analysis and generation of code",
    counts: false,
    byHandToo: false,
    rules: [
      { file: /^node:internal\/(modules|process\/esm|main|deps\/amaro|bootstrap)/ },
      { file: /^(analyze|sql|plan|api|index|types|errors)(\/|$)/ },
      { file: /^(@bufbuild|ajv|ajv-draft-04|debug|avsc|mnemonist)\// },
    ],
  },
];

/** What no rule knows: the collector of garbage, the runtime. */
export const OTHER = "other";

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
  /** Lines, from 1 on, with the number of samples that were on each. */
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

/** How a function's address is written in rules. */
export function fileOf(url: string): string {
  const path = url.replace(/^file:\/\//, "").replace(/\.[cm]?[jt]s$/, "");
  const inPackage = /^.*\/node_modules\/(.*)$/.exec(path)?.[1];
  return inPackage ?? path.replace(/^.*\/(?:src|dist)\//, "").replace(/^.*\/(bench\/)/, "$1");
}

/** Where a node's time goes: to one step, or to two by the lines that its samples were on. */
type Shares = readonly (readonly [step: string, part: number])[];

/** Seconds of each step and of OTHER; a thread's idle time is left out. */
export function secondsByStep(profile: CpuProfile, generated: Generated): Map<string, number> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const micros = new Map<number, number>();
  profile.samples.forEach((id, i) => {
    // The time up to the next sample is the node's that was seen.
    micros.set(id, (micros.get(id) ?? 0) + Math.max(0, profile.timeDeltas[i + 1] ?? 0));
  });
  const seconds = new Map<string, number>();
  const visit = (node: ProfileNode, above: Shares): void => {
    const { functionName } = node.callFrame;
    if (functionName === "(idle)") return;
    const shares = sharesOf(node, generated) ?? above;
    for (const [step, part] of shares) {
      seconds.set(step, (seconds.get(step) ?? 0) + (part * (micros.get(node.id) ?? 0)) / 1e6);
    }
    for (const id of node.children ?? []) visit(nodes.get(id) as ProfileNode, shares);
  };
  const [root] = profile.nodes;
  if (root !== undefined) visit(root, [[OTHER, 1]]);
  return seconds;
}

/** Undefined where no rule knows the function: then it is its caller's. */
function sharesOf({ callFrame, positionTicks = [] }: ProfileNode, generated: Generated): Shares | undefined {
  const { functionName, url, lineNumber } = callFrame;
  const known = url === "" ? generated[`${functionName}:${lineNumber}`] : undefined;
  const file = known?.file ?? fileOf(url);
  if (file === "") return undefined;
  const fits = (rule: Rule): boolean => rule.file.test(file) && (rule.name?.test(functionName) ?? true);
  const found = steps.find((step) => step.rules.some(fits));
  if (found === undefined) return undefined;
  const { part } = found.rules.find(fits) as Rule;
  const { groupLine } = known ?? {};
  if (part !== "before the group" || groupLine === undefined) return [[found.name, 1]];
  const all = positionTicks.reduce((n, { ticks }) => n + ticks, 0);
  const before = positionTicks.reduce((n, { line, ticks }) => n + (line - 1 < groupLine ? ticks : 0), 0);
  const share = all === 0 ? 0.5 : before / all;
  return [
    [found.name, share],
    ["aggregate", 1 - share],
  ];
}
