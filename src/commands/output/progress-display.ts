// Shows progress on stderr: one live bar on a terminal, else a plain line every few seconds and at every change of state.
// The clock comes from outside.
import { SingleBar } from "cli-progress";
import type { JobView } from "../../api/contract.ts";
import { printable, printableLines } from "../../base/printable.ts";
import type { Sink } from "../cli/command.ts";
import { formatBytes, formatSeconds } from "./format.ts";

const PLAIN_LINE_EVERY_MS = 3000;
/** A line at least this often, even if nothing changes. */
const SAME_LINE_EVERY_MS = 60_000;

export interface ProgressDisplay {
  job(view: JobView): void;
  bytes(what: string, done: number, total: number): void;
  /** A line of its own, above the bar. */
  note(line: string): void;
  end(): void;
}

/** Some clients could work on the job, and none does yet. */
function waitsForSlot({ status, clients, capable_clients: capable, required_clients: required }: JobView): boolean {
  return status === "Queued" && clients === 0 && capable >= required;
}

/** Leaves out what means nothing yet: the speed before the first frame, clients while none works. */
function jobFacts(view: JobView): string {
  if (view.activity !== null) return view.activity;
  const facts = [
    ...(waitsForSlot(view) ? ["waits for a free client"] : []),
    ...(view.fps > 0 ? [`${view.fps.toFixed(1)} fps`] : []),
    ...(view.fps > 0 && view.eta_seconds !== null ? [`${formatSeconds(view.eta_seconds)} left`] : []),
    ...(view.clients > 0 ? [`${view.clients} client${view.clients === 1 ? "" : "s"}`] : []),
  ];
  return facts.join(", ");
}

class PlainDisplay implements ProgressDisplay {
  readonly #sink: Sink;
  readonly #nowMs: () => number;
  #lastAt = Number.NEGATIVE_INFINITY;
  #lastLabel = "";
  #lastText = "";

  constructor(sink: Sink, nowMs: () => number) {
    this.#sink = sink;
    this.#nowMs = nowMs;
  }

  #line(label: string, text: string): void {
    const now = this.#nowMs();
    const everyMs = text === this.#lastText ? SAME_LINE_EVERY_MS : PLAIN_LINE_EVERY_MS;
    if (label === this.#lastLabel && now - this.#lastAt < everyMs) return;
    this.#lastAt = now;
    this.#lastLabel = label;
    this.#lastText = text;
    this.#sink.write(`${printable(text)}\n`);
  }

  job(view: JobView): void {
    const facts = jobFacts(view);
    this.#line(view.status, `${view.status} ${view.progress.toFixed(1)}%${facts === "" ? "" : `, ${facts}`}`);
  }

  bytes(what: string, done: number, total: number): void {
    this.#line(what, `${what} ${total === 0 ? 100 : Math.floor((100 * done) / total)}% of ${formatBytes(total)}`);
  }

  note(line: string): void {
    this.#sink.write(`${printableLines(line, "")}\n`);
  }

  end(): void {}
}

class BarDisplay implements ProgressDisplay {
  readonly #sink: Sink;
  #bar: SingleBar | null = null;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  #show(percent: number, what: string, facts: string): void {
    const payload = { what: printable(what).padEnd(17), facts: printable(facts) };
    const value = Math.min(100, Math.max(0, percent));
    if (this.#bar !== null) {
      this.#bar.update(value, payload);
      return;
    }
    this.#bar = new SingleBar({
      format: "{what} {bar} {percentage}% | {facts}",
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: Math.max(10, Math.min(30, this.#sink.columns - 60)),
      hideCursor: true,
      fps: 5,
      gracefulExit: false, // Ctrl-C is ours to handle
      // cli-progress passes some values as texts, whatever its types say.
      formatValue: (value: unknown, _options, type) =>
        type === "percentage" ? String(value).padStart(3) : String(value),
    });
    this.#bar.start(100, value, payload);
  }

  job(view: JobView): void {
    this.#show(view.progress, view.status, jobFacts(view));
  }

  bytes(what: string, done: number, total: number): void {
    this.#show(total === 0 ? 100 : (100 * done) / total, what, `${formatBytes(done)} of ${formatBytes(total)}`);
  }

  note(line: string): void {
    this.end();
    this.#sink.write(`${printableLines(line, "")}\n`);
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = null;
  }
}

export function createProgressDisplay(sink: Sink, nowMs: () => number = () => performance.now()): ProgressDisplay {
  return sink.isTty ? new BarDisplay(sink) : new PlainDisplay(sink, nowMs);
}
