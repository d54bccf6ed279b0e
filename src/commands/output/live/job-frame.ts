// A running job as lines of a terminal: its name, a bar, the time left, and a line for each client. Pure.
import type { JobView } from "../../../api/contract.ts";
import { printable } from "../../../base/printable.ts";
import { shortenMiddle, wrapWords } from "../fit-text.ts";
import { formatSeconds } from "../format.ts";
import type { Colours } from "../style.ts";
import { bar, firstThatFits } from "./bar.ts";
import { crewLines } from "./crew-lines.ts";
import type { LostClient } from "./job-pace.ts";
import { roughly, statusLabels, waitsForSlot } from "./job-words.ts";

export interface JobMoment {
  readonly view: JobView;
  /** Until all frames are encoded; null: nobody can say. */
  readonly etaSeconds: number | null;
  /** Clients that are gone, the latest first. */
  readonly lost: readonly LostClient[];
}

export interface Place {
  readonly columns: number;
  readonly rows: number;
  readonly colours: Colours;
}

/** Lines beside those of clients. */
const OTHER_LINES = 6;

export function jobFrame(moment: JobMoment, { columns, rows, colours }: Place): string[] {
  const room = columns - 1; // some terminals begin a new line after a full one
  const { view } = moment;
  const waiting = waitingLine(moment);
  const crew = crewLines(moment, { columns: room, rows: Math.max(1, rows - OTHER_LINES), colours });
  return [
    colours.dim(shortenMiddle(printable(`${view.file_name} → ${view.output_name}`), room)),
    headLine(moment, room),
    bar(view.progress, room),
    ...(waiting === null ? [] : wrapWords(waiting, room).map((line) => colours.yellow(line))),
    ...crew,
  ];
}

/** The state, the speed and the time left, as long as the terminal is wide. */
export function headLine({ view, etaSeconds }: JobMoment, room: number): string {
  const labels = statusLabels(view.status);
  if (view.activity !== null) {
    return firstThatFits([...labels.map((label) => `${label}: ${printable(view.activity ?? "")}`)], room);
  }
  const speeds = view.fps > 0 ? [`${view.fps.toFixed(1)} fps`, `${Math.round(view.fps)} fps`] : [""];
  const left = view.fps > 0 && etaSeconds !== null ? roughly(etaSeconds) : null;
  const times = left === null ? [""] : [`about ${left} left`, `${left} left`];
  const texts = labels.flatMap((label) =>
    times.flatMap((time) => speeds.map((speed) => [label, speed, time].filter((text) => text !== "").join("  "))),
  );
  return firstThatFits(texts, room);
}

const names = (clients: readonly { readonly name: string }[]): string =>
  clients.map(({ name }) => printable(name)).join(", ");

/** Why nobody encodes; null: somebody does, or nobody need. */
export function waitingLine({ view, lost }: JobMoment): string | null {
  if (view.status === "Combining" || view.activity !== null) return null;
  if (waitsForSlot(view)) return "Waiting for a free client: all of them work on other jobs.";
  const crew = view.crew ?? [];
  if (crew.some(({ condition, segments }) => condition === "ready" && segments.length > 0)) return null;
  const paused = crew.filter(({ condition }) => condition === "paused");
  if (paused.length > 0)
    return `${names(paused)} paused: \`ffcluster clients resume ${printable(paused[0]?.name ?? "")}\``;
  const resting = crew.filter(({ condition }) => condition === "resting");
  if (resting.length > 0) return `${names(resting)} resting: waiting until work goes on there.`;
  const [latest] = lost;
  if (latest !== undefined) {
    return `Waiting for a client: ${printable(latest.name)} was lost ${formatSeconds(latest.forSeconds)} ago.`;
  }
  if (view.capable_clients >= view.required_clients) return null;
  const missing = view.required_clients - view.capable_clients;
  return `Waiting for ${missing === 1 ? "a client" : `${missing} more clients`} with ${view.encoder}.`;
}
