// Bars, and lines of parts that fit a width. Pure.
import { shortenMiddle, widthOf } from "../fit-text.ts";

const WIDEST_BAR = 60;

/** `██████░░░░  60.0 %`, at most so wide. */
export function bar(percent: number, columns: number): string {
  const share = Math.min(100, Math.max(0, percent));
  const cells = Math.max(4, Math.min(WIDEST_BAR, columns - 9));
  const full = Math.floor((cells * share) / 100);
  return `${"█".repeat(full)}${"░".repeat(cells - full)}  ${share.toFixed(1)} %`;
}

/** The first of the texts that fits; else the last one, shortened. */
export function firstThatFits(texts: readonly string[], columns: number): string {
  return texts.find((text) => widthOf(text) <= columns) ?? shortenMiddle(texts.at(-1) ?? "", columns);
}

export function padStart(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - widthOf(text))) + text;
}

export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}
