// Some lines at the end of a terminal that are drawn again in place, while other lines are printed above them. Before each
// drawing the cursor goes up over what the terminal shows now: after a resize it has wrapped the lines anew, so their number is
// counted for its present width.
import type { Sink } from "../../cli/command.ts";
import { widthOf } from "../fit-text.ts";

/** The lines for a terminal of this size; none may be wider. */
export type Frame = (columns: number, rows: number) => readonly string[];

export interface LiveArea {
  /** From now on this is drawn. Null: nothing is. */
  show(frame: Frame | null): void;
  /** Lines that stay, above; each ended by a newline. */
  print(text: string): void;
  /** Clears the area. It may be shown again. */
  end(): void;
}

/** Clocks in it go on. */
const REDRAW_EVERY_MS = 1000;
/** Changes come faster than eyes follow. */
const MOST_OFTEN_MS = 100;

const up = (rows: number): string => (rows === 0 ? "\r" : `\u001b[${rows}A\r`);
const CLEAR_TO_END_OF_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/** Rows that a terminal of this width needs for the lines. */
export function rowsOf(lines: readonly string[], columns: number): number {
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / Math.max(1, columns))), 0);
}

/** `lines` in place of those `before`, which end above the cursor. */
export function redraw(before: readonly string[], lines: readonly string[], columns: number): string {
  const drawn = lines.map((line) => `${line}${CLEAR_TO_END_OF_LINE}\n`).join("");
  return `${up(rowsOf(before, columns))}${drawn}${CLEAR_BELOW}`;
}

class TerminalArea implements LiveArea {
  readonly #sink: Sink;
  #frame: Frame | null = null;
  #lines: readonly string[] = [];
  #drawnAt = Number.NEGATIVE_INFINITY;
  #soon: ReturnType<typeof setTimeout> | null = null;
  #clock: ReturnType<typeof setInterval> | null = null;
  #stopListening = () => {};

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  show(frame: Frame | null): void {
    this.#frame = frame;
    if (frame === null) return this.#rest();
    this.#listen();
    const waitMs = this.#drawnAt + MOST_OFTEN_MS - performance.now();
    if (waitMs <= 0) this.#draw();
    else this.#soon ??= setTimeout(() => this.#draw(), waitMs);
  }

  print(text: string): void {
    this.#sink.write(`${this.#clearing()}${text}`);
    if (this.#frame !== null) this.#draw();
  }

  end(): void {
    this.show(null);
  }

  #clearing(): string {
    const text = this.#lines.length === 0 ? "" : redraw(this.#lines, [], this.#sink.columns);
    this.#lines = [];
    return text;
  }

  #draw(): void {
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#soon = null;
    if (this.#frame === null) return;
    const { columns, rows = 24 } = this.#sink;
    const lines = this.#frame(columns, rows).slice(0, Math.max(1, rows - 1)); // the cursor has a row of its own
    this.#sink.write(redraw(this.#lines, lines, columns));
    this.#lines = lines;
    this.#drawnAt = performance.now();
  }

  #listen(): void {
    if (this.#clock !== null) return;
    this.#clock = setInterval(() => this.#draw(), REDRAW_EVERY_MS);
    const stopResize = this.#sink.onResize?.(() => this.#draw());
    // After Ctrl-Z and fg the shell's lines are below ours: what was drawn stays where it is.
    const onContinue = () => {
      this.#lines = [];
      this.#draw();
    };
    process.on("SIGCONT", onContinue);
    this.#stopListening = () => {
      stopResize?.();
      process.off("SIGCONT", onContinue);
    };
  }

  #rest(): void {
    if (this.#clock !== null) clearInterval(this.#clock);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#clock = null;
    this.#soon = null;
    this.#stopListening();
    this.#stopListening = () => {};
    const clearing = this.#clearing();
    if (clearing !== "") this.#sink.write(clearing);
  }
}

/** Draws nothing where lines can't be drawn again, and prints what it is given. */
class NoArea implements LiveArea {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  show(): void {}

  print(text: string): void {
    this.#sink.write(text);
  }

  end(): void {}
}

/** Whether lines can be drawn again in place. */
export function canRedraw({ isTty, isDumb }: Sink): boolean {
  return isTty && isDumb !== true;
}

export function createLiveArea(sink: Sink): LiveArea {
  return canRedraw(sink) ? new TerminalArea(sink) : new NoArea(sink);
}
