// One line on a terminal that is rewritten in place. Prints nothing elsewhere.
import type { Sink } from "../cli/command.ts";

export interface LiveLine {
  /** An empty text clears the line. */
  show(text: string): void;
}

const CLEAR_LINE = "\r\u001b[2K";

export function createLiveLine(sink: Sink): LiveLine {
  if (!sink.isTty) return { show() {} };
  return { show: (text) => sink.write(CLEAR_LINE + text.slice(0, Math.max(0, sink.columns - 1))) };
}
