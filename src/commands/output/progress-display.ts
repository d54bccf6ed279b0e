// Shows progress on stderr: live lines on a terminal, else a plain line every few seconds and at every change of state.
// The clock comes from outside.
import type { JobView } from "../../api/contract.ts";
import { printable, printableLines } from "../../base/printable.ts";
import type { CommandContext, Sink } from "../cli/command.ts";
import { formatBytes, formatSeconds } from "./format.ts";
import { bar, firstThatFits } from "./live/bar.ts";
import { jobFrame } from "./live/job-frame.ts";
import { JobPace } from "./live/job-pace.ts";
import { statusWords, waitsForSlot } from "./live/job-words.ts";
import { canRedraw, createLiveArea, type LiveArea } from "./live/live-area.ts";
import { type Colours, styleFor } from "./style.ts";

const PLAIN_LINE_EVERY_MS = 3000;
/** A line at least this often, even if nothing changes. */
const SAME_LINE_EVERY_MS = 60_000;

export interface ProgressDisplay {
  job(view: JobView): void;
  bytes(what: string, done: number, total: number): void;
  /** A line of its own, above what is live. */
  note(line: string): void;
  end(): void;
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
    const state = view.status === "Benchmarking" ? statusWords(view.status) : view.status;
    this.#line(view.status, `${state} ${view.progress.toFixed(1)}%${facts === "" ? "" : `, ${facts}`}`);
  }

  bytes(what: string, done: number, total: number): void {
    this.#line(what, `${what} ${total === 0 ? 100 : Math.floor((100 * done) / total)}% of ${formatBytes(total)}`);
  }

  note(line: string): void {
    this.#sink.write(`${printableLines(line, "")}\n`);
  }

  end(): void {}
}

class LiveDisplay implements ProgressDisplay {
  readonly #area: LiveArea;
  readonly #colours: Colours;
  readonly #nowMs: () => number;
  readonly #pace = new JobPace();

  constructor(sink: Sink, colours: Colours, nowMs: () => number) {
    this.#area = createLiveArea(sink);
    this.#colours = colours;
    this.#nowMs = nowMs;
  }

  job(view: JobView): void {
    this.#pace.note(view, this.#nowMs());
    this.#area.show((columns, rows) => {
      const nowMs = this.#nowMs();
      const moment = { view, etaSeconds: this.#pace.etaSeconds(nowMs), lost: this.#pace.lost(nowMs) };
      return jobFrame(moment, { columns, rows, colours: this.#colours });
    });
  }

  bytes(what: string, done: number, total: number): void {
    const percent = total === 0 ? 100 : (100 * done) / total;
    const facts = printable(`${what}  ${formatBytes(done)} of ${formatBytes(total)}`);
    this.#area.show((columns) => [firstThatFits([facts], columns - 1), bar(percent, columns - 1)]);
  }

  note(line: string): void {
    this.#area.print(`${printableLines(line, "")}\n`);
  }

  end(): void {
    this.#area.end();
  }
}

export function createProgressDisplay(
  context: Pick<CommandContext, "stderr" | "env">,
  nowMs: () => number = () => performance.now(),
): ProgressDisplay {
  const sink = context.stderr;
  return canRedraw(sink) ? new LiveDisplay(sink, styleFor(context, sink), nowMs) : new PlainDisplay(sink, nowMs);
}
