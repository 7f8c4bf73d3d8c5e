/** What is taken out of a query's stream: records that can't be decoded, rows that come too late. */

import type { PlanNode, ScanNode } from "../../analyze/plan.ts";
import { holdsRejecting } from "../../analyze/rules/bad-records.ts";
import { expressionsOf, nodesOf } from "../../analyze/walk.ts";
import type { BadRecords, Logger, Sink } from "../../connectors/contract.ts";
import { SluiceError } from "../../errors/error.ts";
import type { StreamPlanOptions } from "../operators/contract.ts";
import { RejectedRecords } from "../operators/rejects.ts";
import type { AnalyzedQuery } from "../session/analysis.ts";
import { SideOutput, SinkWithSides } from "./side-output.ts";

interface BesideSetup {
  readonly analysis: AnalyzedQuery;
  readonly plan: PlanNode;
  readonly sink: Sink;
  readonly queryId: string;
  readonly name: string | undefined;
  readonly log: Logger;
}

export interface Beside {
  /** The query's sink, with side outputs where there are any. */
  readonly sink: Sink;
  /** What operators hand records and rows to. */
  readonly operators: Pick<StreamPlanOptions, "rejects" | "takeLateRow">;
  /** Writes side outputs' records on the way, so that they don't pile up. */
  breathing(breathe: () => Promise<void> | undefined): () => Promise<void> | undefined;
  /** A source's own numbers, for its progress. */
  metrics(source: ScanNode): Readonly<Record<string, string>>;
  /** Numbers of the last batch. */
  counts(): { readonly deadLetters?: number; readonly lateRowsWritten?: number };
}

export async function openBeside(setup: BesideSetup): Promise<Beside> {
  const { plan, analysis, sink } = setup;
  const scans = [...nodesOf(plan)].filter((n): n is ScanNode => n.kind === "scan" && n.streaming);
  const modes = new Map<number, BadRecords["mode"]>();
  const sides = new Map<number, SideOutput>();
  for (const scan of scans) {
    const { badRecords, side } = analysis.sources.of(scan);
    if (badRecords !== undefined) modes.set(scan.id, badRecords.mode);
    if (side === undefined) continue;
    const queryId = `${setup.queryId}-side${scan.id}`;
    const own = await side.create({ queryId, queryName: setup.name });
    const rides = sink.takesSide?.(own) ?? false;
    sides.set(scan.id, new SideOutput(side, own, setup.name ?? setup.queryId, rides));
    if (!rides) noteSideGuarantee(setup, own);
  }
  noteWithoutEffect(setup, modes);
  const all = [...sides.values()];
  const rejects =
    modes.size === 0
      ? undefined
      : new RejectedRecords(modes, (source, record, reason) => sides.get(source)?.deadLetter(record, reason));
  const late = lateRowsSide(setup, all);
  return {
    sink: all.length === 0 ? sink : new SinkWithSides(sink, all),
    operators: { ...(rejects && { rejects }), ...(late && { takeLateRow: (row) => late.lateRow(row) }) },
    breathing: (breathe) => (all.length === 0 ? breathe : () => relieve(all) ?? breathe()),
    metrics(source) {
      const count = rejects?.count(source.id);
      return count === undefined ? {} : { badRecords: String(count) };
    },
    counts: () => ({
      ...([...modes.values()].includes("deadletter") && { deadLetters: sum(all, (s) => s.deadLetters) }),
      ...(late && { lateRowsWritten: late.lateRows }),
    }),
  };
}

/** The one that takes late rows: a row that a join drops is of no one source. */
function lateRowsSide({ plan, log, name, queryId }: BesideSetup, all: readonly SideOutput[]): SideOutput | undefined {
  const takers = all.filter((side) => side.lateRowsTopic !== undefined);
  const topics = new Set(takers.map((side) => side.lateRowsTopic));
  if (topics.size > 1) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `lateRowsTopic with different topics (${[...topics].join(", ")})`,
      where: " in one query",
      hint: "Name the same topic for all of its sources, or give the option to one of them.",
    });
  }
  if (takers.length > 0 && ![...nodesOf(plan)].some((node) => node.kind === "watermark")) {
    log.warn(`query ${name ?? queryId}: lateRowsTopic has no effect, since the query has no watermark`);
  }
  return takers[0];
}

function sum(sides: readonly SideOutput[], count: (side: SideOutput) => number): number {
  return sides.reduce((n, side) => n + count(side), 0);
}

function relieve(sides: readonly SideOutput[]): Promise<void> | undefined {
  for (const side of sides) {
    const work = side.relieve();
    if (work !== undefined) return work;
  }
  return undefined;
}

function noteSideGuarantee({ log, name, queryId }: BesideSetup, { guarantee, guaranteeNote }: Sink): void {
  if (guarantee === "exactly-once") return;
  log.warn(`query ${name ?? queryId}: its dead letters and late rows are ${guarantee}: ${guaranteeNote}`);
}

/** An option that the query gives nothing to do is told of. */
function noteWithoutEffect({ plan, log, name, queryId }: BesideSetup, modes: ReadonlyMap<number, string>): void {
  if (modes.size === 0) return;
  for (const node of nodesOf(plan)) {
    if (node.kind === "jsonDecode" && node.rejects !== undefined) return;
    if (expressionsOf(node).some(holdsRejecting)) return;
  }
  log.warn(`query ${name ?? queryId}: badRecords has no effect, since no from_json over the source's records is used`);
}
