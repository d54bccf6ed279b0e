// One line on a terminal that is drawn again in place. Prints nothing elsewhere.
import type { Sink } from "../cli/command.ts";
import { shortenMiddle } from "./fit-text.ts";
import { createLiveArea } from "./live/live-area.ts";

export interface LiveLine {
  /** An empty text clears the line. */
  show(text: string): void;
  /** Lines that stay, above it; each ended by a newline. */
  print(text: string): void;
}

export function createLiveLine(sink: Sink): LiveLine {
  const area = createLiveArea(sink);
  return {
    show: (text) => area.show(text === "" ? null : (columns) => [shortenMiddle(text, columns - 1)]),
    print: (text) => area.print(text),
  };
}
