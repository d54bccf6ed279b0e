// What a run over a library says: a line for each file and a summary at the end, or with --json an event for each.
import { relative } from "node:path";
import type { AppError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { type CommandContext, printEvent } from "../cli/command.ts";
import { formatBytes, formatSeconds } from "../output/format.ts";
import { createLiveLine } from "../output/live-line.ts";
import type { Outcome } from "./outcome.ts";

type Kind = Outcome["kind"];

export interface Totals {
  readonly counts: Readonly<Record<Kind, number>>;
  readonly leftOut: number;
  /** Of the sources that were encoded. */
  readonly seconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** How often each reason was given. */
  readonly skipped: ReadonlyMap<string, number>;
  readonly failed: readonly { readonly source: string; readonly error: AppError }[];
}

function savedText({ bytesIn, bytesOut }: Totals): string {
  const sizes = `${formatBytes(bytesIn)} became ${formatBytes(bytesOut)}`;
  return bytesOut <= bytesIn
    ? `${formatBytes(bytesIn - bytesOut)} saved (${sizes})`
    : `${formatBytes(bytesOut - bytesIn)} more (${sizes})`;
}

/** Several lines, the first one for all. */
export function summaryText(totals: Totals): string {
  const { counts, leftOut } = totals;
  const files = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const each = (Object.keys(counts) as Kind[]).filter((kind) => counts[kind] > 0);
  const lines = [
    [
      `${files} file${files === 1 ? "" : "s"}${each.length === 0 ? "" : ": "}${each.map((kind) => `${counts[kind]} ${kind}`).join(", ")}`,
      ...(counts.encoded === 0 ? [] : [`${formatSeconds(totals.seconds)} of video`, savedText(totals)]),
      ...(leftOut === 0 ? [] : [`${leftOut} left out that ${leftOut === 1 ? "is no video" : "are no videos"}`]),
    ].join("; "),
    ...[...totals.skipped].map(([reason, count]) => `skipped ${count}: ${reason}`),
    ...totals.failed.flatMap(({ source, error }) => [
      `failed ${printable(source)}: ${printable(error.message)} (${error.code})`,
      ...(error.hint === "" ? [] : [`  hint: ${printable(error.hint)}`]),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

export class Report {
  readonly #context: CommandContext;
  readonly #isJson: boolean;
  readonly #live;
  readonly #counts: Record<Kind, number> = { encoded: 0, kept: 0, submitted: 0, skipped: 0, failed: 0 };
  readonly #skipped = new Map<string, number>();
  readonly #failed: { source: string; error: AppError }[] = [];
  #seconds = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #isJobFailed = false;
  #said = new Set<string>();

  constructor(context: CommandContext, isJson: boolean) {
    this.#context = context;
    this.#isJson = isJson;
    this.#live = createLiveLine(isJson ? { isTty: false, columns: 0, write() {} } : context.stderr);
  }

  /** Said once, however often it is found. */
  note(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#live.show("");
    this.#context.stderr.write(`${text.split("\n").map(printable).join("\n")}\n`);
  }

  /** A line that the next one replaces. */
  progress(text: string): void {
    this.#live.show(printable(text));
  }

  file(source: string, bytes: number, outcome: Outcome): void {
    this.#count(source, bytes, outcome);
    if (this.#isJson) return printEvent(this.#context, "file", this.#event(source, bytes, outcome));
    this.#live.show("");
    this.#context.stdout.write(
      `${printable(`${outcome.kind.padEnd(9)} ${this.#shown(source)}`)}  ${this.#facts(bytes, outcome)}\n`,
    );
  }

  #count(source: string, bytes: number, outcome: Outcome): void {
    this.#counts[outcome.kind] += 1;
    if (outcome.kind === "encoded") {
      this.#seconds += outcome.job.duration_seconds ?? 0;
      this.#bytesIn += bytes;
      this.#bytesOut += outcome.outputBytes;
    }
    if (outcome.kind === "skipped") {
      this.#skipped.set(outcome.reason, (this.#skipped.get(outcome.reason) ?? 0) + 1);
    }
    if (outcome.kind !== "failed") return;
    this.#failed.push({ source: this.#shown(source), error: outcome.error });
    if (outcome.jobId !== null) this.#isJobFailed = true;
  }

  /** As a person would write it here. */
  #shown(path: string): string {
    const near = relative(this.#context.cwd, path);
    return near === "" || near.startsWith("..") ? path : near;
  }

  #facts(bytes: number, outcome: Outcome): string {
    switch (outcome.kind) {
      case "encoded": {
        const { output, outputBytes, proof } = outcome;
        const sizes = `${formatBytes(bytes)} became ${formatBytes(outputBytes)}`;
        const verdict = proof.exact ? "exact" : "not proven exact";
        return `${printable(this.#shown(output))}  ${proof.frames.in_output} frames, ${verdict}, ${sizes}`;
      }
      case "kept":
        return `its output would have ${formatBytes(outcome.outputBytes)} instead of ${formatBytes(bytes)}`;
      case "submitted":
        return outcome.jobId;
      case "skipped":
        return printable(outcome.reason);
      case "failed":
        return `${printable(outcome.error.message)} (${outcome.error.code})`;
    }
  }

  #event(source: string, bytes: number, outcome: Outcome): object {
    const common = { source, status: outcome.kind, bytes_in: bytes };
    switch (outcome.kind) {
      case "encoded": {
        const { job, proof, output, outputBytes } = outcome;
        const seconds = job.duration_seconds ?? null;
        return { ...common, job_id: job.job_id, output, bytes_out: outputBytes, seconds, exact: proof.exact };
      }
      case "kept":
        return { ...common, job_id: outcome.jobId, bytes_out: outcome.outputBytes };
      case "submitted":
        return { ...common, job_id: outcome.jobId };
      case "skipped":
        return { ...common, reason: outcome.reason };
      case "failed":
        return { ...common, job_id: outcome.jobId, error: outcome.error.toBody() };
    }
  }

  /** Prints the summary. Returns the exit code: 3 when a job failed, 1 when a file did, else 0. */
  end(leftOut: number): number {
    this.#live.show("");
    const counts = this.#counts;
    const totals: Totals = {
      counts,
      leftOut,
      seconds: this.#seconds,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      skipped: this.#skipped,
      failed: this.#failed,
    };
    if (this.#isJson) this.#printSummaryEvent(totals);
    else this.#context.stdout.write(summaryText(totals));
    return this.#isJobFailed ? 3 : counts.failed > 0 ? 1 : 0;
  }

  #printSummaryEvent({ counts, leftOut, seconds, bytesIn, bytesOut, failed }: Totals): void {
    printEvent(this.#context, "summary", {
      ...counts,
      left_out: leftOut,
      seconds,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
      bytes_saved: bytesIn - bytesOut,
      failures: failed.map(({ source, error }) => ({ source, error: error.toBody() })),
    });
  }
}
