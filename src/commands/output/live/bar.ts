// Bars, and lines of parts that fit a width. Pure.
import { Format } from "cli-progress";
import { shortenMiddle, widthOf } from "../fit-text.ts";

const WIDEST_BAR = 60;

const within = (percent: number): number => Math.min(100, Math.max(0, percent));

/** `██████░░░░`, of so many cells. */
export function cells(percent: number, count: number): string {
  const [barCompleteString, barIncompleteString] = ["█".repeat(count), "░".repeat(count)];
  // A bar is full when all is done, not shortly before.
  const full = Math.floor((count * within(percent)) / 100);
  return Format.BarFormat(full / count, { barsize: count, barCompleteString, barIncompleteString, barGlue: "" });
}

/** `██████░░░░  60.0 %`, at most so wide. */
export function bar(percent: number, columns: number): string {
  const count = Math.max(4, Math.min(WIDEST_BAR, columns - 9));
  return `${cells(percent, count)}  ${within(percent).toFixed(1)} %`;
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
